//! What an apply of the decisions about one add-on has to remember.

use std::collections::BTreeSet;

use crate::model::decision::{LeaveReason, RevokeReason, Verdict};
use crate::model::holding::SeatKey;
use crate::model::person::{PersonId, PersonKey};
use crate::model::plan::Bookkeeping;
use crate::planning::claims::{Ground, claimant};
use crate::planning::dossiers::{Archive, Dossier, not_held, of_add_on};
use crate::planning::holders::Holders;

/// What is noted of accounts before seats are counted.
#[derive(Debug, Default)]
pub struct Noted {
    adopt: Vec<(SeatKey, Option<PersonKey>)>,
    persons: Vec<(SeatKey, PersonKey)>,
    grace_started: Vec<SeatKey>,
    reclaimed: Vec<SeatKey>,
}

impl Noted {
    /// What is noted of other accounts as well.
    pub fn append(&mut self, mut others: Noted) {
        self.adopt.append(&mut others.adopt);
        self.persons.append(&mut others.persons);
        self.grace_started.append(&mut others.grace_started);
        self.reclaimed.append(&mut others.reclaimed);
    }

    /// Writes it into the books.
    pub fn enter(self, books: &mut Bookkeeping) {
        books.adopt.extend(self.adopt);
        books.persons.extend(self.persons);
        books.grace_started.extend(self.grace_started);
        books.reclaimed.extend(self.reclaimed);
    }
}

/// Whom a seat belongs to, and, where the holder's verdict is known before seats are counted, what it starts.
pub fn note(holders: &Holders<'_>, dossier: &Dossier<'_>, verdict: Option<&Verdict>, noted: &mut Noted) {
    let seat = holders.seat(dossier.account.id);
    let entitled = claimant(dossier.certain);
    if dossier.holds && holders.adopts(dossier) {
        noted.adopt.push((seat, entitled.map(key)));
    } else if let (Some(ground), Some(holding)) = (entitled, dossier.holding)
        && !holding.person.as_ref().is_some_and(|person| is(ground, person))
        && !holders.doubtful.contains(&dossier.place)
    {
        noted.persons.push((seat, key(ground)));
    }
    match verdict {
        Some(Verdict::Leave { because: LeaveReason::Grace { .. } | LeaveReason::MinimumTenure { .. } })
            if dossier.grace.is_none() =>
        {
            noted.grace_started.push(seat);
        }
        Some(Verdict::Revoke { because: RevokeReason::Inactive { .. } }) => noted.reclaimed.push(seat),
        Some(
            Verdict::Assign { .. }
            | Verdict::Keep { .. }
            | Verdict::Leave { .. }
            | Verdict::Revoke { .. }
            | Verdict::Wait { .. },
        )
        | None => {}
    }
}

/// What memory holds of this add-on and is no longer so.
/// `is_frozen`: nobody may lose a seat of it in this run.
pub fn close(archive: &Archive<'_>, is_frozen: bool, books: &mut Bookkeeping) {
    let (memory, claims) = (archive.memory, archive.claims);
    let place = |seat: &SeatKey| archive.accounts.place(seat.account);
    let holds = |seat: &SeatKey| archive.holders.binary_search(&seat.account).is_ok();
    let entitled = |seat: &SeatKey| place(seat).is_some_and(|place| !claims.certain.of(place).is_empty());
    let may_be_entitled = |seat: &SeatKey| {
        entitled(seat) || place(seat).is_some_and(|place| !claims.doubtful.of(place).is_empty())
    };
    let seats = of_add_on(&memory.holdings, archive.add_on).map(|(seat, _)| seat);
    books.forget.extend(not_held(seats, archive.holders));
    let seats = of_add_on(&memory.grace, archive.add_on).map(|(seat, _)| seat);
    books.grace_cancelled.extend(seats.filter(|seat| !holds(seat) || entitled(seat)));
    let reclaimed_again: BTreeSet<SeatKey> = books.reclaimed.iter().copied().collect();
    let seats = of_add_on(&memory.reclaimed, archive.add_on).map(|(seat, _)| seat);
    books.reclaimed_cancelled.extend(seats.filter(|seat| {
        (holds(seat) && !reclaimed_again.contains(seat)) || (!is_frozen && !may_be_entitled(seat))
    }));
}

fn is(ground: &Ground<'_>, person: &PersonKey) -> bool {
    person.id.as_str() == ground.person().id() && person.source == ground.named.home.source
}

/// By the source that knows the person, which need not be the one whose groups the rule names.
fn key(ground: &Ground<'_>) -> PersonKey {
    PersonKey { source: ground.named.home.source.clone(), id: PersonId::new(ground.person().id()) }
}
