//! Where the runs take place: a company that hires and loses people, its directory, and its GitLab.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use jiff::civil::date;
use seatsync::app::config::Config;
use seatsync::store::place::Place;
use simulator::http::faults::Moment;
use simulator::http::server::{Options, Simulator};
use simulator::world::account::{Account, AccountId, AccountState};
use simulator::world::gitlab::World;
use simulator::world::incident::Incident;
use simulator::world::purchase::Purchase;
use simulator::world::token::Token;
use tempfile::TempDir;

use crate::support::chance::Chance;
use crate::support::company::person_dn;
use crate::support::postgres::ask;
use crate::support::stage::{ENTERPRISE, LDIF, PLATFORM, TOKEN, company, names};

const PEOPLE: usize = 60;
const SEATS: u32 = 36;

/// What the rules may hand out: some are held in reserve.
pub(crate) const USABLE: usize = 34;

/// Whoever is entitled is so many people, so that the limit to shrinking is never met by honest means.
const ENTITLED: std::ops::RangeInclusive<usize> = 30..=40;

/// So many seats at most wait to be taken back, so that the limits to revoking are not met either.
const OVERDUE: usize = 6;

const REST: &str = "reserve = 2\n\n[limits]\nmax_revocations = 12\nmax_revocations_percent = 30\n";

pub(crate) struct Site {
    pub(crate) gitlab: Simulator,
    pub(crate) config: Config,
    directory: TempDir,
    people: Vec<String>,
    /// Who truly is in the group that the rule names.
    platform: BTreeSet<String>,
    /// Whose seat was taken by hand.
    robbed: BTreeSet<AccountId>,
}

impl Site {
    pub(crate) async fn start() -> Site {
        let people = names("p", PEOPLE);
        let mut world = World::instance(date(2026, 11, 22));
        world.add_account(Account::admin(1, "root"));
        world.add_token(Token::new(TOKEN, 1, &["api"]));
        world.add_purchase(Purchase::new(ENTERPRISE.0, "DUO_ENTERPRISE", SEATS));
        for (id, username) in (7..).zip(&people) {
            let account = Account::human(id, username).with_email(&format!("{username}@example.test"));
            world.add_account(account.with_identity("ldapmain", &person_dn(username)));
        }
        let gitlab = Simulator::start(world, Options::default()).await.unwrap();
        let directory = TempDir::with_prefix("soak").unwrap();
        let text = format!(
            "[gitlab]\nurl = \"{}\"\ntoken = {{ env = \"GITLAB_TOKEN\" }}\nrequests_per_minute = 1000000\n\
             [state]\nurl = \"sqlite:state.db\"\n\n{LDIF}\n{PLATFORM}{REST}",
            gitlab.url()
        );
        let secret = |_: &str| Some(TOKEN.to_owned());
        let mut config = Config::parse(&text, &directory.path().join("seatsync.toml"), &secret)
            .unwrap_or_else(|error| panic!("{}", error.render(false)));
        // Shorter than can be written: nobody else waits for this GitLab.
        config.gitlab.retry_deadline = Duration::from_millis(200);
        let platform = people.iter().take(35).cloned().collect();
        let site = Site { gitlab, config, directory, people, platform, robbed: BTreeSet::new() };
        site.publish();
        site
    }

    /// Something happens in the company, or nothing.
    pub(crate) fn goes_on(&mut self, chance: &mut Chance) {
        for _ in 0..chance.below(4) {
            let person = chance.of(&self.people).clone();
            if !self.platform.contains(&person) && self.platform.len() < *ENTITLED.end() {
                self.platform.insert(person);
            } else if self.platform.len() > *ENTITLED.start() && self.overdue() < OVERDUE {
                self.platform.remove(&person);
            }
        }
        if chance.once_in(4) {
            let blocked = self.blocked();
            let account = match blocked.first().filter(|_| chance.once_in(2)) {
                Some(account) => Some((*account, AccountState::Active)),
                None if blocked.len() < 5 && self.overdue() < OVERDUE => {
                    Some((self.anybody(chance), AccountState::Blocked))
                }
                None => None,
            };
            if let Some((account, state)) = account {
                Incident::AccountChangesState { account, state }.strike(&mut self.gitlab.world());
            }
        }
        if chance.once_in(8) {
            let account = self.anybody(chance);
            // An administrator takes a seat by hand. Twice would be a quarrel, and seatsync keeps out of it.
            if self.robbed.insert(account) {
                self.gitlab.world().unseat(ENTERPRISE, account);
            }
        }
        self.publish();
    }

    /// Somebody is blocked right before GitLab is asked for a change.
    pub(crate) fn somebody_is_blocked_meanwhile(&self, chance: &mut Chance) {
        if self.blocked().len() < 5 && self.overdue() < OVERDUE {
            let incident =
                Incident::AccountChangesState { account: self.anybody(chance), state: AccountState::Blocked };
            self.gitlab.faults().schedule(Moment::BeforeMutation(1), incident);
        }
    }

    /// Somebody takes a seat from whoever is entitled to it, and gives it to somebody who is not.
    pub(crate) fn swaps_a_seat(&self) {
        let entitled = self.entitled();
        let robbed = *self.holders().intersection(&entitled).next().unwrap();
        let mut world = self.gitlab.world();
        let stranger = world.accounts().map(|account| account.id).find(|id| !entitled.contains(id)).unwrap();
        assert!(world.unseat(ENTERPRISE, robbed) && world.seat(ENTERPRISE, stranger));
    }

    /// Who ought to have a seat, if there are enough: by the true directory, and by what GitLab allows.
    pub(crate) fn entitled(&self) -> BTreeSet<AccountId> {
        let world = self.gitlab.world();
        let accounts = self.platform.iter().map(|username| world.account_by_username(username).unwrap());
        accounts.filter(|account| account.state == AccountState::Active).map(|account| account.id).collect()
    }

    pub(crate) fn holders(&self) -> BTreeSet<AccountId> {
        self.gitlab.world().purchase(ENTERPRISE).unwrap().holders.keys().copied().collect()
    }

    pub(crate) fn place(&self) -> &Place {
        &self.config.state.place
    }

    /// Unlike a process, a run that is dropped leaves threads and tasks that finish what they had in hand: the state whoever
    /// has it locked, and GitLab, whose one thread takes one request after the other, what was asked before this.
    pub(crate) async fn quiets_down(&self) {
        self.state("BEGIN IMMEDIATE; COMMIT").await;
        let client = reqwest::Client::new();
        // An answer is an answer, whatever the weather makes of it.
        drop(client.get(format!("{}/simulator", self.gitlab.url())).send().await);
    }

    /// What the state answers; of an order: nothing.
    pub(crate) async fn state(&self, sql: &str) -> Vec<String> {
        ask(&format!("sqlite:{}", self.directory.path().join("state.db").display()), sql).await
    }

    fn blocked(&self) -> Vec<AccountId> {
        let world = self.gitlab.world();
        world.accounts().filter(|account| account.state != AccountState::Active).map(|it| it.id).collect()
    }

    fn anybody(&self, chance: &mut Chance) -> AccountId {
        let username: &String = chance.of(&self.people);
        self.gitlab.world().account_by_username(username).unwrap().id
    }

    /// How many seats the next good run has to take back.
    fn overdue(&self) -> usize {
        self.holders().difference(&self.entitled()).count()
    }

    fn publish(&self) {
        let people: Vec<&str> = self.people.iter().map(String::as_str).collect();
        let platform: Vec<&str> = self.platform.iter().map(String::as_str).collect();
        fs::write(self.directory.path().join("corp.ldif"), company(&people, &platform).ldif).unwrap();
    }
}
