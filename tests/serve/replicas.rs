//! Several sidecars of one state: one leads, the others are ready to take over.

use crate::sidecar::{Sidecar, TOKEN, schedule};
use crate::support::stage::Stage;

#[test]
fn one_leads_and_the_other_takes_over_when_it_is_killed() {
    let stage = Stage::new(&["ada"], 1);
    stage.company(&["ada"], &["ada"]);
    schedule(&stage, "every = \"1h\"\nmode = \"auto\"");
    let mut leader = Sidecar::start(&stage);
    leader.ran("applied", 1);
    let standby = Sidecar::start(&stage);

    assert_eq!(standby.metric("seatsync_leader"), Some(0.0));
    let ready = standby.get("/readyz");
    assert_eq!((ready.status, &*ready.body), (200, "ready: standby\n"));
    assert_eq!(standby.post("/runs", TOKEN).status, 409);
    standby.signal("USR1");
    standby.logs("another sidecar leads");

    leader.child.kill().unwrap();
    leader.child.wait().unwrap();
    standby.shows("seatsync_leader", 1.0);
    assert_eq!(standby.get("/readyz").body, "ready: leader\n");
    assert_eq!(standby.metric("seatsync_run_duration_seconds_count"), Some(0.0), "the run is not due again");
    assert_eq!(standby.post("/runs", TOKEN).status, 202);
    standby.ran("applied", 1);
}

#[test]
fn without_its_state_a_sidecar_is_not_ready_and_recovers() {
    let stage = Stage::new(&["ada"], 1);
    schedule(&stage, "every = \"1h\"\nmode = \"auto\"");
    stage.write("state.db", "this is no database, and long enough to be looked at by whoever opens it");
    let sidecar = Sidecar::start(&stage);
    sidecar.eventually("not ready", |sidecar| sidecar.get("/readyz").status == 503);
    sidecar.logs("the state cannot be opened");
    assert_eq!(sidecar.get("/healthz").status, 200);

    std::fs::remove_file(stage.path("state.db")).unwrap();
    sidecar.eventually("ready", |sidecar| sidecar.get("/readyz").body == "ready: leader\n");
}
