//! Grants what somebody is said to need, as whoever reads the words would: in the configuration, in the directory, in GitLab.

use std::sync::Arc;

use jiff::tz::TimeZone;
use seatsync::model::account::{Account, AccountId, DuoActivity, Identity, Listing, MatchBy, Standing};
use seatsync::model::add_on::AddOn;
use seatsync::model::decision::Verdict;
use seatsync::model::group::{GroupRef, Member, NestingPath};
use seatsync::model::person::{ExternUid, Person, Profile};
use seatsync::model::plan::Plan;
use seatsync::model::policy::Contention;
use seatsync::model::purchase::{Purchase, PurchaseId, PurchaseReading};
use seatsync::model::remedy::{Need, Remedy, Subject};
use seatsync::model::rule::{Rule, RuleName};
use seatsync::model::snapshot::{GroupState, Snapshot};
use seatsync::planning::input::PlanningInput;

use crate::judge::entitlement::accounts;

/// The number of an account that is opened.
const NEW: u64 = 4_000_000;

/// The world in which all needs of a remedy are met, and who has the seat in it.
pub(crate) fn granted(
    input: &PlanningInput,
    remedy: &Remedy,
    subject: &Subject,
    add_on: AddOn,
) -> PlanningInput {
    let mut world = input.clone();
    for need in &remedy.needs {
        grant(&mut world, need, subject, add_on);
    }
    world
}

/// Whether the subject gets or keeps a seat of the add-on.
pub(crate) fn is_seated(plan: &Plan, subject: &Subject, add_on: AddOn) -> bool {
    plan.decisions.iter().any(|decision| {
        let is_theirs = Some(decision.account.id) == subject.account
            || decision.person.as_ref().is_some_and(|known| subject.people.contains(&known.key()));
        let seated = matches!(decision.verdict, Verdict::Assign { .. } | Verdict::Keep { .. });
        decision.add_on == add_on && is_theirs && seated
    })
}

/// The same remedy asking for one less, where it is a single number.
pub(crate) fn almost(remedy: &Remedy) -> Option<Remedy> {
    let [need] = remedy.needs.as_slice() else { return None };
    let need = match need.clone() {
        Need::MoreSeats { more } => Need::MoreSeats { more: more - 1 },
        Need::SmallerReserve { reserve } => Need::SmallerReserve { reserve: reserve + 1 },
        Need::BetterRank { rule, rank } => Need::BetterRank { rule, rank: rank + 1 },
        Need::LargerQuota { rule, max_seats } => Need::LargerQuota { rule, max_seats: max_seats - 1 },
        Need::SmallerReservation { rule, reserved_seats } => {
            Need::SmallerReservation { rule, reserved_seats: reserved_seats + 1 }
        }
        Need::ByRank
        | Need::KeepHolders
        | Need::Unprotected
        | Need::Eligible { .. }
        | Need::OtherSeatGone { .. }
        | Need::Used
        | Need::ReclaimForgotten
        | Need::ContestForgotten
        | Need::InGroup { .. }
        | Need::NotExcepted { .. }
        | Need::ConditionMet { .. }
        | Need::Lasting { .. }
        | Need::AnAccount => return None,
    };
    Some(Remedy { needs: vec![need] })
}

fn grant(world: &mut PlanningInput, need: &Need, subject: &Subject, add_on: AddOn) {
    let policy = world.policy.add_ons.entry(add_on).or_default();
    match need {
        Need::MoreSeats { more } => buy(world, add_on, *more),
        Need::SmallerReserve { reserve } => policy.reserve = *reserve,
        Need::ByRank => policy.contention = Contention::ByRank,
        Need::KeepHolders => policy.contention = Contention::KeepHolders,
        Need::BetterRank { rule, rank } => written(world, rule).rank = *rank,
        Need::LargerQuota { rule, max_seats } => written(world, rule).max_seats = Some(*max_seats),
        Need::SmallerReservation { rule, reserved_seats } => {
            written(world, rule).reserved_seats = *reserved_seats;
        }
        Need::Lasting { rule, until } => written(world, rule).until = Some(*until),
        Need::Unprotected => {
            let name = accounts(world)[&subject.account.unwrap()].username().to_lowercase();
            world.policy.add_ons.get_mut(&add_on).unwrap().protect.remove(&name);
        }
        Need::Eligible { .. } => in_gitlab(world, subject, |account| account.standing = Standing::Eligible),
        Need::Used => {
            let today = world.now.to_zoned(TimeZone::UTC).date();
            in_gitlab(world, subject, |account| account.last_duo_activity = DuoActivity::On(today));
        }
        Need::OtherSeatGone { held } => {
            let mut readings = world.seats.purchases.iter_mut();
            let reading = readings.find(|reading| reading.purchase.add_on == *held).unwrap();
            let place = reading.holders.iter().position(|id| Some(*id) == subject.account).unwrap();
            reading.holders.remove(place);
            reading.purchase.assigned -= 1;
        }
        Need::ReclaimForgotten => {
            world
                .memory
                .reclaimed
                .retain(|seat, _| seat.add_on != add_on || Some(seat.account) != subject.account);
        }
        Need::ContestForgotten => {
            world
                .memory
                .recent
                .retain(|past| past.seat.add_on != add_on || Some(past.seat.account) != subject.account);
        }
        Need::InGroup { rule, group } => join(world, rule, group, subject),
        Need::NotExcepted { rule } => {
            let rule = written(world, rule).clone();
            let snapshot = snapshot(world, &rule);
            let key = subject.people.iter().find(|key| key.source == rule.source).unwrap();
            let place = snapshot.people.iter().position(|person| person.id() == key.id.as_str()).unwrap();
            for group in &rule.except_groups {
                members(snapshot, group).retain(|member| member.person as usize != place);
            }
        }
        Need::ConditionMet { rule, condition } => {
            let rule = written(world, rule);
            assert_eq!(rule.condition.as_ref(), Some(condition));
            let key = subject.people.iter().find(|key| key.source == rule.source).unwrap();
            rule.condition = Some(format!("person.id == '{}' || ({condition})", key.id));
        }
        Need::AnAccount => open(world, subject),
    }
}

fn written<'a>(world: &'a mut PlanningInput, name: &RuleName) -> &'a mut Rule {
    world.rules.iter_mut().find(|rule| rule.name == *name).unwrap()
}

fn snapshot<'a>(world: &'a mut PlanningInput, rule: &Rule) -> &'a mut Snapshot {
    world.snapshots.iter_mut().find(|snapshot| snapshot.source == rule.source).unwrap()
}

fn members<'a>(snapshot: &'a mut Snapshot, group: &GroupRef) -> &'a mut Vec<Member> {
    let mut readings = snapshot.groups.iter_mut();
    let reading = readings.find(|reading| reading.reference == *group).unwrap();
    match &mut reading.state {
        GroupState::Found { members, .. } => members,
        GroupState::Missing | GroupState::Ambiguous { .. } | GroupState::Unread { .. } => {
            panic!("`{group}` is no group that anybody can join or leave")
        }
    }
}

fn buy(world: &mut PlanningInput, add_on: AddOn, more: u32) {
    let purchases = &mut world.seats.purchases;
    if purchases.iter().all(|reading| reading.purchase.add_on != add_on) {
        let id = PurchaseId("bought".into());
        let purchase = Purchase { id, add_on, purchased: 0, assigned: 0 };
        purchases.push(PurchaseReading { purchase, holders: Vec::new() });
    }
    let reading = purchases.iter_mut().find(|reading| reading.purchase.add_on == add_on).unwrap();
    reading.purchase.purchased += more;
}

fn in_gitlab(world: &mut PlanningInput, subject: &Subject, edit: impl Fn(&mut Account)) {
    for account in world.accounts.iter_mut().chain(&mut world.seats.holders) {
        if Some(account.id) == subject.account {
            let mut edited = Account::clone(account);
            edit(&mut edited);
            *account = Arc::new(edited);
        }
    }
}

/// The owner of an account, where nobody says who that is, is whoever bears a key of it; else one is entered who bears all.
fn join(world: &mut PlanningInput, rule: &RuleName, group: &GroupRef, subject: &Subject) {
    let rule = written(world, rule).clone();
    let owned = subject.account.and_then(|id| {
        let known = world.accounts.iter().find(|account| account.id == id).cloned();
        known.or_else(|| accounts(world).get(&id).cloned())
    });
    let how = world.policy.matching[&rule.source].clone();
    let provider = how.identity_provider.clone();
    let snapshot = snapshot(world, &rule);
    let bearer = owned.as_ref().and_then(|account| {
        how.match_by.iter().find_map(|step| {
            snapshot.people.iter().position(|person| bears_a_key(person, account, *step, provider.as_deref()))
        })
    });
    let known = subject
        .people
        .iter()
        .find(|key| key.source == rule.source)
        .map(|key| snapshot.people.iter().position(|person| person.id() == key.id.as_str()).unwrap());
    let place = known.or(bearer).unwrap_or_else(|| {
        let owned = owned.expect("an account or a person");
        let mut identities = owned.identities();
        let identity = identities.find(|(held_by, _)| Some(*held_by) == provider.as_deref());
        let person = Profile {
            id: "new".into(),
            username: Some(owned.username().into()),
            emails: owned.emails().map(Into::into).collect(),
            identity: identity.map(|(_, uid)| uid.into()),
            ..Profile::default()
        };
        snapshot.people.push(Arc::new(person.into()));
        snapshot.people.len() - 1
    });
    let member = Member { person: u32::try_from(place).unwrap(), path: NestingPath::new(["joined".into()]) };
    members(snapshot, group).push(member);
}

fn bears_a_key(person: &Person, account: &Account, step: MatchBy, provider: Option<&str>) -> bool {
    let of_provider = account.identities().filter(|(held_by, _)| Some(*held_by) == provider);
    let (theirs, own): (Vec<String>, Vec<String>) = match step {
        MatchBy::Identity => (
            of_provider.map(|(_, uid)| uid.to_owned()).collect(),
            person.identity().map(|uid| ExternUid::new(uid).as_str().to_owned()).into_iter().collect(),
        ),
        MatchBy::Email => (
            account.emails().map(str::to_lowercase).collect(),
            person.emails().map(str::to_lowercase).collect(),
        ),
        MatchBy::Username => (
            vec![account.username().to_lowercase()],
            person.username().map(str::to_lowercase).into_iter().collect(),
        ),
        MatchBy::Remembered => (Vec::new(), Vec::new()),
    };
    theirs.iter().any(|key| own.contains(key))
}

fn open(world: &mut PlanningInput, subject: &Subject) {
    let key = &subject.people[0];
    let snapshot = world.snapshots.iter().find(|snapshot| snapshot.source == key.source).unwrap();
    let person = snapshot.people.iter().find(|person| person.id() == key.id.as_str()).unwrap();
    let provider = world.policy.matching[&key.source].identity_provider.clone();
    let identities = provider
        .zip(person.identity())
        .map(|(provider, uid)| Identity { provider, extern_uid: ExternUid::new(uid) });
    let listing = Listing {
        id: AccountId(NEW),
        username: person.username().unwrap_or(person.id()).into(),
        emails: person.emails().map(Into::into).collect(),
        identities: identities.into_iter().collect(),
        standing: Standing::Eligible,
        last_duo_activity: DuoActivity::NotTold,
    };
    world.accounts.push(Arc::new(listing.into()));
}
