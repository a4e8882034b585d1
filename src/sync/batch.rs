//! Deciding what follows from GitLab's answer to one batch; pure, so that every answer can be tested.

use crate::model::holding::Change;
use crate::model::outcome::Outcome;
use crate::ports::WriteAnswer;

/// What to do with a batch once GitLab has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// All of it came to this.
    Settled(Outcome),
    /// One of them spoils the rest: ask again for each half.
    Bisect,
    /// Read the purchase again, and serve as many as there are seats.
    CountSeats,
    /// Read the purchase again: what is not so now is deferred. Nothing more is sent in this run.
    ReadBack { because: String },
    /// Find out by reading why GitLab will not; the rest of this purchase is deferred.
    Diagnose,
    /// Nothing happened, and nothing more is sent in this run.
    Stop { because: String },
}

/// What follows from an answer to a batch of `size` accounts.
pub fn next_step(change: Change, size: usize, answer: WriteAnswer) -> Step {
    let refused = |because: &str| Step::Settled(Outcome::Refused { because: because.to_owned() });
    match (answer, change) {
        (WriteAnswer::Done { .. }, _) => Step::Settled(Outcome::Applied),
        (WriteAnswer::NothingToRemove, Change::Revoke) => Step::Settled(Outcome::AlreadySo),
        (WriteAnswer::NothingToRemove, Change::Assign) => refused("NO_ASSIGNMENTS_FOUND"),
        (WriteAnswer::InvalidAccount, Change::Assign) if size > 1 => Step::Bisect,
        (WriteAnswer::InvalidAccount, _) => refused(
            "INVALID_USER_ID_PRESENT: GitLab gives this account no seat (blocked, a bot, or no member)",
        ),
        (WriteAnswer::NotEnoughSeats, Change::Assign) => Step::CountSeats,
        (WriteAnswer::NotEnoughSeats, Change::Revoke) => refused("NOT_ENOUGH_SEATS"),
        (WriteAnswer::NotAllowed, _) => Step::Diagnose,
        (WriteAnswer::Refused { because }, _) => Step::Settled(Outcome::Refused { because }),
        (WriteAnswer::Unanswered { because }, _) => Step::ReadBack { because },
        (WriteAnswer::NotSent { because }, _) => Step::Stop { because },
    }
}

#[cfg(test)]
mod tests {
    use crate::model::holding::Change;
    use crate::model::outcome::Outcome;
    use crate::ports::WriteAnswer;
    use crate::sync::batch::{Step, next_step};

    #[test]
    fn one_bad_account_is_bisected_until_it_stands_alone() {
        assert_eq!(next_step(Change::Assign, 100, WriteAnswer::InvalidAccount), Step::Bisect);
        assert_eq!(next_step(Change::Assign, 2, WriteAnswer::InvalidAccount), Step::Bisect);
        let alone = next_step(Change::Assign, 1, WriteAnswer::InvalidAccount);
        assert!(matches!(alone, Step::Settled(Outcome::Refused { .. })));
    }

    #[test]
    fn a_lost_answer_is_read_back_and_never_guessed() {
        let because = || "connection reset".to_owned();
        let lost = next_step(Change::Revoke, 7, WriteAnswer::Unanswered { because: because() });
        assert_eq!(lost, Step::ReadBack { because: because() });
    }

    #[test]
    fn removing_what_nobody_holds_is_no_failure() {
        let gone = next_step(Change::Revoke, 3, WriteAnswer::NothingToRemove);
        assert_eq!(gone, Step::Settled(Outcome::AlreadySo));
    }
}
