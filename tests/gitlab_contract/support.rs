//! A simulated GitLab and a client for it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use seatsync::gitlab::client::Client;
use seatsync::gitlab::config::GitLabConfig;
use seatsync::gitlab::reader::Reader;
use seatsync::gitlab::writer::Writer;
use seatsync::model::account::{AccountId, MatchBy};
use seatsync::model::account_query::AccountQuery;
use seatsync::model::add_on::AddOn;
use seatsync::model::person::Profile;
use seatsync::model::policy::Matching;
use seatsync::model::purchase::{Purchase, PurchaseId, Scope};
use seatsync::ports::{EdgeError, Progress};
use simulator::http::requests::counts;
use simulator::http::server::{Options, Simulator};
use simulator::world::account::Account;
use simulator::world::gitlab::World;
use simulator::world::purchase;
use simulator::world::settings::TopLevelGroup;
use simulator::world::token::Token;

pub(crate) const TODAY: Date = Date::constant(2026, 11, 22);

/// What every test's token is.
pub(crate) const TOKEN: &str = "glpat-secret";

/// A purchase of the worlds below.
pub(crate) const PRO: purchase::PurchaseId = purchase::PurchaseId(3);

/// An instance with `people` active accounts `p1`, `p2`, … of the ids 1, 2, …, an administrator `root` of the id
/// 1,000,000 with our token, and `seats` seats of Duo Pro, the first `held` of which are held.
pub(crate) fn instance(people: u64, seats: u32, held: u64) -> World {
    let mut world = World::instance(TODAY);
    world.add_account(Account::admin(1_000_000, "root"));
    furnish(&mut world, people, seats, held);
    world
}

/// The same for the top-level group `acme` of GitLab.com, with an Owner in place of the administrator.
pub(crate) fn gitlab_com(people: u64, seats: u32, held: u64) -> World {
    let group =
        TopLevelGroup { id: 42, path: "acme".into(), name: "Acme".into(), saml: true, subgroups: vec![] };
    let mut world = World::gitlab_com(TODAY, group);
    world.add_account(Account::owner(1_000_000, "root"));
    furnish(&mut world, people, seats, held);
    world
}

fn furnish(world: &mut World, people: u64, seats: u32, held: u64) {
    world.add_token(Token::new(TOKEN, 1_000_000, &["api"]));
    world.add_purchase(purchase::Purchase::new(PRO.0, "CODE_SUGGESTIONS", seats));
    for id in 1..=people {
        world.add_account(Account::human(id, &format!("p{id}")));
    }
    for id in 1..=held {
        world.seat(PRO, simulator::world::account::AccountId(id));
    }
}

/// A running GitLab and our client.
pub(crate) struct GitLab {
    pub(crate) simulator: Simulator,
    pub(crate) client: Arc<Client>,
    pub(crate) reader: Reader,
}

impl GitLab {
    pub(crate) async fn start(world: World) -> GitLab {
        let scope = match world.top_level_group() {
            Some(group) => Scope::TopLevelGroup { path: group.path.as_str().into() },
            None => Scope::Instance,
        };
        let simulator = Simulator::start(world, Options::default()).await.unwrap();
        let config = GitLabConfig { scope, ..config(&simulator.url()) };
        let client = Arc::new(Client::new(config).unwrap());
        let reader = reader(&client);
        GitLab { simulator, client, reader }
    }

    pub(crate) async fn writer(&self) -> Writer {
        Writer::connect(Arc::clone(&self.client)).await.unwrap()
    }

    /// The requests so far, by kind; checks that the client has counted the same.
    pub(crate) fn asked(&self) -> BTreeMap<String, usize> {
        let requests = self.simulator.requests();
        assert_eq!(self.client.requests(), requests.len() as u64);
        counts(&requests)
    }

    /// The Duo Pro purchase of the worlds above, as a run knows it.
    pub(crate) fn pro(&self) -> Purchase {
        Purchase { id: pro(), add_on: AddOn::DuoPro, purchased: 5, assigned: 0 }
    }
}

pub(crate) fn pro() -> PurchaseId {
    PurchaseId("gid://gitlab/GitlabSubscriptions::AddOnPurchase/3".into())
}

/// Patience for two seconds, so that pauses of our own choice begin at about 30 milliseconds.
pub(crate) fn config(url: &str) -> GitLabConfig {
    GitLabConfig {
        url: url.parse().unwrap(),
        token: TOKEN.into(),
        scope: Scope::Instance,
        requests_per_minute: 100_000,
        max_concurrent_requests: 4,
        timeout: Duration::from_secs(5),
        retry_deadline: Duration::from_secs(2),
        ca_file: None,
    }
}

pub(crate) fn reader(client: &Arc<Client>) -> Reader {
    Reader::new(Arc::clone(client), Arc::new(Nobody))
}

/// Watches no progress.
struct Nobody;

impl Progress for Nobody {
    fn clear(&self) {}

    fn at(&self, _what: &str, _done: u64, _total: Option<u64>) {}
}

pub(crate) fn ids(numbers: impl IntoIterator<Item = u64>) -> Vec<AccountId> {
    numbers.into_iter().map(AccountId).collect()
}

/// Asks by one step after the other: `ldapmain:uid=ada,dc=corp`, `mail:ada@example.com`, `name:ada`.
pub(crate) fn query(steps: &[&str]) -> AccountQuery<'static> {
    let mut asked = Profile::default();
    let mut how = Matching { match_by: Vec::new(), identity_provider: None };
    for step in steps {
        how.match_by.push(match step.split_once(':').unwrap() {
            ("mail", address) => {
                asked.emails.push(address.into());
                MatchBy::Email
            }
            ("name", username) => {
                asked.username = Some(username.into());
                MatchBy::Username
            }
            (provider, uid) => {
                asked.identity = Some(uid.into());
                how.identity_provider = Some(provider.into());
                MatchBy::Identity
            }
        });
    }
    // Questions borrow; a test ends soon enough.
    AccountQuery { person: Box::leak(Box::new(asked.into())), how: Box::leak(Box::new(how)) }
}

/// An error as a user reads it; it must not hold the token.
pub(crate) fn words(error: &EdgeError) -> String {
    let words = format!("{}\nhint: {}", error.chain(), error.hint);
    assert!(!words.contains(TOKEN) && !format!("{error:?}").contains(TOKEN), "{words}");
    words
}
