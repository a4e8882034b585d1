//! Supposing: the observation as it would be if one thing were so that is not.

use std::sync::Arc;

use crate::model::account::{Account, AccountId, DuoActivity, Identity, Listing, MatchBy, Standing};
use crate::model::add_on::AddOn;
use crate::model::group::{GroupRef, Member, NestingPath};
use crate::model::holding::SeatKey;
use crate::model::person::{ExternUid, Person, PersonKey, Profile, SourceName};
use crate::model::policy::{AddOnPolicy, Contention};
use crate::model::remedy::{Need, Subject};
use crate::model::rule::{Rule, RuleName};
use crate::model::snapshot::GroupState;
use crate::planning::input::PlanningInput;
use crate::planning::what_if::purchase;

/// Grants one need of somebody, and says whether it could.
pub fn suppose(input: &mut PlanningInput, need: &Need, subject: &Subject, add_on: AddOn) -> bool {
    match need {
        Need::MoreSeats { more } => {
            let mut readings = input.seats.purchases.iter();
            let reading = readings.find(|reading| reading.purchase.add_on == add_on);
            let purchased = reading.map_or(0, |reading| reading.purchase.purchased);
            purchase(input, add_on, purchased.saturating_add(*more));
        }
        Need::SmallerReserve { reserve } => policy(input, add_on).reserve = *reserve,
        Need::ByRank => policy(input, add_on).contention = Contention::ByRank,
        Need::KeepHolders => policy(input, add_on).contention = Contention::KeepHolders,
        Need::BetterRank { rule, rank } => edit(input, rule, |rule| rule.rank = *rank),
        Need::LargerQuota { rule, max_seats } => edit(input, rule, |rule| rule.max_seats = Some(*max_seats)),
        Need::SmallerReservation { rule, reserved_seats } => {
            edit(input, rule, |rule| rule.reserved_seats = *reserved_seats);
        }
        Need::Lasting { rule, until } => edit(input, rule, |rule| rule.until = Some(*until)),
        Need::Unprotected => {
            let usernames: Vec<String> =
                accounts(input, subject).map(|account| account.username().to_lowercase()).collect();
            policy(input, add_on).protect.retain(|name| !usernames.contains(name));
        }
        Need::Eligible { .. } => {
            edit_account(input, subject, |account| account.standing = Standing::Eligible);
        }
        Need::Used => {
            let today = input.today();
            edit_account(input, subject, |account| account.last_duo_activity = DuoActivity::On(today));
        }
        Need::OtherSeatGone { held } => {
            let readings = input.seats.purchases.iter_mut();
            for reading in readings.filter(|reading| reading.purchase.add_on == *held) {
                let before = reading.holders.len();
                reading.holders.retain(|holder| Some(*holder) != subject.account);
                let gone = u32::from(reading.holders.len() < before);
                reading.purchase.assigned = reading.purchase.assigned.saturating_sub(gone);
            }
        }
        Need::ReclaimForgotten => {
            let of_subject = |seat: &SeatKey| seat.add_on == add_on && Some(seat.account) == subject.account;
            input.memory.reclaimed.retain(|seat, _| !of_subject(seat));
        }
        Need::ContestForgotten => {
            let of_subject = |seat: &SeatKey| seat.add_on == add_on && Some(seat.account) == subject.account;
            input.memory.recent.retain(|past| !of_subject(&past.seat));
        }
        Need::InGroup { rule, group } => return join(input, rule, group, subject).is_some(),
        Need::NotExcepted { rule } => return leave_excepted(input, rule, subject).is_some(),
        Need::ConditionMet { rule, .. } => meet_condition(input, rule, subject),
        Need::AnAccount => return open_account(input, subject).is_some(),
    }
    true
}

fn policy(input: &mut PlanningInput, add_on: AddOn) -> &mut AddOnPolicy {
    input.policy.add_ons.entry(add_on).or_default()
}

fn edit(input: &mut PlanningInput, name: &RuleName, edit: impl Fn(&mut Rule)) {
    input.rules.iter_mut().filter(|rule| rule.name == *name).for_each(edit);
}

fn rule<'a>(input: &'a PlanningInput, name: &RuleName) -> Option<&'a Rule> {
    input.rules.iter().find(|rule| rule.name == *name)
}

/// What the listings tell of the account.
fn accounts<'a>(input: &'a PlanningInput, subject: &Subject) -> impl Iterator<Item = &'a Arc<Account>> {
    let wanted = subject.account;
    let listed = input.accounts.iter().chain(&input.seats.holders);
    listed.filter(move |account| Some(account.id) == wanted)
}

/// The listing that tells most of the account: that of holders knows no identities and few addresses.
fn fullest<'a>(input: &'a PlanningInput, subject: &Subject) -> Option<&'a Arc<Account>> {
    accounts(input, subject).max_by_key(|account| account.identities().count() + account.emails().count())
}

fn edit_account(input: &mut PlanningInput, subject: &Subject, edit: impl Fn(&mut Account)) {
    let listed = input.accounts.iter_mut().chain(&mut input.seats.holders);
    for account in listed.filter(|account| Some(account.id) == subject.account) {
        edit(Arc::make_mut(account));
    }
}

/// The place of the subject's person among those of a source.
fn place_in(input: &PlanningInput, source: &SourceName, subject: &Subject) -> Option<u32> {
    let key = subject.people.iter().find(|key| key.source == *source)?;
    place_of(input, key)
}

fn place_of(input: &PlanningInput, key: &PersonKey) -> Option<u32> {
    let people = &input.snapshot(&key.source)?.people;
    people.iter().position(|person| person.id() == key.id.as_str())?.try_into().ok()
}

/// Puts them into a group. An account of which the source knows nobody gets a person who is matched with it.
fn join(input: &mut PlanningInput, name: &RuleName, group: &GroupRef, subject: &Subject) -> Option<()> {
    let source = rule(input, name)?.source.clone();
    let known = place_in(input, &source, subject).or_else(|| namesake(input, &source, subject));
    let newcomer = if known.is_none() { newcomer(input, &source, subject) } else { None };
    let snapshot = input.snapshots.iter_mut().find(|snapshot| snapshot.source == source)?;
    let person = match known {
        Some(place) => place,
        None => {
            snapshot.people.push(Arc::new(newcomer?));
            u32::try_from(snapshot.people.len() - 1).ok()?
        }
    };
    let reading = snapshot.groups.iter_mut().find(|reading| reading.reference == *group)?;
    match &mut reading.state {
        GroupState::Found { group, members, .. } => {
            members.push(Member { person, path: NestingPath::new([group.name.clone()]) });
            Some(())
        }
        GroupState::Missing | GroupState::Ambiguous { .. } | GroupState::Unread { .. } => None,
    }
}

/// The person of a source of whom no rule speaks yet, and who would be matched with the account.
fn namesake(input: &PlanningInput, source: &SourceName, subject: &Subject) -> Option<u32> {
    let how = input.policy.matching.get(source)?;
    let people = &input.snapshot(source)?.people;
    let account = fullest(input, subject)?;
    let is = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
    let is_theirs = |person: &Person, step: MatchBy| match step {
        MatchBy::Identity => account.identities().any(|(held_by, uid)| {
            Some(held_by) == how.identity_provider.as_deref() && person.extern_uid() == Some(uid)
        }),
        MatchBy::Email => account.emails().any(|email| person.emails().any(|own| is(own, email))),
        MatchBy::Username => person.username().is_some_and(|own| is(own, account.username())),
        MatchBy::Remembered => false,
    };
    let place = |step: &MatchBy| people.iter().position(|person| is_theirs(person, *step));
    how.match_by.iter().find_map(place)?.try_into().ok()
}

/// A person who bears every key of the account.
fn newcomer(input: &PlanningInput, source: &SourceName, subject: &Subject) -> Option<Person> {
    let account = fullest(input, subject)?;
    let provider = input.policy.matching.get(source)?.identity_provider.as_deref();
    let identity = account.identities().find(|(held_by, _)| Some(*held_by) == provider);
    Some(Person::from(Profile {
        id: format!("the owner of account {}", account.id).into(),
        username: Some(account.username().into()),
        emails: account.emails().map(Into::into).collect(),
        identity: identity.map(|(_, uid)| uid.into()),
        ..Profile::default()
    }))
}

fn leave_excepted(input: &mut PlanningInput, name: &RuleName, subject: &Subject) -> Option<()> {
    let rule = rule(input, name)?;
    let (source, excepted) = (rule.source.clone(), rule.except_groups.clone());
    let homes: Vec<(SourceName, u32)> =
        subject.people.iter().filter_map(|key| Some((key.source.clone(), place_of(input, key)?))).collect();
    let snapshot = input.snapshots.iter_mut().find(|snapshot| snapshot.source == source)?;
    let is_subject =
        |home: &SourceName, place| homes.iter().any(|known| known.0 == *home && known.1 == place);
    snapshot
        .guests
        .retain(|guest| !(excepted.contains(&guest.group) && is_subject(&guest.home, guest.member.person)));
    for reading in snapshot.groups.iter_mut().filter(|reading| excepted.contains(&reading.reference)) {
        if let GroupState::Found { members, .. } = &mut reading.state {
            members.retain(|member| !is_subject(&source, member.person));
        }
    }
    Some(())
}

/// Lets the `where` of a rule hold for them, and for nobody else.
fn meet_condition(input: &mut PlanningInput, name: &RuleName, subject: &Subject) {
    let ids: Vec<String> = subject
        .people
        .iter()
        .map(|key| key.id.as_str().replace('\\', "\\\\").replace('"', "\\\""))
        .map(|id| format!("person.id == \"{id}\""))
        .collect();
    edit(input, name, |rule| {
        if let Some(condition) = &mut rule.condition {
            *condition = format!("({condition}) || {}", ids.join(" || "));
        }
    });
}

/// Opens an account that bears every key of the person.
fn open_account(input: &mut PlanningInput, subject: &Subject) -> Option<()> {
    let key = subject.people.first()?;
    let place = place_of(input, key)?;
    let matching = input.policy.matching.get(&key.source)?;
    let snapshot = input.snapshot(&key.source)?;
    let person = &snapshot.people[place as usize];
    let identity = matching.identity_provider.as_ref().zip(person.extern_uid());
    let listing = Listing {
        // GitLab counts upwards: it will not come to this.
        id: AccountId(u64::MAX),
        username: person.username().unwrap_or(person.id()).into(),
        emails: person.emails().map(Into::into).collect(),
        identities: identity
            .map(|(provider, uid)| Identity { provider: provider.clone(), extern_uid: ExternUid::new(uid) })
            .into_iter()
            .collect(),
        standing: Standing::Eligible,
        last_duo_activity: DuoActivity::NotTold,
    };
    input.accounts.push(Arc::new(listing.into()));
    Some(())
}
