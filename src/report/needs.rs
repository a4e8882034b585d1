//! What would have to change for a seat, in a person's words.

use crate::model::account::Standing;
use crate::model::add_on::AddOn;
use crate::model::holding::Memory;
use crate::model::remedy::{Need, Remedy};

/// All needs of one remedy, joined.
pub fn remedy(remedy: &Remedy, add_on: AddOn) -> String {
    let needs: Vec<String> = remedy.needs.iter().map(|need| words(need, add_on)).collect();
    needs.join(", and ")
}

/// One need, as what follows "for a seat".
pub fn words(need: &Need, add_on: AddOn) -> String {
    let title = add_on.title();
    match need {
        Need::MoreSeats { more: 1 } => format!("1 more seat of {title}"),
        Need::MoreSeats { more } => format!("{more} more seats of {title}"),
        Need::SmallerReserve { reserve } => format!("`reserve` of {title} at {reserve}"),
        Need::BetterRank { rule, rank } => format!("rule {rule} at rank {rank} or better"),
        Need::LargerQuota { rule, max_seats } => format!("`max_seats` of rule {rule} at {max_seats}"),
        Need::SmallerReservation { rule, reserved_seats } => {
            format!("`reserved_seats` of rule {rule} at {reserved_seats}")
        }
        Need::ByRank => format!("`contention` of {title} as \"by_rank\""),
        Need::KeepHolders => format!("`contention` of {title} as \"keep_holders\""),
        Need::Unprotected => format!("not under `protect` of {title}"),
        Need::Eligible { standing } => match standing {
            Standing::Inactive { state } => {
                format!("the account active in GitLab, where it is {}", state.replace('_', " "))
            }
            Standing::Bot => "the account of a person, and no bot or service account".to_owned(),
            Standing::NotAMember => "a membership of the top-level group".to_owned(),
            Standing::Eligible => "an account that GitLab gives seats to".to_owned(),
        },
        Need::OtherSeatGone { held } => format!("the seat of {} taken back", held.title()),
        Need::Used => "Duo used again".to_owned(),
        Need::ReclaimForgotten => {
            "out of the groups of all rules for one apply, which forgets that the seat was reclaimed"
                .to_owned()
        }
        Need::ContestForgotten => {
            format!("{} days without a change of this seat by seatsync", Memory::RECENT_DAYS)
        }
        Need::InGroup { rule, group } => format!("in group `{group}` of rule {rule}"),
        Need::NotExcepted { rule } => format!("in none of the `except_groups` of rule {rule}"),
        Need::ConditionMet { rule, condition } => format!("what rule {rule} asks: `{condition}`"),
        Need::Lasting { rule, until } => format!("rule {rule} lasting `until` {until} or longer"),
        Need::AnAccount => "an account in GitLab that can be matched".to_owned(),
    }
}
