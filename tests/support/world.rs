//! A company in a few words: people in groups, rules, purchases and holders, and the verdicts that follow.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use seatsync::model::account::{Account, AccountId, DuoActivity, Listing, MatchBy, Standing};
use seatsync::model::add_on::AddOn;
use seatsync::model::group::{Group, GroupRef, Member, NestingPath};
use seatsync::model::holding::{Change, Holding, Memory, Origin, PastChange, SeatKey};
use seatsync::model::person::{PersonId, PersonKey, Profile, SourceName};
use seatsync::model::plan::Plan;
use seatsync::model::policy::{AddOnPolicy, Matching, Policy};
use seatsync::model::purchase::{Instance, Purchase, PurchaseId, PurchaseReading, Scope, SeatReading};
use seatsync::model::rule::{Rule, RuleName};
use seatsync::model::snapshot::{Coverage, GroupReading, GroupState, Snapshot, SourceKind};
use seatsync::planning::input::PlanningInput;

/// One source `corp` and one GitLab, early on 22 November 2026. Nothing is purchased and nobody is there yet.
pub(crate) struct World {
    pub(crate) input: PlanningInput,
}

/// A rule of rank 100 without conditions.
pub(crate) fn rule(name: &str, add_on: AddOn, groups: &[&str]) -> Rule {
    Rule {
        name: RuleName::new(name),
        add_on,
        source: SourceName::new("corp"),
        groups: groups.iter().map(|group| GroupRef::parse(group)).collect(),
        except_groups: Vec::new(),
        condition: None,
        rank: 100,
        max_seats: None,
        reserved_seats: 0,
        until: None,
    }
}

impl World {
    pub(crate) fn new() -> World {
        let corp = SourceName::new("corp");
        let matching = Matching {
            match_by: vec![MatchBy::Identity, MatchBy::Email, MatchBy::Username],
            identity_provider: Some("ldapmain".into()),
        };
        let snapshot = Snapshot {
            source: corp.clone(),
            kind: SourceKind::Ldap,
            reading: Coverage::Complete,
            read_whole_at: None,
            people: Vec::new(),
            groups: Vec::new(),
            strangers: Vec::new(),
            guests: Vec::new(),
            doubtful: Vec::new(),
            findings: Vec::new(),
        };
        let instance = Instance {
            url: "https://gitlab.example.com".to_owned(),
            version: "18.9.0-ee".to_owned(),
            scope: Scope::Instance,
        };
        World {
            input: PlanningInput {
                now: "2026-11-22T04:00:00Z".parse().unwrap(),
                rules: Vec::new(),
                policy: Policy { matching: [(corp, matching)].into(), ..Policy::default() },
                snapshots: vec![snapshot],
                seats: SeatReading {
                    instance,
                    purchases: Vec::new(),
                    holders: Vec::new(),
                    eligible_accounts: None,
                },
                accounts: Vec::new(),
                memory: Memory::default(),
            },
        }
    }

    pub(crate) fn purchase(mut self, add_on: AddOn, purchased: u32) -> World {
        let id =
            PurchaseId(format!("gid://gitlab/GitlabSubscriptions::AddOnPurchase/{}", add_on.key()).into());
        let purchase = Purchase { id, add_on, purchased, assigned: 0 };
        self.input.seats.purchases.push(PurchaseReading { purchase, holders: Vec::new() });
        self
    }

    /// Somebody with an account, in these groups.
    pub(crate) fn person(self, name: &str, groups: &[&str]) -> World {
        self.stranger(name, groups).account(name)
    }

    /// Somebody without an account.
    pub(crate) fn stranger(mut self, name: &str, groups: &[&str]) -> World {
        let corp = &mut self.input.snapshots[0];
        let place = u32::try_from(corp.people.len()).unwrap();
        let profile = Profile {
            id: format!("id-{name}").into(),
            username: Some(name.into()),
            emails: vec![format!("{name}@corp.example.com").into()],
            ..Profile::default()
        };
        corp.people.push(Arc::new(profile.into()));
        for group in groups {
            let member = Member { person: place, path: NestingPath::new([Box::from(*group)]) };
            self = self.group(group);
            let GroupState::Found { members, .. } = self.state(group) else {
                panic!("`{group}` was not found")
            };
            members.push(member);
        }
        self
    }

    /// An account that belongs to nobody in particular.
    pub(crate) fn account(mut self, name: &str) -> World {
        let listing = Listing {
            id: AccountId(self.input.accounts.len() as u64 + 1),
            username: name.into(),
            emails: vec![format!("{name}@corp.example.com").into()],
            identities: Vec::new(),
            standing: Standing::Eligible,
            last_duo_activity: DuoActivity::NotTold,
        };
        self.input.accounts.push(Arc::new(listing.into()));
        self
    }

    /// A group that was read whole; empty unless people are in it.
    pub(crate) fn group(mut self, name: &str) -> World {
        let reference = GroupRef::parse(name);
        let corp = &mut self.input.snapshots[0];
        if corp.group(&reference).is_none() {
            let group = Group { id: name.into(), name: name.into() };
            let state = GroupState::Found { group, members: Vec::new(), coverage: Coverage::Complete };
            corp.groups.push(GroupReading { reference, state });
        }
        self
    }

    /// Something is wrong with a group.
    pub(crate) fn group_is(mut self, name: &str, state: GroupState) -> World {
        self = self.group(name);
        *self.state(name) = state;
        self
    }

    /// Some members of a group were not shown.
    pub(crate) fn group_is_partial(mut self, name: &str) -> World {
        self = self.group(name);
        if let GroupState::Found { coverage, .. } = self.state(name) {
            *coverage = Coverage::Partial { because: "a page is missing".to_owned() };
        }
        self
    }

    fn state(&mut self, name: &str) -> &mut GroupState {
        let reference = GroupRef::parse(name);
        let mut groups = self.input.snapshots[0].groups.iter_mut();
        &mut groups.find(|reading| reading.reference == reference).unwrap().state
    }

    pub(crate) fn rule(mut self, rule: Rule) -> World {
        self.input.rules.push(rule);
        self
    }

    /// Somebody holds a seat that seatsync did not assign.
    pub(crate) fn holder(mut self, add_on: AddOn, name: &str) -> World {
        let account = Arc::clone(self.named(name));
        let mut readings = self.input.seats.purchases.iter_mut();
        let reading = readings.find(|reading| reading.purchase.add_on == add_on).unwrap();
        reading.holders.push(account.id);
        reading.holders.sort_unstable();
        reading.purchase.assigned += 1;
        let bare = Listing { emails: Vec::new(), identities: Vec::new(), ..account.listing() };
        self.input.seats.holders.push(Arc::new(bare.into()));
        self
    }

    /// Somebody holds a seat that seatsync assigned so many days ago.
    pub(crate) fn ours(mut self, add_on: AddOn, name: &str, days: i64) -> World {
        let seat = SeatKey { add_on, account: self.named(name).id };
        let person =
            Some(PersonKey { source: SourceName::new("corp"), id: PersonId::new(&format!("id-{name}")) });
        let holding = Holding { origin: Origin::Assigned, since: self.days_ago(days), person };
        self.input.memory.holdings.insert(seat, holding);
        self.holder(add_on, name)
    }

    /// GitLab says something of an account; to be told before it becomes a holder.
    pub(crate) fn account_is(mut self, name: &str, edit: impl FnOnce(&mut Listing)) -> World {
        let place = self.input.accounts.iter().position(|account| account.username() == name).unwrap();
        let mut listing = self.input.accounts[place].listing();
        edit(&mut listing);
        self.input.accounts[place] = Arc::new(listing.into());
        self
    }

    /// The directory says something else of a person.
    pub(crate) fn person_is(mut self, name: &str, edit: impl FnOnce(&mut Profile<'_>)) -> World {
        let people = &mut self.input.snapshots[0].people;
        let place = people.iter().position(|person| person.username() == Some(name)).unwrap();
        let mut profile = people[place].profile();
        edit(&mut profile);
        people[place] = Arc::new(profile.into());
        self
    }

    pub(crate) fn policy(mut self, add_on: AddOn, edit: impl FnOnce(&mut AddOnPolicy)) -> World {
        edit(self.input.policy.add_ons.entry(add_on).or_default());
        self
    }

    /// GitLab carried out these changes of ours to one seat, oldest first.
    pub(crate) fn changed(mut self, add_on: AddOn, name: &str, changes: &[Change]) -> World {
        let seat = SeatKey { add_on, account: self.named(name).id };
        let at = self.days_ago(2);
        self.input.memory.recent.extend(changes.iter().map(|change| PastChange {
            seat,
            change: *change,
            at,
        }));
        self
    }

    /// Enterprise before Pro.
    pub(crate) fn tiers(mut self) -> World {
        self.input.policy.tiers = AddOn::ALL.to_vec();
        self
    }

    pub(crate) fn seat(&self, add_on: AddOn, name: &str) -> SeatKey {
        SeatKey { add_on, account: self.named(name).id }
    }

    pub(crate) fn days_ago(&self, days: i64) -> Timestamp {
        self.input.now - SignedDuration::from_hours(24 * days)
    }

    fn named(&self, name: &str) -> &Arc<Account> {
        self.input.accounts.iter().find(|account| account.username() == name).unwrap()
    }

    pub(crate) fn plan(&self) -> Plan {
        seatsync::planning::plan(&self.input)
    }

    /// Every verdict, sorted: `enterprise ada: assign (entitled)`; then who has no account.
    pub(crate) fn verdicts(&self) -> Vec<String> {
        let plan = self.plan();
        let decisions = plan.decisions.iter().map(|decision| {
            let add_on = decision.add_on.key().trim_start_matches("duo_");
            let (verdict, because) = (decision.verdict.key(), decision.verdict.because());
            format!("{add_on} {}: {verdict} ({because})", decision.account.username())
        });
        let unmatched = plan.unmatched.iter().map(|unmatched| {
            format!("unmatched {}: {}", unmatched.person.person.label(), unmatched.because.key())
        });
        let mut told: Vec<String> = decisions.chain(unmatched).collect();
        told.sort_unstable();
        told
    }

    /// The codes of all findings.
    pub(crate) fn findings(&self) -> Vec<&'static str> {
        self.plan().findings.iter().map(|finding| finding.code.key()).collect()
    }
}
