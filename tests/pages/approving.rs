//! What waits is approved or rejected by those who may, also over a restart.

use std::time::Duration;

use crate::scene::Scene;
use crate::sidecar::{Sidecar, TOKEN};
use crate::visitor::Visitor;

#[test]
fn an_approver_approves_the_plan_that_waits_and_it_is_applied_once() {
    let scene = Scene::new("");
    let sidecar = scene.waiting();
    let mut ada = Visitor::signed_in(&scene, &sidecar, "ada");
    let page = ada.get("/plans");
    assert_eq!(page.status, 200);
    for words in
        ["0 to assign, 1 to revoke", "Waits for approval", "bob", "loses the seat", "0 of 1 approval"]
    {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert_eq!(scene.holders(), ["ada", "bob"]);

    assert_eq!(ada.vote("approve", "They left.").status, 303);
    sidecar.ran("applied", 1);
    assert_eq!(scene.holders(), ["ada"]);
    let page = ada.get("/plans").body;
    assert!(page.contains("Nothing waits") && page.contains("<b id=\"ended\">applied</b>"), "{page}");

    // Who, when, what: the record has it, and names nobody.
    let voted = scene.record("voted");
    assert_eq!(voted.len(), 1);
    assert_eq!((&voted[0]["account"], &voted[0]["choice"]), (&7.into(), &"approve".into()));
    assert_eq!(voted[0]["comment"], "They left.");
    let approved = scene.record("approved").pop().unwrap();
    assert_eq!((&approved["kind"], &approved["file"]), (&"page".into(), &voted[0]["plan"]));
    assert_eq!(approved["keys"], serde_json::json!(["gitlab:7"]));
    assert!(!sidecar.log().contains("They left") && !sidecar.log().contains("username"), "{}", sidecar.log());
    assert!(!sidecar.log().contains("bob") && !sidecar.log().contains(&voted[0]["comment"].to_string()));
}

#[test]
fn a_rejection_stops_it_until_whoever_rejected_it_approves() {
    let scene = Scene::new("");
    let sidecar = scene.waiting();
    let mut ada = Visitor::signed_in(&scene, &sidecar, "ada");
    let mut grace = Visitor::signed_in(&scene, &sidecar, "grace");
    assert_eq!(grace.vote("reject", "Bob is only on leave <b>until May</b>.").status, 303);
    let page = ada.get("/plans").body;
    assert!(page.contains("Rejected") && page.contains("Bob is only on leave &lt;b&gt;until May"), "{page}");

    assert_eq!(ada.vote("approve", "").status, 303);
    sidecar.post("/runs", TOKEN);
    sidecar.ran("awaiting_approval", 2);
    assert_eq!(scene.holders(), ["ada", "bob"]);

    assert_eq!(grace.vote("approve", "He left after all.").status, 303);
    sidecar.ran("applied", 1);
    assert_eq!(scene.holders(), ["ada"]);
    let choices: Vec<_> = scene.record("voted").iter().map(|vote| vote["choice"].clone()).collect();
    assert_eq!(choices, ["reject", "approve", "approve"]);
}

#[test]
fn where_two_must_approve_one_person_is_not_two() {
    let scene = Scene::new("[approval]\nat_least = 2\n");
    let sidecar = scene.waiting();
    let mut ada = Visitor::signed_in(&scene, &sidecar, "ada");
    for _ in 0..2 {
        assert_eq!(ada.vote("approve", "").status, 303);
    }
    // Another browser of the same person.
    let mut again = Visitor::signed_in(&scene, &sidecar, "ada");
    assert_eq!(again.vote("approve", "").status, 303);
    assert!(again.get("/plans").body.contains("1 of 2 approvals"));
    sidecar.post("/runs", TOKEN);
    sidecar.ran("awaiting_approval", 2);
    assert_eq!(scene.holders(), ["ada", "bob"]);

    let mut grace = Visitor::signed_in(&scene, &sidecar, "grace");
    // The plan that was made again is the one that was voted on.
    assert!(grace.get("/plans").body.contains("1 of 2 approvals"));
    assert_eq!(grace.vote("approve", "").status, 303);
    sidecar.ran("applied", 1);
    assert_eq!(scene.holders(), ["ada"]);
    assert_eq!(scene.record("approved").pop().unwrap()["keys"], serde_json::json!(["gitlab:7", "gitlab:20"]));
}

#[test]
fn what_waits_and_who_is_signed_in_outlive_a_restart() {
    let scene = Scene::new("[approval]\nat_least = 2\n");
    let sidecar = scene.waiting();
    let mut ada = Visitor::signed_in(&scene, &sidecar, "ada");
    assert_eq!(ada.vote("approve", "before").status, 303);
    let plan = sidecar.get_as("/plans/latest", TOKEN).body;
    let cookies = ada.cookies.clone();
    sidecar.stop();

    let sidecar = Sidecar::start(&scene.stage);
    sidecar.shows("seatsync_leader", 1.0);
    assert_eq!(sidecar.get_as("/plans/latest", TOKEN).body, plan, "no run was needed for it");
    let mut ada = Visitor { cookies, ..Visitor::new(&scene, &sidecar) };
    let page = ada.get("/plans").body;
    assert!(page.contains("1 of 2 approvals") && page.contains("before"), "{page}");
    let mut grace = Visitor::signed_in(&scene, &sidecar, "grace");
    assert_eq!(grace.vote("approve", "after").status, 303);
    sidecar.ran("applied", 1);
    assert_eq!(scene.holders(), ["ada"]);
}

#[test]
fn an_approval_that_a_kill_kept_from_being_carried_out_is_carried_out_by_the_next() {
    let scene = Scene::new("");
    let sidecar = scene.waiting();
    let mut ada = Visitor::signed_in(&scene, &sidecar, "ada");
    // GitLab is slow when the plan is to be made anew, and then the machine goes down.
    scene.stage.gitlab.faults().latency = Duration::from_secs(60);
    assert_eq!(ada.vote("approve", "").status, 303);
    sidecar.logs("enough people approve the plan that waits");
    drop(sidecar);
    scene.stage.gitlab.faults().latency = Duration::ZERO;

    let sidecar = Sidecar::start(&scene.stage);
    sidecar.ran("applied", 1);
    assert_eq!(scene.holders(), ["ada"]);
}
