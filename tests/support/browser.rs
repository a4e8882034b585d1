//! A real browser without a window, driven over WebDriver; ended when dropped.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use url::{ParseError, Url};

const DRIVER: &str = "/usr/bin/chromedriver";
const BROWSER: &str = "/usr/bin/chromium";

/// A browser that shows one page from a file, as a reader would who got it by mail.
pub struct Browser {
    pub url: String,
    // Its last request ends the browser, so it goes before the driver does.
    client: Option<Client>,
    runtime: Runtime,
    driver: Child,
    // The page and the profile are there until the browser has ended.
    directory: TempDir,
}

impl Browser {
    /// Starts one and opens this page in it.
    pub fn open(html: &str) -> Browser {
        let mut browser = Browser::start();
        let file = browser.directory.path().join("report.html");
        fs::write(&file, html).unwrap();
        browser.url = Url::from_file_path(file).unwrap().to_string();
        browser.goto("");
        browser
    }

    /// Starts one that shows nothing yet.
    pub fn start() -> Browser {
        for program in [DRIVER, BROWSER] {
            assert!(fs::exists(program).unwrap(), "{program} is not installed: run `cargo xtask setup`");
        }
        let directory = TempDir::with_prefix("browser").unwrap();
        // It takes a free port by itself and says which.
        let mut driver = Command::new(DRIVER)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = said.find_map(|line| {
            let (_, port) = line.split_once("successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let port = port.expect("chromedriver says its port");
        let profile = format!("--user-data-dir={}", directory.path().join("profile").display());
        let capabilities: Capabilities = [
            (
                "goog:chromeOptions".to_owned(),
                json!({ "binary": BROWSER, "args": [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,1600",
                    profile,
                ] }),
            ),
            ("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL", "performance": "ALL" })),
        ]
        .into_iter()
        .collect();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let driver_url = format!("http://127.0.0.1:{port}");
        let client = runtime.block_on(builder.capabilities(capabilities).connect(&driver_url)).unwrap();
        Browser { url: "about:blank".to_owned(), client: Some(client), runtime, driver, directory }
    }

    /// Opens the page anew, at this fragment.
    pub fn goto(&self, fragment: &str) {
        // A change of the fragment alone would load nothing.
        self.runtime.block_on(self.client().goto("about:blank")).unwrap();
        self.runtime.block_on(self.client().goto(&format!("{}{fragment}", self.url))).unwrap();
    }

    /// Opens another page.
    pub fn visit(&self, url: &str) {
        self.runtime.block_on(self.client().goto(url)).unwrap();
    }

    /// Waits until it is there.
    #[track_caller]
    pub fn arrives(&self, url: &str) {
        let url = Url::parse(url).unwrap();
        self.runtime.block_on(self.client().wait().for_url(&url)).unwrap();
    }

    /// What a script of the driver returns. It runs beside the page's own policy.
    pub fn run(&self, script: &str) -> Value {
        self.runtime.block_on(self.client().execute(script, Vec::new())).unwrap()
    }

    /// The visible texts of all elements of a selector.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let script = format!(
            "return [...document.querySelectorAll({})].filter(it => it.checkVisibility()).map(it => it.innerText.trim())",
            json!(selector)
        );
        serde_json::from_value(self.run(&script)).unwrap()
    }

    /// The visible text of the one element of a selector, once it is there: a click may have led to another page.
    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        let there = self.client().wait().for_element(fantoccini::Locator::Css(selector));
        self.runtime.block_on(there).unwrap();
        let texts = self.texts(selector);
        assert_eq!(texts.len(), 1, "{selector}: {texts:?}");
        texts.into_iter().next().unwrap()
    }

    /// Waits for a page with this heading: a click leads there, in a while.
    #[track_caller]
    pub fn shows(&self, heading: &str) {
        let path = format!("//h1[normalize-space()=\"{heading}\"]");
        let there = self.client().wait().for_element(fantoccini::Locator::XPath(&path));
        self.runtime
            .block_on(there)
            .unwrap_or_else(|error| panic!("{heading}: {error}; {:?}", self.texts("h1")));
    }

    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let found = self.find(selector);
        self.runtime.block_on(found.attr(name)).unwrap()
    }

    pub fn click(&self, selector: &str) {
        let found = self.find(selector);
        self.runtime.block_on(found.click()).unwrap();
    }

    /// Types into what has the focus after a click on it.
    pub fn type_into(&self, selector: &str, text: &str) {
        let found = self.find(selector);
        self.runtime.block_on(found.send_keys(text)).unwrap();
    }

    pub fn choose(&self, selector: &str, label: &str) {
        let found = self.find(selector);
        self.runtime.block_on(found.select_by_label(label)).unwrap();
    }

    /// Presses keys where the focus is.
    pub fn press(&self, keys: &str) {
        self.runtime.block_on(async {
            let focused = self.client().active_element().await.unwrap();
            focused.send_keys(keys).await.unwrap();
        });
    }

    /// A command of the DevTools protocol.
    pub fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.issue("goog/cdp/execute", json!({ "cmd": command, "params": parameters }))
    }

    /// What the browser noted since the last look: `browser` (complaints) or `performance` (every request).
    pub fn log(&self, kind: &str) -> Vec<String> {
        let entries = self.issue("se/log", json!({ "type": kind }));
        entries
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["message"].as_str().unwrap().to_owned())
            .collect()
    }

    fn find(&self, selector: &str) -> fantoccini::elements::Element {
        self.runtime.block_on(self.client().wait().for_element(fantoccini::Locator::Css(selector))).unwrap()
    }

    fn issue(&self, path: &'static str, body: Value) -> Value {
        self.runtime.block_on(self.client().issue_cmd(Extension { path, body })).unwrap()
    }

    fn client(&self) -> &Client {
        self.client.as_ref().unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            // It may have crashed; then there is nothing left to close.
            drop(self.runtime.block_on(client.close()));
        }
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
}

/// A command of chromedriver's own.
#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.body.to_string()))
    }
}
