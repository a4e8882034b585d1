//! How long planning takes for a big company: a million people, a hundred rules, half of the people holders.
//!
//! People, accounts and ids come in one order, which flatters sorting and caches; everybody has an account, and
//! `identity` alone finds it.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use seatsync::model::account::{Account, AccountId, DuoActivity, Identity, Listing, MatchBy, Standing};
use seatsync::model::add_on::AddOn;
use seatsync::model::group::{Group, GroupRef, Member, NestingPath};
use seatsync::model::holding::{Holding, Memory, Origin, SeatKey};
use seatsync::model::person::{ExternUid, Person, PersonId, PersonKey, Profile, SourceName};
use seatsync::model::policy::{Matching, Policy};
use seatsync::model::purchase::{Instance, Purchase, PurchaseId, PurchaseReading, Scope, SeatReading};
use seatsync::model::rule::{Rule, RuleName};
use seatsync::model::snapshot::{Coverage, GroupReading, GroupState, Snapshot, SourceKind};
use seatsync::planning::input::PlanningInput;
use seatsync::planning::plan;

const PEOPLE: u32 = 1_000_000;
const RULES: u32 = 100;
const PURCHASED: [u32; 2] = [400_000, 300_000];

/// The first round also touches memory for the first time; the least disturbed counts.
const ROUNDS: usize = 5;

fn main() -> std::io::Result<()> {
    let input = big_company();
    let round = |_| {
        let begun = Instant::now();
        let plan = plan(&input);
        (begun.elapsed(), plan.decisions.len())
    };
    let (best, decisions) = (0..ROUNDS).map(round).min().expect("there is a round");
    let seconds = best.as_secs_f64();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{PEOPLE} people, {RULES} rules: {seconds:.2} s, {decisions} decisions")
}

/// Everyone is in two groups of a hundred, one of them nested; every other person holds a seat already.
fn big_company() -> PlanningInput {
    let corp = SourceName::new("corp");
    let people: Vec<Arc<Person>> = (0..PEOPLE).map(|number| Arc::new(person(number).into())).collect();
    let accounts: Vec<Arc<Account>> = (0..PEOPLE).map(|number| Arc::new(account(number).into())).collect();
    let now: Timestamp = "2026-11-22T04:00:00Z".parse().expect("a time");
    let mut memory = Memory::default();
    let mut purchases = Vec::new();
    for ((add_on, purchased), part) in AddOn::ALL.into_iter().zip(PURCHASED).zip([0, 2]) {
        let holders: Vec<u32> = (0..PEOPLE).filter(|number| number % 4 == part).collect();
        for number in &holders {
            let seat = SeatKey { add_on, account: account_id(*number) };
            let person = Some(PersonKey { source: corp.clone(), id: person_id(*number) });
            memory.holdings.insert(seat, Holding { origin: Origin::Assigned, since: now, person });
        }
        let assigned = u32::try_from(holders.len()).expect("a quarter of the people");
        let id = PurchaseId(add_on.key().into());
        purchases.push(PurchaseReading {
            purchase: Purchase { id, add_on, purchased, assigned },
            holders: holders.into_iter().map(account_id).collect(),
        });
    }
    let bare = |account: &Arc<Account>| {
        let bare = Listing { emails: Vec::new(), identities: Vec::new(), ..account.listing() };
        Arc::new(Account::from(bare))
    };
    PlanningInput {
        now,
        rules: (0..RULES).map(|number| rule(number, &corp)).collect(),
        policy: Policy {
            tiers: AddOn::ALL.to_vec(),
            matching: BTreeMap::from([(
                corp.clone(),
                Matching {
                    match_by: vec![MatchBy::Identity, MatchBy::Email, MatchBy::Username],
                    identity_provider: Some("ldapmain".into()),
                },
            )]),
            ..Policy::default()
        },
        snapshots: vec![Snapshot {
            source: corp,
            kind: SourceKind::Ldap,
            reading: Coverage::Complete,
            read_whole_at: None,
            people,
            groups: (0..RULES).map(group).collect(),
            strangers: Vec::new(),
            guests: Vec::new(),
            doubtful: Vec::new(),
            findings: Vec::new(),
        }],
        seats: SeatReading {
            instance: Instance {
                url: "https://gitlab.example.com".to_owned(),
                version: "18.9.0-ee".to_owned(),
                scope: Scope::Instance,
            },
            purchases,
            holders: accounts.iter().step_by(2).map(bare).collect(),
            eligible_accounts: None,
        },
        accounts,
        memory,
    }
}

fn account_id(number: u32) -> AccountId {
    AccountId(u64::from(number) + 1)
}

fn person_id(number: u32) -> PersonId {
    PersonId::new(&format!("{:032x}", u64::from(number) * 0x9e37_79b9))
}

fn person(number: u32) -> Profile<'static> {
    Profile {
        id: person_id(number).as_str().to_owned().into(),
        username: Some(format!("person{number}").into()),
        name: Some(format!("Person {number}").into()),
        emails: vec![format!("person{number}@corp.example.com").into()],
        identity: Some(distinguished_name(number).into()),
        attributes: Vec::new(),
    }
}

fn distinguished_name(number: u32) -> String {
    format!("CN=Person {number},OU=People,DC=corp,DC=example,DC=com")
}

fn account(number: u32) -> Listing {
    Listing {
        id: account_id(number),
        username: format!("person{number}").into(),
        emails: vec![format!("person{number}@corp.example.com").into()],
        identities: vec![Identity {
            provider: "ldapmain".into(),
            extern_uid: ExternUid::new(&distinguished_name(number)),
        }],
        standing: Standing::Eligible,
        last_duo_activity: DuoActivity::NotTold,
    }
}

fn group_name(number: u32) -> Box<str> {
    format!("Team {number}").into()
}

fn group(number: u32) -> GroupReading {
    let direct = NestingPath::new([group_name(number)]);
    let nested = NestingPath::new([group_name(number), format!("Team {number} juniors").into()]);
    let members = (0..PEOPLE)
        .filter(|person| person % RULES == number || person / RULES % RULES == number)
        .map(|person| {
            let path = if person % 3 == 0 { &nested } else { &direct };
            Member { person, path: path.clone() }
        });
    GroupReading {
        reference: GroupRef::Name(group_name(number)),
        state: GroupState::Found {
            group: Group { id: group_name(number), name: group_name(number) },
            members: members.collect(),
            coverage: Coverage::Complete,
        },
    }
}

fn rule(number: u32, source: &SourceName) -> Rule {
    Rule {
        name: RuleName::new(&format!("team-{number}")),
        add_on: AddOn::ALL[number as usize % AddOn::ALL.len()],
        source: source.clone(),
        groups: vec![GroupRef::Name(group_name(number))],
        except_groups: Vec::new(),
        condition: None,
        rank: i64::from(number / 10),
        max_seats: number.is_multiple_of(5).then_some(15_000),
        reserved_seats: if number.is_multiple_of(7) { 1_000 } else { 0 },
        until: None,
    }
}
