//! What people do, in a real browser: from signing in with GitLab to the seats that are applied.

use serde_json::json;

use crate::browser::Browser;
use crate::scene::Scene;
use crate::sidecar::{Sidecar, TOKEN};

const ENTER: &str = "\u{e007}";
const TAB: &str = "\u{e004}";

/// Signs in with GitLab, from the page that asks for it.
#[track_caller]
fn sign_in(browser: &Browser, scene: &Scene, username: &str) {
    browser.visit(&format!("{}/plans", scene.origin));
    browser.shows("Sign in to see plans");
    browser.click("#way");
    browser.shows("A simulated GitLab");
    browser.choose("#username", username);
    browser.click("#authorize");
    browser.arrives(&format!("{}/plans", scene.origin));
}

#[test]
fn from_signing_in_to_the_seats_that_are_applied() {
    let scene = Scene::new("");
    let sidecar = scene.waiting();
    let browser = Browser::start();
    sign_in(&browser, &scene, "ada");
    browser.shows("0 to assign, 1 to revoke");
    assert_eq!(browser.text(".state"), "Waits for approval");
    assert_eq!(browser.texts(".changes .name"), ["bob"]);
    assert!(browser.text(".visitor").contains("Signed in as ada"));

    // The whole report, which runs its own script and nothing else.
    browser.click("#report");
    assert_eq!(browser.text("#count"), "2 of 2 rows");
    browser.type_into("#q", "bob");
    assert_eq!(browser.texts("#rows tbody .name"), ["bob"]);
    browser.run("history.back()");
    browser.run("return new Promise(done => setTimeout(done, 200))");

    browser.type_into("#comment", "Bob left the company.");
    browser.click("#approve");
    browser.arrives(&format!("{}/plans", scene.origin));
    sidecar.ran("applied", 1);
    assert_eq!(scene.holders(), ["ada"]);
    browser.click(".again a");
    assert_eq!(browser.text(".state"), "Nothing waits");
    assert_eq!(browser.text("#ended"), "applied");
    browser.click("#latest-report");
    assert_eq!(browser.text(".state"), "Applied");
    let complaints = browser.log("browser");
    assert!(!complaints.iter().any(|line| line.contains("Content Security Policy")), "{complaints:?}");
    assert_eq!(scene.record("voted")[0]["comment"], "Bob left the company.");

    browser.visit(&format!("{}/plans", scene.origin));
    browser.click("#sign-out");
    browser.shows("Sign in to see plans");
    browser.run("history.back()");
    browser.run("return new Promise(done => setTimeout(done, 200))");
    assert_eq!(browser.text("h1"), "Sign in to see plans", "nothing was kept by the browser");
}

#[test]
fn a_rejection_and_two_approvers_over_a_restart() {
    let scene = Scene::new("[approval]\nat_least = 2\n");
    let sidecar = scene.waiting();
    let (ada, grace) = (Browser::start(), Browser::start());
    sign_in(&ada, &scene, "ada");
    ada.type_into("#comment", "On leave only.");
    ada.click("#reject");
    assert_eq!(ada.text(".state"), "Rejected");
    assert!(ada.text(".votes").contains("On leave only."));

    sidecar.stop();
    let sidecar = Sidecar::start(&scene.stage);
    sidecar.shows("seatsync_leader", 1.0);
    sign_in(&grace, &scene, "grace");
    assert_eq!(grace.text(".state"), "Rejected");
    grace.click("#approve");
    assert_eq!(grace.text("#progress"), "1 of 2 approvals");
    // Ada is signed in still, and changes her mind.
    ada.click(".again a");
    assert!(ada.text(".votes").contains("grace approved"));
    ada.click("#approve");
    sidecar.ran("applied", 1);
    assert_eq!(scene.holders(), ["ada"]);
}

#[test]
fn no_approver_and_no_session_see_a_plan() {
    let scene = Scene::new("");
    let sidecar = scene.waiting();
    let browser = Browser::start();
    sign_in(&browser, &scene, "eve");
    browser.shows("You are not among the approvers");
    assert!(!browser.text("body").contains("bob"));
    browser.click("#sign-out");
    browser.shows("Sign in to see plans");

    sign_in(&browser, &scene, "ada");
    scene.stage.state("DELETE FROM sessions");
    browser.click("#approve");
    browser.shows("Sign in to see plans");
    sidecar.post("/runs", TOKEN);
    sidecar.ran("awaiting_approval", 2);
    assert_eq!(scene.holders(), ["ada", "bob"]);

    // Whoever does not let GitLab say who they are is not let in.
    browser.click("#way");
    browser.click("#deny");
    browser.shows("You are not signed in");
}

#[test]
fn another_page_cannot_approve_for_whoever_is_signed_in() {
    let scene = Scene::new("");
    let sidecar = scene.waiting();
    let browser = Browser::start();
    sign_in(&browser, &scene, "ada");
    let action = browser.attribute("form.decision", "action").unwrap();
    let digest = browser.attribute("[name=digest]", "value").unwrap();
    let token = browser.attribute("[name=token]", "value").unwrap();
    // A page of somebody else, who even knows the token.
    let origin = &scene.origin;
    let page = format!(
        "<form method=post action='{origin}{action}'><input name=token value='{token}'><input name=digest value='{digest}'>\
         <button id=go name=choice value=approve>Win</button></form><iframe src='{origin}/plans'></iframe>"
    );
    let hostile = Hostile::serve(page);
    browser.visit(&hostile.url);
    assert_eq!(
        browser.run("const it = document.querySelector('iframe'); try { return it.contentDocument.body.innerText } catch { return null }"),
        json!(null),
        "it is shown in no frame"
    );
    browser.click("#go");
    assert!(["This was not asked here", "Sign in to see plans"].contains(&&*browser.text("h1")));
    sidecar.post("/runs", TOKEN);
    sidecar.ran("awaiting_approval", 2);
    assert_eq!(scene.holders(), ["ada", "bob"]);
    assert_eq!(scene.record("voted").len(), 0);
    browser.visit(&format!("{origin}/plans"));
    assert_eq!(browser.text(".state"), "Waits for approval", "and whoever was signed in is so still");
}

/// A page of another origin of the same machine.
struct Hostile {
    url: String,
    _runtime: tokio::runtime::Runtime,
}

impl Hostile {
    fn serve(page: String) -> Hostile {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let router = axum::Router::new().fallback(async move || axum::response::Html(page.clone()));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
        runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Hostile { url, _runtime: runtime }
    }
}

#[test]
fn the_page_reads_by_key_in_the_dark_and_in_a_narrow_window() {
    let scene = Scene::new("[approval]\nat_least = 2\n");
    let _sidecar = scene.waiting();
    let browser = Browser::start();
    sign_in(&browser, &scene, "ada");
    let paper = "return getComputedStyle(document.body).backgroundColor";
    let light = browser.run(paper);
    let dark = json!({ "features": [{ "name": "prefers-color-scheme", "value": "dark" }] });
    browser.devtools("Emulation.setEmulatedMedia", dark);
    assert_ne!(browser.run(paper), light);

    let unnamed = "return [...document.querySelectorAll('input:not([type=hidden]), textarea')].filter(it => !it.labels.length).length
        + [...document.querySelectorAll('button, a, th')].filter(it => it.checkVisibility() && !it.innerText.trim()).length";
    assert_eq!(browser.run(unnamed), 0);
    let heads: Vec<String> = browser.texts("h1, h2");
    assert_eq!(heads, ["0 to assign, 1 to revoke", "What to look at first", "Seats", "Changes", "Decision"]);

    // By keys alone, each step of which is seen.
    let mut reached = Vec::new();
    browser.run("document.activeElement.blur()");
    for _ in 0..12 {
        browser.press(TAB);
        assert_ne!(browser.run("return getComputedStyle(document.activeElement).outlineStyle"), "none");
        reached.push(browser.run("return document.activeElement.id || document.activeElement.className || document.activeElement.tagName"));
        if reached.last() == Some(&json!("approve")) {
            break;
        }
    }
    assert_eq!(reached.last(), Some(&json!("approve")), "{reached:?}");
    browser.press(ENTER);
    assert_eq!(browser.text("#progress"), "1 of 2 approvals");

    browser.devtools(
        "Emulation.setDeviceMetricsOverride",
        json!({ "width": 380, "height": 800, "deviceScaleFactor": 1, "mobile": true }),
    );
    let wide = "return document.documentElement.scrollWidth > document.documentElement.clientWidth";
    assert_eq!(browser.run(wide), json!(false));
}
