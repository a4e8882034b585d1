//! Drafts of what earlier runs left behind.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use seatsync::model::add_on::AddOn;
use seatsync::model::holding::{Change, Holding, Memory, Origin, PastChange, SeatKey, SourceSize};
use seatsync::model::person::{PersonKey, SourceName};

use crate::judge::drafts::keys::{SOURCES, account_id, days_ago, key, of_whom, person_id};

#[derive(Debug, Clone)]
pub(crate) struct Past {
    holding: Option<(i64, Option<usize>)>,
    grace: Option<i64>,
    reclaimed: Option<i64>,
    changes: Vec<bool>,
}

pub(crate) fn past() -> impl Strategy<Value = Past> {
    (
        weighted(0.4, (0_i64..40, key())),
        weighted(0.2, 0_i64..10),
        weighted(0.05, 0_i64..10),
        prop_oneof![6 => Just(vec![]), 1 => vec(any::<bool>(), 1..4)],
    )
        .prop_map(|(holding, grace, reclaimed, changes)| Past { holding, grace, reclaimed, changes })
}

pub(crate) fn last_run() -> impl Strategy<Value = Option<Timestamp>> {
    prop_oneof![10 => Just(None), 10 => Just(Some(days_ago(1))), 1 => Just(Some(days_ago(-2)))]
}

pub(crate) fn memory(pasts: &[Vec<Past>], last_run_at: Option<Timestamp>, size: Option<u64>) -> Memory {
    let mut memory = Memory { last_run_at, ..Memory::default() };
    for (add_on, pasts) in AddOn::ALL.into_iter().zip(pasts) {
        for (human, past) in pasts.iter().enumerate() {
            let seat = SeatKey { add_on, account: account_id(human) };
            if let Some((days, link)) = past.holding {
                let person = of_whom(human, link)
                    .map(|of| PersonKey { source: SourceName::new(SOURCES[0]), id: person_id(of) });
                let holding = Holding { origin: Origin::Assigned, since: days_ago(days), person };
                memory.holdings.insert(seat, holding);
            }
            memory.grace.extend(past.grace.map(|days| (seat, days_ago(days))));
            memory.reclaimed.extend(past.reclaimed.map(|days| (seat, days_ago(days))));
            memory.recent.extend(past.changes.iter().map(|assign| PastChange {
                seat,
                change: if *assign { Change::Assign } else { Change::Revoke },
                at: days_ago(5),
            }));
        }
    }
    if let Some(people) = size {
        memory.sizes.insert(SourceName::new(SOURCES[0]), SourceSize { people, groups: BTreeMap::new() });
    }
    memory
}
