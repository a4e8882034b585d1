//! Plans hold what the contract promises, whatever the world looks like; a judge that shares no logic says so.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use seatsync::planning::plan;

use crate::judge::afterwards::{applied, as_told, changes_nothing, told_differently};
use crate::judge::drafts::worlds;
use crate::judge::faults::faults;

mod judge;

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
        let told = as_told(&first);
        let second = plan(&applied(input, &first));
        prop_assert!(changes_nothing(&second), "{told}\n\nagain:\n{}", as_told(&second));
    }

    #[test]
    fn the_order_of_the_input_never_matters(input in worlds(), order in any::<u64>()) {
        let first = as_told(&plan(&input));
        let second = as_told(&plan(&told_differently(input, order)));
        prop_assert_eq!(first, second);
    }
}
