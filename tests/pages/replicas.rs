//! Two sidecars of one state: whichever shows the page, whoever leads applies.

use std::net::TcpListener;

use crate::scene::Scene;
use crate::sidecar::Sidecar;
use crate::support::postgres::Postgres;
use crate::support::stage::{LDIF, PLATFORM, SMALL, Stage};
use crate::visitor::Visitor;

#[test]
fn a_vote_on_a_standby_is_carried_out_by_the_leader() {
    let server = Postgres::shared();
    let mut stage = Stage::new(&["ada", "bob"], 2);
    stage.remember_at(&server.empty_database());
    stage.configure(LDIF, &format!("{PLATFORM}\n{SMALL}"));
    stage.company(&["ada", "bob"], &["ada", "bob"]);
    stage.run("apply --yes").exits(0);
    let scene = Scene::with(stage, "approve", "", "[approval]\nat_least = 2\n");
    let leader = scene.waiting();

    // The same pages on another port; a proxy would be before both.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    scene.configure(port, "approve", "[\"ada\", \"grace\"]");
    let standby = Sidecar::start(&scene.stage);
    assert_eq!(standby.metric("seatsync_leader"), Some(0.0));

    let mut ada = Visitor::signed_in(&scene, &standby, "ada");
    assert_eq!(ada.vote("approve", "by the standby").status, 303);
    let mut elsewhere = Visitor { cookies: ada.cookies.clone(), ..Visitor::new(&scene, &leader) };
    let page = elsewhere.get("/plans").body;
    assert!(page.contains("by the standby") && page.contains("1 of 2 approvals"), "{page}");
    let mut grace = Visitor::signed_in(&scene, &standby, "grace");
    assert_eq!(grace.vote("approve", "").status, 303);
    leader.ran("applied", 1);
    assert_eq!(scene.holders(), ["ada"]);
    assert!(grace.get("/plans").body.contains("Nothing waits"));
    assert_eq!(scene.record("voted").len(), 2);
}
