//! Every way to have something applied through the pages that nobody approved, tried and refused.

use std::time::{Duration, Instant};

use crate::scene::Scene;
use crate::sidecar::{Sidecar, TOKEN};
use crate::support::stage::until;
use crate::visitor::{Visitor, form, header};

/// Runs again, and nothing comes of it.
#[track_caller]
fn nothing_is_applied(scene: &Scene, sidecar: &Sidecar) {
    let before =
        sidecar.metric("seatsync_runs_total{schedule=\"nightly\",ended=\"awaiting_approval\"}").unwrap();
    sidecar.post("/runs", TOKEN);
    sidecar.eventually("a run", |sidecar| {
        sidecar.metric("seatsync_runs_total{schedule=\"nightly\",ended=\"awaiting_approval\"}") > Some(before)
    });
    assert_eq!(scene.holders(), ["ada", "bob"]);
    assert_eq!(
        sidecar.metric("seatsync_runs_total{schedule=\"nightly\",ended=\"applied\"}").unwrap_or_default(),
        0.0
    );
}

#[test]
fn whoever_is_no_approver_sees_nothing_and_approves_nothing() {
    let scene = Scene::new("");
    let sidecar = scene.waiting();
    let mut ada = Visitor::signed_in(&scene, &sidecar, "ada");
    let (path, _, digest) = form(&ada.get("/plans")).unwrap();
    let report = path.replace("/votes", "/report");
    let json = path.replace("/votes", "/plan.json");
    assert_eq!((ada.get(&report).status, ada.get(&json).status), (200, 200));

    let mut eve = Visitor::signed_in(&scene, &sidecar, "eve");
    let page = eve.get("/plans");
    assert_eq!(page.status, 403);
    assert!(
        page.body.contains("You are not among the approvers") && !page.body.contains("bob"),
        "{}",
        page.body
    );
    assert_eq!((eve.get(&report).status, eve.get(&json).status), (403, 403));
    let token = crate::visitor::between(&page.body, "name=\"token\" value=\"", "\"").unwrap();
    let fields = [("token", &*token), ("digest", &digest), ("choice", "approve")];
    assert_eq!(eve.post(&path, &fields).status, 403);
    let mut nobody = Visitor::new(&scene, &sidecar);
    assert_eq!(nobody.get("/plans").status, 403);
    assert_eq!((nobody.get(&report).status, nobody.post(&path, &fields).status), (403, 403));
    nothing_is_applied(&scene, &sidecar);
    assert_eq!(scene.record("voted").len(), 0);

    // Ada is taken off the list after she has voted for two: her vote counts no more, nor does her session.
    assert_eq!(ada.vote("reject", "").status, 303);
    scene.approvers("[\"grace\"]");
    sidecar.signal("HUP");
    sidecar.logs("the configuration was read again");
    assert_eq!(ada.get("/plans").status, 403);
    let mut grace = Visitor::signed_in(&scene, &sidecar, "grace");
    assert!(grace.get("/plans").body.contains("no longer counts"));
}

#[test]
fn another_plan_another_digest_and_a_word_that_is_none_are_refused() {
    let scene = Scene::new("");
    let sidecar = scene.waiting();
    let mut ada = Visitor::signed_in(&scene, &sidecar, "ada");
    let (path, token, digest) = form(&ada.get("/plans")).unwrap();
    let other = format!("sha256:{}", "0".repeat(64));
    for (path, digest, choice, status) in [
        (format!("/plans/{other}/votes"), digest.as_str(), "approve", 409),
        (path.clone(), other.as_str(), "approve", 409),
        (path.clone(), "", "approve", 409),
        (path.clone(), digest.as_str(), "apply", 403),
        (path.clone(), digest.as_str(), "", 403),
        ("/plans/latest/votes".to_owned(), digest.as_str(), "approve", 409),
    ] {
        let fields = [("token", &*token), ("digest", digest), ("choice", choice)];
        assert_eq!(ada.post(&path, &fields).status, status, "{path} {digest} {choice}");
    }
    nothing_is_applied(&scene, &sidecar);
    assert_eq!(scene.record("voted").len(), 0);
}

#[test]
fn a_request_that_is_sent_again_after_the_plan_was_applied_approves_nothing() {
    let scene = Scene::new("");
    let sidecar = scene.waiting();
    let mut ada = Visitor::signed_in(&scene, &sidecar, "ada");
    let (path, token, digest) = form(&ada.get("/plans")).unwrap();
    let fields = [("token", &*token), ("digest", &digest), ("choice", "approve")];
    assert_eq!(ada.post(&path, &fields).status, 303);
    sidecar.ran("applied", 1);
    assert_eq!(scene.holders(), ["ada"]);

    // Somebody gives the seat back by hand, and seatsync plans exactly the same again.
    scene.stage.give_seat("bob");
    scene.stage.state("DELETE FROM holdings");
    let config = std::fs::read_to_string(scene.stage.path("seatsync.toml")).unwrap();
    scene.stage.write("seatsync.toml", &config.replace("grace = \"0d\"", "grace = \"0d\"\nrevoke = \"all\""));
    sidecar.signal("HUP");
    sidecar.logs("the configuration was read again");
    sidecar.post("/runs", TOKEN);
    sidecar.ran("awaiting_approval", 2);
    let again = form(&ada.get("/plans")).unwrap();
    assert_eq!(again.2, digest, "the same changes");
    assert_ne!(again.0, path, "and another plan");
    assert_eq!(ada.post(&path, &fields).status, 409);
    sidecar.post("/runs", TOKEN);
    sidecar.ran("awaiting_approval", 3);
    assert_eq!(scene.holders(), ["ada", "bob"]);
}

#[test]
fn a_plan_that_moved_is_not_applied_and_the_page_says_what_moved() {
    let scene = Scene::new("");
    let sidecar = scene.waiting();
    let mut ada = Visitor::signed_in(&scene, &sidecar, "ada");
    let old = form(&ada.get("/plans")).unwrap();
    // Bob is back in the group, and Ada has left it.
    scene.stage.company(&["ada", "bob"], &["bob"]);
    assert_eq!(ada.vote("approve", "Bob left.").status, 303);
    sidecar.logs("the plan has moved since it was approved");
    sidecar.ran("awaiting_approval", 2);
    assert_eq!(scene.holders(), ["ada", "bob"]);

    let page = ada.get("/plans");
    for words in [
        "The plan moved after it was approved",
        "bob (Duo Enterprise) loses the seat: no more, as",
        "ada (Duo Enterprise) loses the seat: new, and approved by nobody",
        "0 of 1 approval",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    // What was approved stays without effect, also when it is sent again.
    let fields = [("token", &*old.1), ("digest", &*old.2), ("choice", "approve")];
    assert_eq!(ada.post(&old.0, &fields).status, 409);
    nothing_is_applied(&scene, &sidecar);

    assert_eq!(ada.vote("approve", "So it is me.").status, 303);
    sidecar.ran("applied", 1);
    assert_eq!(scene.holders(), ["bob"]);
}

#[test]
fn a_plan_that_is_too_old_is_approved_by_nobody() {
    let scene = Scene::new("[approval]\nvalid_for = \"1h\"\nat_least = 2\n");
    let sidecar = scene.waiting();
    let mut ada = Visitor::signed_in(&scene, &sidecar, "ada");
    let mut grace = Visitor::signed_in(&scene, &sidecar, "grace");
    let late = form(&grace.get("/plans")).unwrap();
    assert_eq!(ada.vote("approve", "").status, 303);
    // A plan of the same second would be the same document.
    let then = Instant::now();
    until(|| then.elapsed() >= Duration::from_secs(1));
    let hours = 2 * 3_600_000_000_i64;
    scene.stage.state(&format!("UPDATE plans SET made_at = made_at - {hours}"));
    let page = grace.get("/plans");
    assert!(page.body.contains("Too old to approve") && form(&page).is_none(), "{}", page.body);
    let fields = [("token", &*late.1), ("digest", &*late.2), ("choice", "approve")];
    assert_eq!(grace.post(&late.0, &fields).status, 409);

    // The next run makes it anew, and Ada's approval was of the old one.
    nothing_is_applied(&scene, &sidecar);
    assert!(grace.get("/plans").body.contains("0 of 2 approvals"));
}

#[test]
fn where_signatures_are_required_votes_count_only_if_the_configuration_says_so() {
    let signed = "[approval]\nrequired = true\nallowed_signers = \"allowed_signers\"\n";
    let scene = Scene::new(signed);
    scene.stage.write("allowed_signers", "");
    let sidecar = scene.waiting();
    let mut ada = Visitor::signed_in(&scene, &sidecar, "ada");
    let page = ada.get("/plans");
    assert!(page.body.contains("Where signatures are required") && form(&page).is_none(), "{}", page.body);
    let plan = crate::visitor::between(&page.body, "href=\"/plans/sha256:", "/report").unwrap();
    let digest = crate::visitor::between(&page.body, "<code class=\"digest\">", "<").unwrap();
    let token = crate::visitor::between(&page.body, "name=\"token\" value=\"", "\"").unwrap();
    let fields = [("token", &*token), ("digest", &*digest), ("choice", "approve")];
    let refused = ada.post(&format!("/plans/sha256:{plan}/votes"), &fields);
    assert_eq!(refused.status, 409);
    nothing_is_applied(&scene, &sidecar);
    drop(sidecar);

    let scene = Scene::new("[approval]\nrequired = true\nby_page = true\n");
    let sidecar = scene.waiting();
    let mut ada = Visitor::signed_in(&scene, &sidecar, "ada");
    assert_eq!(ada.vote("approve", "").status, 303);
    sidecar.ran("applied", 1);
    assert_eq!(scene.holders(), ["ada"]);
}

#[test]
fn whoever_runs_the_sidecar_does_not_count_with_four_eyes() {
    let scene = Scene::new("[approval]\nfour_eyes = true\n");
    let mut command = scene.stage.command("serve");
    command.env("SEATSYNC_OPERATOR", "ada@example.com");
    let sidecar = Sidecar::start_as(command);
    sidecar.ran("awaiting_approval", 1);
    let mut ada = Visitor::signed_in(&scene, &sidecar, "ada");
    assert_eq!(ada.vote("approve", "").status, 303);
    sidecar.ran("awaiting_approval", 2);
    assert_eq!(scene.holders(), ["ada", "bob"]);
    let page = ada.get("/plans").body;
    assert!(page.contains("Enough people approve it, and it was not applied"), "{page}");

    let mut grace = Visitor::signed_in(&scene, &sidecar, "grace");
    let voted = grace.vote("approve", "");
    assert_eq!(header(&voted, "location").as_deref(), Some("/plans"));
    sidecar.ran("applied", 1);
    assert_eq!(scene.holders(), ["ada"]);
}

#[test]
fn a_plan_that_was_altered_in_the_state_is_approved_by_no_vote() {
    let scene = Scene::new("");
    let sidecar = scene.waiting();
    let mut ada = Visitor::signed_in(&scene, &sidecar, "ada");
    let page = form(&ada.get("/plans")).unwrap();
    scene
        .stage
        .state("UPDATE plans SET document = CAST(replace(CAST(document AS TEXT), 'bob', 'eve') AS BLOB)");
    let fields = [("token", &*page.1), ("digest", &*page.2), ("choice", "approve")];
    assert_eq!(ada.post(&page.0, &fields).status, 303);
    sidecar.logs("is not the one that people voted on: the state was altered");
    nothing_is_applied(&scene, &sidecar);
}
