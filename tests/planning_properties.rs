//! Plans hold what the contract promises, whatever the world looks like; a judge that shares no logic says so.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use seatsync::model::account::MatchBy;
use seatsync::model::add_on::AddOn;
use seatsync::model::approval::{ApprovalPolicy, PlanFile};
use seatsync::model::decision::Decision;
use seatsync::model::plan::Plan;
use seatsync::model::policy::AdoptPolicy;
use seatsync::model::remedy::{Outlook, Remedy, Subject};
use seatsync::planning::guard::{Approval, approve};
use seatsync::planning::hands::Hands;
use seatsync::planning::input::PlanningInput;
use seatsync::planning::remedies::outlook;
use seatsync::planning::{plan, plan_with};

use crate::judge::afterwards::{applied, as_told, changes_nothing, told_differently};
use crate::judge::drafts::worlds;
use crate::judge::entitlement::accounts;
use crate::judge::faults::faults;
use crate::judge::granting::{almost, granted, is_seated};
use crate::judge::part::faults_of_a_part;
use crate::judge::plants::PLANTS;

mod judge;

fn by_memory(decision: &Decision) -> bool {
    decision.matched_by == Some(MatchBy::Remembered)
}

fn thorough() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(thorough())]

    #[test]
    fn the_judge_finds_no_fault(input in worlds()) {
        let plan = plan(&input);
        let faults = faults(&input, &plan);
        prop_assert!(faults.is_empty(), "{faults:#?}\n{}", as_told(&plan));
    }

    #[test]
    fn planning_again_on_the_applied_result_changes_nothing(input in worlds()) {
        let first = plan(&input);
        // Somebody whom no key matches is followed by the seats that are ours; one that is never adopted has no link of
        // its own, and is lost with the other.
        let adopts = input.policy.add_ons.values().all(|policy| policy.adopt != AdoptPolicy::None);
        prop_assume!(adopts || !first.decisions.iter().any(by_memory));
        let told = as_told(&first);
        let second = plan(&applied(input, &first));
        prop_assert!(changes_nothing(&second), "{told}\n\nagain:\n{}", as_told(&second));
    }

    #[test]
    fn neither_the_order_of_the_input_nor_the_hands_that_plan_matter(input in worlds(), order in any::<u64>()) {
        let first = as_told(&plan_with(Hands::One, &input));
        let second = as_told(&plan_with(Hands::Two, &told_differently(input, order)));
        prop_assert_eq!(first, second);
    }

    #[test]
    fn whenever_it_is_the_judge_finds_no_fault(input in worlds(), hours in 1_i64..800) {
        let mut later = input;
        later.now += SignedDuration::from_hours(hours);
        let plan = plan(&later);
        prop_assert!(faults(&later, &plan).is_empty(), "{}", as_told(&plan));
    }

    #[test]
    fn what_is_approved_in_part_stays_within_supply_and_moves_nobody_to_nowhere(
        input in worlds(),
        chosen in any::<u64>(),
    ) {
        let whole = plan(&input);
        let nth = |index: usize| chosen >> (index % 64) & 1 == 1;
        let changes = whole.changes().into_iter().enumerate().filter(|(index, _)| nth(*index));
        let changes = changes.map(|(_, change)| change).collect();
        let file = PlanFile::new("sha256:0".to_owned(), whole.made_at, changes, [].into());
        let approval = Approval::File { file: Box::new(file), in_part: true };
        let approved = approve(whole, &approval, &ApprovalPolicy::default()).unwrap();
        let faults = faults_of_a_part(&approved);
        prop_assert!(faults.is_empty(), "{faults:#?}\n{:?}\n{}", approved.changes(), as_told(approved.plan()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..thorough() })]

    // Each world is planned a thousand times.
    #[test]
    fn whoever_does_what_is_said_to_lead_to_a_seat_has_one_and_whoever_does_less_does_not(input in worlds()) {
        let today = plan(&input);
        // Of an add-on that is not purchased, the seats that were ours are remembered; when it is bought again, nobody
        // holds them, and whoever was followed by one is known by keys alone.
        let follows_seats = today.decisions.iter().any(by_memory);
        for (subject, add_on) in subjects(&input, &today) {
            let Outlook::Remedies(remedies) = outlook(&input, &plan, &subject, add_on) else { continue };
            let lacks_a_seat = today.decisions.iter().any(|decision| {
                decision.add_on == add_on
                    && Some(decision.account.id) == subject.account
                    && decision.verdict.because() == "no_seat"
            });
            let buys = |remedy: &Remedy| remedy.needs.iter().any(|need| need.key() == "more_seats");
            prop_assert!(follows_seats || !lacks_a_seat || remedies.iter().any(buys));
            for remedy in &remedies {
                let world = granted(&input, remedy, &subject, add_on);
                let told = as_told(&plan(&world));
                prop_assert!(is_seated(&plan(&world), &subject, add_on), "{subject:?} {remedy:?}\n{told}");
                // Of conditions the judge knows those alone that are drawn.
                if remedy.needs.iter().all(|need| need.key() != "condition_met") {
                    prop_assert_eq!(faults(&world, &plan(&world)), [""; 0], "{:?}\n{}", remedy, told);
                }
                if let Some(less) = almost(remedy) {
                    let world = granted(&input, &less, &subject, add_on);
                    prop_assert!(!is_seated(&plan(&world), &subject, add_on), "{subject:?} {less:?}\n{told}");
                }
            }
        }
    }
}

/// Every account and everyone without one, with whom the plan says they belong to, and every add-on that has rules.
fn subjects(input: &PlanningInput, plan: &Plan) -> Vec<(Subject, AddOn)> {
    let of_accounts = accounts(input).into_keys().map(|id| {
        let own = plan.decisions.iter().filter(|decision| decision.account.id == id);
        let mut people: Vec<_> = own.filter_map(|decision| Some(decision.person.as_ref()?.key())).collect();
        people.sort();
        people.dedup();
        Subject { account: Some(id), people }
    });
    let of_people = plan.unmatched.iter().map(|unmatched| {
        let people = vec![unmatched.person.key()];
        Subject { account: None, people }
    });
    let add_ons = plan.add_ons.iter().map(|summary| summary.add_on);
    let subjects: Vec<Subject> = of_accounts.chain(of_people).collect();
    add_ons.flat_map(|add_on| subjects.iter().map(move |subject| (subject.clone(), add_on))).collect()
}

#[test]
fn the_judge_sees_every_fault_that_is_planted() {
    let mut runner = TestRunner::deterministic();
    let mut planted = [0; PLANTS.len()];
    for _ in 0..800 {
        let input = worlds().new_tree(&mut runner).unwrap().current();
        for (index, (fault, plant)) in PLANTS.iter().enumerate() {
            let mut plan = plan(&input);
            if plant(&input, &mut plan) {
                planted[index] += 1;
                assert!(!faults(&input, &plan).is_empty(), "the judge let pass: {fault}\n{}", as_told(&plan));
            }
        }
    }
    for ((fault, _), times) in PLANTS.iter().zip(planted) {
        assert!(times >= 3, "{fault}: planted {times} times only");
    }
}
