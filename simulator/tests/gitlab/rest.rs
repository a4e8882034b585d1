//! REST: accounts, groups, the instance.

use serde_json::{Value, json};
use simulator::http::server::Simulator;
use simulator::world::account::{Account, AccountKind};

use crate::support::{Reply, acme, company, rest, start};

fn usernames(reply: &Reply) -> Vec<String> {
    let rows = reply.json();
    let rows = rows.as_array().unwrap_or_else(|| panic!("no list: {reply:?}"));
    rows.iter().map(|row| row["username"].as_str().unwrap().to_owned()).collect()
}

/// Follows links to the end; every page's usernames.
async fn pages(simulator: &Simulator, path: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut path = path.to_owned();
    loop {
        let reply = rest(simulator, "admin", &path).await;
        pages.push(usernames(&reply));
        let links = reply.headers.get("link").cloned().unwrap_or_default();
        let Some(next) = links.split(", ").find_map(|link| link.strip_suffix(">; rel=\"next\"")) else {
            return pages;
        };
        let base = format!("<{}/api/v4", simulator.url());
        next.strip_prefix(&base).unwrap().clone_into(&mut path);
    }
}

#[tokio::test]
async fn the_preflight_shows_version_scopes_and_role() {
    let simulator = start(company()).await;
    for path in ["/metadata", "/version"] {
        let metadata = rest(&simulator, "reader", path).await.json();
        assert_eq!((&metadata["version"], &metadata["enterprise"]), (&json!("18.9.0-ee"), &json!(true)));
    }
    let token = rest(&simulator, "registry", "/personal_access_tokens/self").await.json();
    assert_eq!((&token["scopes"], &token["user_id"]), (&json!(["read_registry"]), &json!(7)));
    assert_eq!(rest(&simulator, "admin", "/user").await.json()["is_admin"], true);
    assert_eq!(rest(&simulator, "ada", "/user").await.json().get("is_admin"), None);
    assert_eq!(rest(&simulator, "admin", "/license").await.json()["plan"], "ultimate");
    assert_eq!(rest(&simulator, "ada", "/license").await.status, 403);
}

#[tokio::test]
async fn keyset_paging_ends_without_a_link() {
    let simulator = start(company()).await;
    let all = "/users?pagination=keyset&per_page=4&order_by=id&sort=asc";
    let expected = [&["root", "ada", "bob", "cyd"][..], &["dan", "svc", "bot", "ghost"], &["eve", "mia"]];
    assert_eq!(pages(&simulator, all).await, expected);
    let by_name = "/users?pagination=keyset&per_page=5&order_by=username&sort=desc";
    let expected = [&["svc", "root", "mia", "ghost", "eve"][..], &["dan", "cyd", "bot", "bob", "ada"]];
    assert_eq!(pages(&simulator, by_name).await, expected);
    let active = "/users?pagination=keyset&per_page=100&active=true&humans=true&order_by=id&sort=asc";
    assert_eq!(pages(&simulator, active).await, [["root", "ada", "bob", "cyd", "mia"]]);
    let reply = rest(&simulator, "admin", "/users?pagination=keyset&cursor=nonsense").await;
    assert_eq!(reply.status, 400);
}

#[tokio::test]
async fn offset_paging_counts_up_to_10_000_and_stops_at_50_000() {
    let mut world = company();
    for id in 1000..10_991 {
        world.add_account(Account::human(id, &format!("p{id}")));
    }
    let simulator = start(world).await;
    let reply = rest(&simulator, "admin", "/users?per_page=500&page=2&humans=true").await;
    assert_eq!(usernames(&reply).len(), 100);
    assert_eq!((&*reply.headers["x-total"], &*reply.headers["x-next-page"]), ("9998", "3"));
    let reply = rest(&simulator, "admin", "/users").await;
    assert_eq!((usernames(&reply).len(), reply.headers.get("x-total")), (20, None), "10,001 are not counted");
    let reply = rest(&simulator, "admin", "/users?per_page=100&page=501").await;
    assert_eq!(reply.status, 405);
    let text = "Offset pagination has a maximum allowed offset of 50000 for requests that return objects of type User. \
                Remaining records can be retrieved using keyset pagination.";
    assert_eq!(reply.json(), json!({ "error": text }));
    assert_eq!(rest(&simulator, "admin", "/users?per_page=100&page=500").await.status, 200);
}

#[tokio::test]
async fn accounts_are_found_by_username_address_and_identity() {
    let mut world = company();
    let dn = "UID=Zoë,OU=People,DC=Corp";
    world.add_account(Account::human(60, "zoe").with_identity("ldapmain", dn).with_identity("saml", "Z1"));
    world.add_account(Account::human(61, "twin").with_identity("saml", "z1").with_scim_identity("S1"));
    let simulator = start(world).await;
    for (query, found) in [
        ("username=ZOE", &["zoe"][..]),
        ("username=nobody", &[]),
        ("search=ZOE@example.com", &["zoe"]),
        ("search=example.com", &[]),
        ("search=wi", &[]),
        ("search=win", &["twin"]),
        ("extern_uid=uid%3Dzo%C3%AB,%20ou%3Dpeople,dc%3Dcorp&provider=ldapmain", &["zoe"]),
        ("extern_uid=Z1&provider=saml", &["twin", "zoe"]),
        ("extern_uid=s1&provider=scim", &["twin"]),
        ("extern_uid=Z1&provider=ldapmain", &[]),
        ("blocked=true", &["dan"]),
        ("exclude_humans=true", &["ghost", "bot", "svc"]),
    ] {
        assert_eq!(usernames(&rest(&simulator, "admin", &format!("/users?{query}")).await), found, "{query}");
    }
    let zoe = rest(&simulator, "admin", "/users/60").await.json();
    let dn = json!({ "provider": "ldapmain", "extern_uid": "uid=zoë,ou=people,dc=corp", "saml_provider_id": null });
    assert_eq!(zoe["identities"][0], dn);
    assert_eq!(
        (&zoe["email"], &zoe["state"], &zoe["bot"]),
        (&json!("zoe@example.com"), &json!("active"), &json!(false))
    );
    let twin = rest(&simulator, "admin", "/users/61").await.json();
    assert_eq!(twin["scim_identities"], json!([{ "extern_uid": "S1", "group_id": null, "active": true }]));
    assert_eq!(rest(&simulator, "admin", "/users?extern_uid=Z1").await.status, 400);
    let reply = rest(&simulator, "admin", "/users/404").await;
    assert_eq!((reply.status, reply.json()), (404, json!({ "message": "404 User Not Found" })));
}

#[tokio::test]
async fn who_is_no_administrator_sees_little() {
    let simulator = start(company()).await;
    let row = rest(&simulator, "ada", "/users?username=bob").await.json()[0].clone();
    let mut keys: Vec<&String> = row.as_object().unwrap().keys().collect();
    keys.sort();
    let basic = ["avatar_url", "id", "locked", "name", "public_email", "state", "username", "web_url"];
    assert_eq!(keys, basic);
    let reply = rest(&simulator, "ada", "/users?extern_uid=x&provider=saml").await;
    assert_eq!((reply.status, reply.json()), (403, json!({ "message": "403 Forbidden" })));
    assert_eq!(usernames(&rest(&simulator, "ada", "/users?search=bob@example.com").await), [""; 0]);

    simulator.world().settings.admin_mode = true;
    let row = rest(&simulator, "reader", "/users?username=bob").await.json()[0].clone();
    assert_eq!(row.get("email"), None, "Admin Mode asks for a scope of its own");
    let row = rest(&simulator, "admin", "/users?username=bob").await.json()[0].clone();
    assert_eq!(row["email"], "bob@example.com");
}

#[tokio::test]
async fn a_group_s_owner_lists_its_identities() {
    let mut world = acme();
    for id in 1000..1150 {
        let account =
            Account::human(id, &format!("p{id}")).with_identity("group_saml", &format!("saml-{id}"));
        let account = account.with_scim_identity(&format!("scim-{id}"));
        world.add_account(Account { enterprise: id < 1002, ..account });
    }
    let simulator = start(world).await;
    for group in ["100", "acme", "ACME", "acme%2Flab"] {
        assert_eq!(rest(&simulator, "owner", &format!("/groups/{group}")).await.status, 200, "{group}");
    }
    assert_eq!(rest(&simulator, "owner", "/groups/acme").await.json()["id"], 100);
    assert_eq!(rest(&simulator, "owner", "/groups/acme%2Flab").await.json()["parent_id"], 100);
    let reply = rest(&simulator, "owner", "/groups/elsewhere").await;
    assert_eq!((reply.status, reply.json()), (404, json!({ "message": "404 Group Not Found" })));

    let saml = rest(&simulator, "owner", "/groups/acme/saml/identities").await.json();
    assert_eq!(saml.as_array().unwrap().len(), 150, "in one piece");
    assert_eq!(saml[0], json!({ "extern_uid": "saml-1000", "user_id": 1000 }));
    let scim = rest(&simulator, "owner", "/groups/acme/scim/identities").await.json();
    assert_eq!(scim.as_array().unwrap().len(), 150, "in one piece");
    assert_eq!(scim[0], json!({ "extern_uid": "scim-1000", "user_id": 1000, "active": true }));
    let page = rest(&simulator, "owner", "/groups/acme/saml_users?per_page=100&page=2").await;
    assert_eq!((usernames(&page).len(), &*page.headers["x-total"]), (50, "150"));
    assert_eq!(page.json()[0]["identities"][0]["extern_uid"], "saml-1100");
    let page = rest(&simulator, "owner", "/groups/acme/enterprise_users").await;
    assert_eq!(usernames(&page), ["p1000", "p1001"]);
    assert_eq!(page.json()[0]["email"], "p1000@example.com");
    let page = rest(&simulator, "owner", "/groups/acme/billable_members").await;
    assert_eq!((&*page.headers["x-total"], page.json()[0]["email"].clone()), ("154", Value::Null));

    for list in ["saml/identities", "scim/identities", "saml_users", "enterprise_users", "billable_members"] {
        let reply = rest(&simulator, "ada", &format!("/groups/acme/{list}")).await;
        assert_eq!(reply.status, 403, "{list} is for owners");
    }
    let reply = rest(&simulator, "owner", "/groups/101/saml_users").await;
    assert_eq!((reply.status, reply.json()), (400, json!({ "message": "Must be a top-level group" })));
}

#[tokio::test]
async fn lists_of_a_group_came_with_their_versions() {
    let mut world = acme();
    world.settings.version = "17.6.0-ee".parse().unwrap();
    let simulator = start(world).await;
    for list in ["saml_users", "enterprise_users"] {
        let reply = rest(&simulator, "owner", &format!("/groups/acme/{list}")).await;
        assert_eq!((reply.status, reply.json()), (404, json!({ "error": "404 Not Found" })));
    }
}

#[tokio::test]
async fn service_accounts_are_listed_apart() {
    let mut world = company();
    world.add_account(Account::of_kind(70, "deployer", AccountKind::ServiceAccount));
    let simulator = start(world).await;
    assert_eq!(usernames(&rest(&simulator, "admin", "/service_accounts").await), ["svc", "deployer"]);
    assert_eq!(rest(&simulator, "ada", "/service_accounts").await.status, 403);
}
