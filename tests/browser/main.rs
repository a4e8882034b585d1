//! The HTML report in a real browser: every interaction, hostile names, no network, paper, and 50,000 rows.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::LazyLock;

use seatsync::model::add_on::AddOn::DuoEnterprise;
use seatsync::report::document::Document;
use seatsync::report::html;
use seatsync::report::since::Past;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::world::{World, rule};

#[path = "../support/browser.rs"]
#[expect(dead_code, unreachable_pub, reason = "it is shared")]
mod browser;
#[path = "../support/rich.rs"]
mod rich;
#[expect(dead_code, reason = "it is shared, and this test tells other stories")]
#[path = "../support/world.rs"]
mod world;

/// The rich plan, and what changed in three days.
static PAGE: LazyLock<String> = LazyLock::new(|| {
    let past = Past::of(&rich::before().plan());
    html::page(Document::of_plan(&rich::world().plan(), Some(&past)))
});

/// The names of the rows that are shown.
fn names(browser: &Browser) -> Vec<String> {
    browser.texts("#rows tbody .name")
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

const ENTER: &str = "\u{e007}";
const SPACE: &str = "\u{e00d}";
const TAB: &str = "\u{e004}";

#[test]
fn people_are_found_by_search_and_by_every_filter() {
    let browser = Browser::open(&PAGE);
    let all = names(&browser);
    assert_eq!(browser.text("#count"), format!("{0} of {0} rows", all.len()));
    assert!(browser.texts("#clear").is_empty());

    // By name without accents, by username, by part of an address, by group and reason; all words must be met.
    for (typed, expected) in [
        ("emilie", vec!["Émilie 👩‍💻"]),
        ("HEDY", vec!["hedy"]),
        ("grace@corp", vec!["Grace O'Malley-Hopper"]),
        ("on <i>call", vec!["Grace O'Malley-Hopper"]),
        ("ada keeps", vec!["Ada Byron"]),
        ("ada loses", vec![]),
    ] {
        browser.type_into("#q", typed);
        assert_eq!(names(&browser), expected, "{typed}");
        assert_eq!(browser.text("#count"), format!("{} of {} rows", expected.len(), all.len()));
        assert_eq!(browser.texts("#rows .none").len(), usize::from(expected.is_empty()));
        browser.click("#clear");
        assert_eq!(names(&browser), all);
    }

    for (field, label, selector) in [
        ("#add_on", "Duo Pro", "td:nth-child(6)"),
        ("#rule", "research", "td:nth-child(4)"),
        ("#group", "SRE", "td:nth-child(5)"),
    ] {
        browser.choose(field, label);
        let cells = browser.texts(&format!("#rows tbody {selector}"));
        assert!(!cells.is_empty() && cells.len() < all.len(), "{cells:?}");
        assert!(cells.iter().all(|cell| cell.contains(label)), "{cells:?}");
        browser.click("#clear");
    }
    browser.choose("#because", "not managed");
    assert_eq!(names(&browser), ["ci"]);
    browser.click("#clear");

    browser.click("#verdicts [data-verdict=revoke]");
    assert_eq!(browser.attribute("#verdicts [data-verdict=revoke]", "aria-pressed").unwrap(), "true");
    let revoked = browser.texts("#rows tbody .verdict");
    assert!(
        !revoked.is_empty() && revoked.iter().all(|verdict| verdict.contains("loses the seat")),
        "{revoked:?}"
    );
    // Together with another filter; pressed again, it is off.
    browser.type_into("#q", "zoe");
    assert_eq!(names(&browser), ["zoe"]);
    browser.click("#verdicts [data-verdict=revoke]");
    assert_eq!(browser.attribute("#verdicts [data-verdict='']", "aria-pressed").unwrap(), "true");
    browser.click("#clear");

    browser.click("#news");
    let news = names(&browser);
    assert_eq!(news.len(), browser.texts("#rows tbody .before").len());
    assert!(!news.is_empty() && news.len() < all.len(), "{news:?}");
    browser.click("#clear");
    assert_eq!(browser.run("return document.activeElement.id"), "q");
    assert_eq!(browser.text("#count"), format!("{0} of {0} rows", all.len()));
}

#[test]
fn every_column_sorts_by_click_and_by_key() {
    let browser = Browser::open(&PAGE);
    for (column, cells) in [
        ("name", ".name"),
        ("rule", "td:nth-child(4)"),
        ("path", "td:nth-child(5)"),
        ("add_on", "td:nth-child(6)"),
    ] {
        let (head, cells) = (format!("#rows [data-sort={column}]"), format!("#rows tbody {cells}"));
        let fold = |texts: Vec<String>| -> Vec<String> {
            texts.iter().map(|text| text.to_lowercase().replace('é', "e").replace('ü', "u")).collect()
        };
        browser.click(&format!("{head} button"));
        assert_eq!(browser.attribute(&head, "aria-sort").unwrap(), "ascending");
        let ascending = fold(browser.texts(&cells));
        // What is empty comes last.
        let mut expected = ascending.clone();
        expected.sort_by_key(|text| (text.is_empty(), text.clone()));
        assert_eq!(ascending, expected, "{column}");

        browser.press(ENTER);
        assert_eq!(browser.attribute(&head, "aria-sort").unwrap(), "descending");
        let descending: Vec<String> = fold(browser.texts(&cells)).into_iter().rev().collect();
        assert_eq!(descending, expected, "{column}");
        browser.press(SPACE);
        assert_eq!(browser.attribute(&head, "aria-sort").unwrap(), "ascending");
    }
    // Reasons of one kind stay together in the order of the plan: the tenth in line after the second.
    browser.click("#rows [data-sort=reason] button");
    let kinds = "const because = JSON.parse(document.getElementById('data').textContent).because;
        return [...document.querySelectorAll('.open')].map(it => because.texts[because.at[it.dataset.row]])";
    let kinds: Vec<String> = serde_json::from_value(browser.run(kinds)).unwrap();
    assert_eq!(kinds, sorted(kinds.clone()));

    browser.click("#rows [data-sort=verdict] button");
    let verdicts = browser.texts("#rows tbody .verdict");
    let place = |verdict: &String| {
        ["gets", "loses", "waits", "has no", "left", "keeps"]
            .iter()
            .position(|it| verdict.contains(it))
            .unwrap()
    };
    assert!(verdicts.is_sorted_by_key(place), "{verdicts:?}");
    assert_eq!(browser.texts("#rows [aria-sort]").len(), 1);

    // Where the focus is, is seen.
    browser.press(TAB);
    assert_ne!(browser.run("return getComputedStyle(document.activeElement).outlineStyle"), "none");
}

#[test]
fn a_row_tells_all_and_a_view_has_an_address() {
    let browser = Browser::open(&PAGE);
    browser.type_into("#q", "malley");
    browser.click("#rows [data-sort=name] button");
    let url = browser.run("return location.hash");
    assert_eq!(url, "#q=malley&sort=name");

    browser.goto("#q=malley&sort=-name&verdict=assign&rule=nonsense&sort=x");
    assert_eq!(names(&browser), ["Grace O'Malley-Hopper"]);
    assert_eq!(browser.run("return document.getElementById('q').value"), "malley");
    browser.run("location.hash = '#q=zoe'");
    browser.run("return new Promise(done => setTimeout(done, 0))");
    assert_eq!(names(&browser), ["zoe"]);

    browser.goto("#q=malley");
    assert_eq!(browser.attribute(".open", "aria-expanded").unwrap(), "false");
    browser.click(".open");
    assert_eq!(browser.attribute(".open", "aria-expanded").unwrap(), "true");
    assert_eq!(
        browser.texts(".details .path li"),
        ["Platform", "› SRE", "› On <i>call</i>"].map(|it| it.trim_start_matches("› "))
    );
    let details = browser.text(".details");
    for words in ["id-grace", "corp", "email", "10", "entitled"] {
        assert!(details.contains(words), "{words}: {details}");
    }
    browser.press(ENTER);
    assert!(browser.texts(".details").is_empty());
}

#[test]
fn no_name_does_anything_and_nothing_leaves_the_machine() {
    let browser = Browser::open(&PAGE);
    let shown = names(&browser);
    for name in [rich::SCRIPT, rich::IMAGE, rich::FORMULA, rich::MARKDOWN] {
        assert!(shown.iter().any(|it| it == name), "{name}: {shown:?}");
    }
    assert!(shown.iter().any(|name| name == "\u{fffd}nimda"), "{shown:?}");
    assert!(shown.iter().all(|name| name.chars().count() < 200));
    let wide = "return document.documentElement.scrollWidth > document.documentElement.clientWidth";
    assert_eq!(browser.run(wide), json!(false), "a long name makes the page wider than the window");
    assert_eq!(
        browser.run("return document.querySelectorAll('img, iframe, object, #rows b, #rows i').length"),
        0
    );
    assert_eq!(browser.run("return window.hacked === undefined"), json!(true));
    assert_eq!(browser.log("browser"), Vec::<String>::new());
    let of_the_page = |entry: &String| {
        let message = &serde_json::from_str::<Value>(entry).unwrap()["message"];
        let (method, params) = (message["method"].as_str().unwrap(), &message["params"]);
        (method == "Network.requestWillBeSent"
            && params["documentURL"].as_str().unwrap().starts_with("file:"))
        .then(|| params["request"]["url"].as_str().unwrap().to_owned())
    };
    let requests: Vec<String> = browser.log("performance").iter().filter_map(of_the_page).collect();
    assert_eq!(requests, [browser.url.as_str()]);

    // The policy is obeyed: a script that found its way in would not run, an image would not load, a style not apply.
    browser.run(
        "document.body.insertAdjacentHTML('beforeend', '<img src=\"http://127.0.0.1:9/x\" onerror=\"window.hacked = 2\"><p id=styled style=\"color: red\">');
         const script = document.createElement('script');
         script.textContent = 'window.hacked = 3';
         document.body.append(script);
         fetch('http://127.0.0.1:9/y').catch(() => {});",
    );
    browser.run("return new Promise(done => setTimeout(done, 50))");
    assert_eq!(browser.run("return window.hacked === undefined"), json!(true));
    assert_ne!(
        browser.run("return getComputedStyle(document.getElementById('styled')).color"),
        "rgb(255, 0, 0)"
    );
    let complaints = browser.log("browser");
    let violations = complaints.iter().filter(|line| line.contains("Content Security Policy")).count();
    assert!(violations >= 4, "{complaints:?}");
}

#[test]
fn the_page_reads_without_scripts_in_the_dark_and_on_paper() {
    let browser = Browser::open(&PAGE);
    let paper = "return getComputedStyle(document.body).backgroundColor";
    let emulate = |media: &str, scheme: &str| {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        browser.devtools("Emulation.setEmulatedMedia", json!({ "media": media, "features": features }));
    };
    emulate("screen", "light");
    let light = browser.run(paper);
    emulate("screen", "dark");
    assert_ne!(browser.run(paper), light);

    // Paper is white in the dark too, shows no controls, and a place to sign.
    emulate("print", "dark");
    assert_eq!(browser.run(paper), "rgb(255, 255, 255)");
    assert_eq!(
        browser.text(".signature").split_whitespace().collect::<Vec<_>>().join(" "),
        "Approved by Date"
    );
    assert!(browser.texts("#q").is_empty() && browser.texts("#verdicts").is_empty());
    emulate("", "light");
    assert!(browser.texts(".signature").is_empty());

    // What matters first is first for readers who only listen.
    let heads = browser.texts("h1, h2");
    assert!(heads[0].contains("to assign"), "{heads:?}");
    assert_eq!(heads[1], "What to look at first");
    let first = browser.texts(".trouble li");
    assert!(first[0].starts_with("Refused"), "{first:?}");
    let unnamed = "return [...document.querySelectorAll('input, select')].filter(it => !it.labels.length).length
        + [...document.querySelectorAll('button, th')].filter(it => it.checkVisibility() && !it.innerText.trim()).length";
    assert_eq!(browser.run(unnamed), 0);
    assert_eq!(browser.run("return document.querySelector('#rows').rows[1].cells[0].scope"), "row");

    let with_scripts = browser.texts("#rows tbody td");
    let names_with = names(&browser);
    browser.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    browser.goto("");
    assert_eq!(browser.texts("#rows tbody td"), with_scripts);
    assert_eq!(names(&browser), names_with);
    assert!(browser.texts("#filters").is_empty());
}

/// The time is told, not judged: a machine may be busy.
#[test]
fn fifty_thousand_rows_are_filtered_in_a_blink() {
    const PEOPLE: usize = 50_000;
    let mut world = World::new()
        .purchase(DuoEnterprise, 30_000)
        .rule(rule("everyone", DuoEnterprise, &["Everyone"]))
        .group("Everyone");
    for number in 0..PEOPLE {
        world = world.person(&format!("person{number:05}"), &["Everyone"]);
    }
    let plan = world.plan();
    let page = html::page(Document::of_plan(&plan, None));
    let browser = Browser::open(&page);
    assert_eq!(browser.text("#count"), "50,000 of 50,000 rows");
    assert_eq!(names(&browser).len(), 200);
    browser.click("#more");
    assert_eq!(names(&browser).len(), 400);

    let timed = |what: &str, action: &str| {
        let script = format!(
            "const start = performance.now(); {action}; return Math.round(performance.now() - start)"
        );
        println!("{what} of {PEOPLE} rows: {} ms", browser.run(&script));
    };
    let typed = "const q = document.getElementById('q'); q.value = 'person4999 waits'; q.dispatchEvent(new Event('input'))";
    timed("search", typed);
    assert_eq!(browser.text("#count"), "10 of 50,000 rows");
    assert_eq!(sorted(names(&browser))[0], "person49990");
    timed("clear", "document.getElementById('clear').click()");
    timed("filter by verdict", "document.querySelector('[data-verdict=wait]').click()");
    assert_eq!(browser.text("#count"), "20,000 of 50,000 rows");
    timed("first sort by reason", "document.querySelector('[data-sort=reason] button').click()");
    timed("first sort by name", "document.querySelector('[data-sort=name] button').click()");
    timed("the other way", "document.querySelector('[data-sort=name] button').click()");
    assert_eq!(names(&browser)[0], "person49999");
    assert_eq!(browser.attribute("#rows [data-sort=name]", "aria-sort").unwrap(), "descending");

    browser.run("dispatchEvent(new Event('beforeprint'))");
    assert_eq!(names(&browser).len(), 5_000);
    assert!(browser.text("#unprinted").starts_with("15,000 more rows are not printed"));
}
