//! What stands between the pages and whoever has no business there.

use std::collections::BTreeMap;

use crate::scene::Scene;
use crate::visitor::{Visitor, form, header};

#[test]
fn a_form_of_another_site_or_another_session_does_nothing() {
    let scene = Scene::new("");
    let sidecar = scene.waiting();
    let mut ada = Visitor::signed_in(&scene, &sidecar, "ada");
    let mut grace = Visitor::signed_in(&scene, &sidecar, "grace");
    let (path, token, digest) = form(&ada.get("/plans")).unwrap();
    let (_, other, _) = form(&grace.get("/plans")).unwrap();
    assert_ne!(token, other);
    let fields = |token| [("token", token), ("digest", &*digest), ("choice", "approve")];

    let origin = &scene.origin;
    for headers in [
        String::new(),
        "Origin: null\r\n".to_owned(),
        "Origin: https://attacker.example\r\n".to_owned(),
        format!("Origin: {origin}.attacker.example\r\n"),
        format!("Origin: {origin}\r\nSec-Fetch-Site: cross-site\r\n"),
        format!("Referer: {origin}/plans\r\n"),
    ] {
        let refused = ada.post_from(&path, &fields(&token), &headers);
        assert_eq!(refused.status, 403, "{headers}");
        assert!(refused.body.contains("Nothing was done"), "{}", refused.body);
    }
    for token in ["", "AAAA", &*other] {
        assert_eq!(ada.post(&path, &fields(token)).status, 403, "{token}");
    }
    assert_eq!(ada.get(&format!("{path}?token={token}&digest={digest}&choice=approve")).status, 405);
    assert_eq!(ada.post("/plans/sign-out", &[("token", "AAAA")]).status, 403);
    assert_eq!(scene.record("voted").len(), 0);
    assert_eq!(ada.get("/plans").status, 200, "and they are signed in still");
    assert_eq!(ada.post(&path, &fields(&token)).status, 303);
}

#[test]
fn no_answer_is_kept_framed_sniffed_or_runs_anything() {
    let scene = Scene::new("");
    let sidecar = scene.waiting();
    let mut ada = Visitor::signed_in(&scene, &sidecar, "ada");
    let (path, ..) = form(&ada.get("/plans")).unwrap();
    let report = path.replace("/votes", "/report");
    for (path, scripts) in [("/plans", false), (&*report, true), ("/plans/sha256:0/report", false)] {
        let answer = ada.get(path);
        assert_eq!(header(&answer, "cache-control").as_deref(), Some("no-store"), "{path}");
        assert_eq!(header(&answer, "x-content-type-options").as_deref(), Some("nosniff"));
        assert_eq!(header(&answer, "x-frame-options").as_deref(), Some("DENY"));
        assert_eq!(header(&answer, "referrer-policy").as_deref(), Some("same-origin"));
        let policy = header(&answer, "content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; ") && policy.ends_with("frame-ancestors 'none'"),
            "{policy}"
        );
        assert_eq!(policy.contains("script-src 'sha256-"), scripts, "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.body.contains("<script"), scripts);
    }
}

#[test]
fn the_cookie_of_a_session_is_new_hidden_and_worth_nothing_after_signing_out() {
    let scene = Scene::new("");
    let sidecar = scene.waiting();
    let mut ada = Visitor::new(&scene, &sidecar);
    // Somebody had put a session of their own choice into this browser.
    ada.cookies.insert("seatsync-session".to_owned(), "chosen-by-somebody-else".to_owned());
    let back = ada.back_from_gitlab("ada");
    let answer = ada.get(&back);
    let cookies: Vec<&str> =
        answer.head.lines().filter(|line| line.to_lowercase().starts_with("set-cookie: ")).collect();
    assert!(cookies[0].contains("; Path=/; HttpOnly; SameSite=Lax"), "{cookies:?}");
    let session = ada.cookies["seatsync-session"].clone();
    assert_ne!(session, "chosen-by-somebody-else");
    assert!(session.len() >= 43, "256 bits: {session}");
    assert!(!ada.cookies.contains_key("seatsync-sign-in"), "what is done with is gone");
    assert_eq!(
        scene.stage.state(&format!("SELECT id FROM sessions WHERE id = '{session}'")),
        Vec::<String>::new()
    );

    let (_, token, _) = form(&ada.get("/plans")).unwrap();
    let out = ada.post("/plans/sign-out", &[("token", &token)]);
    assert_eq!((out.status, ada.cookies.len()), (303, 0));
    ada.cookies.insert("seatsync-session".to_owned(), session);
    assert_eq!(ada.get("/plans").status, 403, "it was ended here, and not in the browser alone");
    ada.cookies = BTreeMap::from([("seatsync-session".to_owned(), "A".repeat(43))]);
    assert_eq!(ada.get("/plans").status, 403);
}

#[test]
fn a_session_ends_when_nobody_uses_it_and_after_a_day_at_work() {
    let scene = Scene::new("");
    let sidecar = scene.waiting();
    for (column, minutes, status) in
        [("seen_at", 29, 200), ("seen_at", 31, 403), ("began_at", 479, 200), ("began_at", 481, 403)]
    {
        let mut ada = Visitor::signed_in(&scene, &sidecar, "ada");
        let micros = minutes * 60_000_000_i64;
        scene.stage.state(&format!("UPDATE sessions SET {column} = {column} - {micros}"));
        assert_eq!(ada.get("/plans").status, status, "{column} {minutes}");
        scene.stage.state("DELETE FROM sessions");
    }
}

#[test]
fn nobody_is_sent_where_a_request_says_and_without_pages_there_are_none() {
    let scene = Scene::new("");
    let sidecar = scene.waiting();
    let mut ada = Visitor::new(&scene, &sidecar);
    let sent = ada.get("/plans/sign-in?to=https://attacker.example&redirect_uri=https://attacker.example");
    let place = header(&sent, "location").unwrap();
    assert!(place.starts_with(&scene.stage.gitlab.url()) && !place.contains("attacker"), "{place}");
    let back = ada.back_from_gitlab("ada");
    let arrived = ada.get(&format!("{back}&to=https://attacker.example"));
    assert_eq!(header(&arrived, "location").as_deref(), Some("/plans"));

    let config = std::fs::read_to_string(scene.stage.path("seatsync.toml")).unwrap();
    let (before, after) = config.split_once("[serve.sign_in]").unwrap();
    let after = &after[after.find("[[schedule]]").unwrap()..];
    scene.stage.write("seatsync.toml", &format!("{before}{after}"));
    sidecar.signal("HUP");
    sidecar.logs("the configuration was read again");
    for path in ["/plans", "/plans/sign-in", "/plans/sign-in/callback?code=a&state=b"] {
        assert_eq!(ada.get(path).status, 404, "{path}");
    }
}

#[test]
fn strangers_do_not_make_us_ask_gitlab_without_end() {
    let scene = Scene::new("");
    let sidecar = scene.waiting();
    let mut eve = Visitor::new(&scene, &sidecar);
    let statuses: Vec<u16> = (0..100).map(|_| eve.get("/plans/sign-in").status).collect();
    assert!(statuses.contains(&303) && statuses.ends_with(&[429]), "{statuses:?}");
    let mut long = Visitor::new(&scene, &sidecar);
    long.cookies.insert("seatsync-session".to_owned(), "x".repeat(6000));
    assert_eq!(long.get("/plans").status, 403);
}
