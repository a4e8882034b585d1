//! A company on a simulated GitLab, and a client that shows answers as they come over the wire.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use serde_json::{Value, json};
use simulator::http::server::{Options, Simulator};
use simulator::world::account::{Account, AccountId, AccountKind, AccountState, Membership};
use simulator::world::gitlab::World;
use simulator::world::purchase::{Purchase, PurchaseId};
use simulator::world::settings::{Subgroup, TopLevelGroup};
use simulator::world::token::{Token, TokenState};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) const TODAY: Date = date(2026, 11, 22);
pub(crate) const DUO_PRO: PurchaseId = PurchaseId(3);

/// The words for all that is missing, hidden or forbidden.
pub(crate) const INACCESSIBLE: &str = "The resource that you are attempting to access does not exist or you don't have \
                                       permission to perform this action";

/// A self-managed instance: root, three active humans, one of each ineligible kind, three seats of Duo Pro.
pub(crate) fn company() -> World {
    let mut world = World::instance(TODAY);
    people(&mut world);
    world.add_account(Account::admin(1, "root"));
    world.add_token(Token::new("admin", 1, &["api", "admin_mode"]));
    world.add_token(Token::new("reader", 1, &["read_api"]));
    world.add_token(Token::new("ada", 7, &["api"]));
    world
}

/// The same people as the group `acme` of GitLab.com, owned by `olga`.
pub(crate) fn acme() -> World {
    let mut world = World::gitlab_com(
        TODAY,
        TopLevelGroup {
            id: 100,
            path: "acme".to_owned(),
            name: "Acme".to_owned(),
            saml: true,
            subgroups: vec![Subgroup { id: 101, path: "acme/lab".to_owned(), name: "Lab".to_owned() }],
        },
    );
    people(&mut world);
    world.add_account(Account::owner(2, "olga"));
    world.add_token(Token::new("owner", 2, &["api"]));
    world.add_token(Token::new("ada", 7, &["api"]));
    world
}

fn people(world: &mut World) {
    for (id, name) in [(7, "ada"), (8, "bob"), (9, "cyd")] {
        world.add_account(Account::human(id, name));
    }
    world.add_account(Account::human(20, "dan").in_state(AccountState::Blocked));
    world.add_account(Account::of_kind(21, "svc", AccountKind::ServiceAccount));
    world.add_account(Account::of_kind(22, "bot", AccountKind::ProjectBot));
    world.add_account(Account::of_kind(23, "ghost", AccountKind::Ghost));
    world.add_account(Account::human(24, "eve").in_state(AccountState::Deactivated));
    world.add_account(Account::human(25, "mia").with_membership(Membership::MinimalAccess));
    world.add_purchase(Purchase::new(3, "CODE_SUGGESTIONS", 3));
    world.add_purchase(Purchase::new(8, "DUO_CORE", 20));
    world.add_token(Token::new("expired", 7, &["api"]).in_state(TokenState::Expired));
    world.add_token(Token::new("revoked", 7, &["api"]).in_state(TokenState::Revoked));
    world.add_token(Token::new("blocked", 20, &["api"]));
    world.add_token(Token::new("registry", 7, &["read_registry"]));
}

/// Seats people without asking the rules.
pub(crate) fn with_holders(mut world: World, holders: &[u64]) -> World {
    for &holder in holders {
        assert!(world.seat(DUO_PRO, AccountId(holder)), "no account {holder}");
    }
    world
}

pub(crate) async fn start(world: World) -> Simulator {
    Simulator::start(world, Options::default()).await.unwrap()
}

/// The answer to one request.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }
}

/// One request over its own connection; `None` if that closed without an answer.
pub(crate) async fn send(
    simulator: &Simulator,
    method: &str,
    path: &str,
    token: &str,
    body: &str,
) -> Option<Reply> {
    let mut stream = TcpStream::connect(simulator.address()).await.unwrap();
    let host = simulator.address();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nPRIVATE-TOKEN: {token}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A cut connection may end in an error or in nothing: either way there is no answer.
    let _: Result<usize, std::io::Error> = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    Some(Reply { status, headers, body: body.to_owned() })
}

pub(crate) async fn rest(simulator: &Simulator, token: &str, path: &str) -> Reply {
    send(simulator, "GET", &format!("/api/v4{path}"), token, "").await.unwrap()
}

/// A GraphQL request; the whole reply.
pub(crate) async fn ask(simulator: &Simulator, token: &str, query: &str, variables: Value) -> Reply {
    let body = json!({ "query": query, "variables": variables }).to_string();
    send(simulator, "POST", "/api/graphql", token, &body).await.unwrap()
}

/// A GraphQL request that HTTP calls a success; its JSON.
pub(crate) async fn graphql(simulator: &Simulator, token: &str, query: &str, variables: Value) -> Value {
    let reply = ask(simulator, token, query, variables).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

pub(crate) fn account_gids(ids: &[u64]) -> Vec<String> {
    ids.iter().map(|id| format!("gid://gitlab/User/{id}")).collect()
}

pub(crate) fn purchase_gid(id: u64) -> String {
    format!("gid://gitlab/GitlabSubscriptions::AddOnPurchase/{id}")
}

/// One of the two bulk mutations; the JSON of its answer.
pub(crate) async fn bulk(
    simulator: &Simulator,
    token: &str,
    mutation: &str,
    purchase: u64,
    accounts: &[u64],
) -> Value {
    let query = format!(
        "mutation M($p: GitlabSubscriptionsAddOnPurchaseID!, $u: [UserID!]!) {{\n  \
         {mutation}(input: {{addOnPurchaseId: $p, userIds: $u}}) {{ errors addOnPurchase {{ assignedQuantity }} \
         users {{ nodes {{ username }} }} }} }}"
    );
    let variables = json!({ "p": purchase_gid(purchase), "u": account_gids(accounts) });
    graphql(simulator, token, &query, variables).await
}

/// One of the two single mutations; the JSON of its answer.
pub(crate) async fn single(
    simulator: &Simulator,
    token: &str,
    mutation: &str,
    purchase: u64,
    account: u64,
) -> Value {
    let query = format!(
        "mutation M($p: GitlabSubscriptionsAddOnPurchaseID!, $u: UserID!) {{\n  \
         {mutation}(input: {{addOnPurchaseId: $p, userId: $u}}) {{ errors addOnPurchase {{ assignedQuantity }} \
         user {{ username }} }} }}"
    );
    let variables = json!({ "p": purchase_gid(purchase), "u": account_gids(&[account])[0] });
    graphql(simulator, token, &query, variables).await
}

/// Who sits on the seats of Duo Pro.
pub(crate) fn holders(simulator: &Simulator) -> Vec<String> {
    simulator.world().holder_names(DUO_PRO).into_iter().map(str::to_owned).collect()
}
