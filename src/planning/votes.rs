//! Who may vote, and what the votes on a plan come to.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::account::AccountId;
use crate::model::approval::{Medium, PlanFile, Signature, Signer};
use crate::model::holding::{Change, SeatKey};
use crate::model::outcome::Lapsed;
use crate::model::plan::Plan;
use crate::model::vote::{Approver, Choice, Vote};
use crate::planning::in_part::still_true;

/// Which account each name of an approver stands for, since it first signed in. Names are in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pins(pub BTreeMap<Box<str>, AccountId>);

/// Whether an account may vote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    Approver,
    /// It bears the name of an approver who has never signed in: from now on the name stands for this account.
    Newcomer {
        name: Box<str>,
    },
    /// It bears the name of an approver, which stands for another account: one of them was renamed.
    NameTaken {
        by: AccountId,
    },
    Stranger,
}

/// Decides by the number of the account, which never changes: a name may be given up, and taken by somebody else.
pub fn admission(approvers: &[Approver], pins: &Pins, account: AccountId, username: &str) -> Admission {
    let username = username.to_lowercase();
    let is_known = approvers.iter().any(|approver| match approver {
        Approver::Account(id) => *id == account,
        Approver::Username(name) => pins.0.get(name) == Some(&account),
    });
    if is_known {
        return Admission::Approver;
    }
    let named = approvers.iter().find_map(|approver| match approver {
        Approver::Username(name) if **name == *username => Some(name),
        Approver::Username(_) | Approver::Account(_) => None,
    });
    match named.map(|name| (name, pins.0.get(name))) {
        None => Admission::Stranger,
        Some((name, None)) => Admission::Newcomer { name: name.clone() },
        Some((_, Some(by))) => Admission::NameTaken { by: *by },
    }
}

/// The votes that stand: the last one of each person who may still vote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ballot {
    /// In the order in which they were given.
    pub approvals: Vec<Vote>,
    pub rejections: Vec<Vote>,
}

/// Counts votes that are sorted by their numbers.
pub fn ballot(votes: &[Vote], approvers: &[Approver], pins: &Pins) -> Ballot {
    let mut seen = BTreeSet::new();
    let mut ballot = Ballot::default();
    for vote in votes.iter().rev() {
        let may = admission(approvers, pins, vote.account, &vote.username) == Admission::Approver;
        if may && seen.insert(vote.account) {
            match vote.choice {
                Choice::Approve => ballot.approvals.insert(0, vote.clone()),
                Choice::Reject => ballot.rejections.insert(0, vote.clone()),
            }
        }
    }
    ballot
}

impl Ballot {
    /// Whether so many people approve, and nobody rejects.
    pub fn is_carried(&self, at_least: u32) -> bool {
        let approvals = u32::try_from(self.approvals.len()).unwrap_or(u32::MAX);
        self.rejections.is_empty() && approvals >= at_least.max(1)
    }

    /// The plan as these people approve it, for the guard to judge as it judges a signed file. `None` where nobody approves
    /// it, or somebody rejects it.
    pub fn approve(self, file: PlanFile) -> Option<PlanFile> {
        if self.approvals.is_empty() || !self.rejections.is_empty() {
            return None;
        }
        let signatures = self.approvals.into_iter().map(|vote| Signature {
            place: "the pages".to_owned(),
            checked: Ok(Signer { names: [vote.username].into(), key: key(vote.account) }),
        });
        Some(PlanFile { medium: Medium::Page, signatures: signatures.collect(), ..file })
    }
}

/// What stands for an approver's key in the record.
fn key(account: AccountId) -> Box<str> {
    format!("gitlab:{account}").into()
}

/// What became of changes that were approved, in a plan that is made anew.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Approved, and no longer planned.
    pub gone: Vec<Lapsed>,
    /// Planned, and never approved.
    pub come: Vec<(Change, SeatKey)>,
}

/// Compares an approved plan with the one that was made anew.
pub fn moved(plan: &Plan, file: &PlanFile) -> Moved {
    let planned: BTreeSet<(Change, SeatKey)> = plan.changes().into_iter().collect();
    let part = still_true(plan, &file.changes, &BTreeMap::new(), &file.usernames);
    let gone = part.lapsed.into_iter().filter(|lapsed| !planned.contains(&(lapsed.change, lapsed.seat)));
    Moved { gone: gone.collect(), come: planned.difference(&file.changes).copied().collect() }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use crate::model::account::AccountId;
    use crate::model::vote::{Approver, Choice, Vote};
    use crate::planning::votes::{Admission, Pins, admission, ballot};

    fn approvers() -> Vec<Approver> {
        vec![Approver::Username("ada".into()), Approver::Account(AccountId(9))]
    }

    fn pins(pinned: &[(&str, u64)]) -> Pins {
        Pins(pinned.iter().map(|(name, id)| (Box::from(*name), AccountId(*id))).collect())
    }

    fn vote(id: i64, account: u64, choice: Choice) -> Vote {
        let username = format!("user{account}").into();
        Vote {
            id,
            account: AccountId(account),
            username,
            choice,
            comment: String::new(),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_name_stands_for_whoever_bore_it_first() {
        let admitted =
            |pinned: &[_], account, name| admission(&approvers(), &pins(pinned), AccountId(account), name);
        assert_eq!(admitted(&[], 7, "Ada"), Admission::Newcomer { name: "ada".into() });
        assert_eq!(admitted(&[("ada", 7)], 7, "ada"), Admission::Approver);
        // Renamed since: it is the same account.
        assert_eq!(admitted(&[("ada", 7)], 7, "ada.byron"), Admission::Approver);
        // Somebody took the name that is free now.
        assert_eq!(admitted(&[("ada", 7)], 8, "ada"), Admission::NameTaken { by: AccountId(7) });
        assert_eq!(admitted(&[], 8, "eve"), Admission::Stranger);
    }

    #[test]
    fn a_number_is_whoever_it_is_and_no_name() {
        assert_eq!(admission(&approvers(), &Pins::default(), AccountId(9), "anybody"), Admission::Approver);
        assert_eq!(admission(&approvers(), &Pins::default(), AccountId(8), "id:9"), Admission::Stranger);
        // A name that is no longer in the list lets nobody in, though it was pinned once.
        assert_eq!(admission(&[], &pins(&[("ada", 7)]), AccountId(7), "ada"), Admission::Stranger);
    }

    #[test]
    fn the_last_word_of_each_person_counts_and_once() {
        let known = pins(&[("ada", 7)]);
        let counted = |votes: &[Vote]| ballot(votes, &approvers(), &known);
        let twice = counted(&[vote(1, 7, Choice::Approve), vote(2, 7, Choice::Approve)]);
        assert_eq!(twice.approvals.len(), 1);
        assert!(twice.is_carried(1) && !twice.is_carried(2));

        let two = counted(&[vote(1, 7, Choice::Approve), vote(2, 9, Choice::Approve)]);
        assert!(two.is_carried(2));
        let rejected = counted(&[vote(1, 7, Choice::Approve), vote(2, 9, Choice::Reject)]);
        assert!(!rejected.is_carried(1), "one rejection stops it");
        let otherwise =
            [vote(1, 9, Choice::Reject), vote(2, 7, Choice::Approve), vote(3, 9, Choice::Approve)];
        assert!(counted(&otherwise).is_carried(2), "whoever rejected it may change their mind");
    }

    #[test]
    fn who_may_not_vote_any_more_has_not_voted() {
        let votes = [vote(1, 7, Choice::Approve), vote(2, 8, Choice::Approve), vote(3, 8, Choice::Reject)];
        let counted = ballot(&votes, &approvers(), &pins(&[("ada", 7)]));
        assert!(counted.is_carried(1) && !counted.is_carried(2));
        assert!(!ballot(&votes, &[], &Pins::default()).is_carried(0), "nobody is never enough");
    }
}
