//! What scripts learn from exit codes.

use simulator::http::faults::Failure;
use simulator::world::account::AccountState;
use simulator::world::incident::Incident;

use crate::support::stage::{Ended, LDIF, PLATFORM, SMALL, until};
use crate::{change_pending, change_refused};

#[test]
fn plan_exits_with_0_whatever_it_plans_unless_asked() {
    change_pending().run("plan").exits(0);
    change_refused().run("plan").exits(0).says("refused: plan would revoke 1 seat");
}

#[test]
fn plan_tells_by_its_exit_code_if_asked() {
    let stage = change_pending();
    stage.run("plan --exit-code").exits(10);
    stage.run("apply --yes").exits(0);
    stage.run("plan --exit-code").exits(0);
    change_refused().run("plan --exit-code").exits(3);
}

#[test]
fn of_several_codes_the_graver_one_is_told() {
    // Changes are pending, and a source is partial: 5 before 10.
    let stage = change_pending();
    let rules = format!(
        "{PLATFORM}\n{SMALL}\n[[rule]]\nname = \"lost\"\nadd_on = \"duo_enterprise\"\ngroups = [\"lost\"]\n"
    );
    stage.configure(LDIF, &rules).take_seat("ada");
    stage.run("plan --exit-code").exits(5).says("1 to assign");
    // Some changes failed, and a source is partial: 4 before 5.
    let account = stage.account("ada");
    stage.before_mutation(1, Incident::AccountChangesState { account, state: AccountState::Blocked });
    stage.run("apply --yes").exits(4);
    // Nothing could be done at all: 1.
    stage.fails("selfManagedAddOnEligibleUsers", 0, 1000, Failure::BadGateway);
    stage.run("plan --exit-code").exits(1);
    stage.run("apply --yes").exits(1);
}

#[test]
fn a_refusal_is_graver_than_a_partial_source() {
    let stage = change_pending();
    let pro = "[[rule]]\nname = \"pro\"\nadd_on = \"duo_pro\"\ngroups = [\"lost\"]\n";
    stage.gitlab.world().add_purchase(simulator::world::purchase::Purchase::new(4, "CODE_SUGGESTIONS", 5));
    stage.configure(LDIF, &format!("{PLATFORM}\n{SMALL}max_revocations = 0\n\n{pro}"));
    stage.run("plan --exit-code").exits(3);
    stage.run("apply --yes").exits(3);
    stage.run("plan").exits(5);
}

#[test]
fn wrong_usage_exits_with_2() {
    let stage = change_pending();
    for arguments in
        ["", "frobnicate", "plan --frobnicate", "apply a b", "explain", "runs nine", "plan --format pdf"]
    {
        let ended = stage.run(arguments).exits(2);
        assert!(ended.stdout.is_empty(), "{ended}");
        assert!(ended.stderr.contains("--help") || ended.stderr.contains("Usage:"), "{ended}");
    }
    stage.run("apply --only-approved").exits(2);
    stage.run("apply plan.json --digest sha256:00").exits(2);
    stage
        .run("apply --digest plumtree")
        .exits(2)
        .complains("`plumtree` is no digest of a plan")
        .complains("hint: ");
    assert!(stage.writes().is_empty());
}

#[test]
fn a_second_apply_finds_the_first_at_work() {
    let stage = change_pending();
    // The first waits for GitLab until the second has ended.
    stage.gitlab.faults().latency = std::time::Duration::from_secs(2);
    let first = stage.start("apply --yes");
    until(|| !stage.gitlab.requests().is_empty());

    let second = stage.run("apply --yes").exits(1);

    second.complains("another run").complains("process ");
    assert_eq!(stage.holders(), ["ada", "bob"], "the first is still at work");
    stage.gitlab.faults().latency = std::time::Duration::ZERO;
    Ended::of(first.wait_with_output().unwrap()).exits(0);
    assert_eq!(stage.holders(), ["ada", "cyd"]);
}
