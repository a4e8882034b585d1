//! Several sources, one person: the same account seen by two of them is one claimant.

use serde_json::json;

use crate::support::scim_company::Registrar;
use crate::support::scim_servers::ScimServer;
use crate::support::stage::{LDIF, SMALL, Stage};
use crate::{platform, scim};

const RULES: &str = "[[rule]]\nname = \"by directory\"\nadd_on = \"duo_enterprise\"\nsource = \"corp\"\ngroups = [\"platform\"]\nrank = 20\n\n\
                     [[rule]]\nname = \"by provider\"\nadd_on = \"duo_enterprise\"\nsource = \"idp\"\ngroups = [\"platform\"]\nrank = 10\n\n\
                     [[rule]]\nname = \"by list\"\nadd_on = \"duo_enterprise\"\nsource = \"hr\"\ngroups = [\"platform\"]\nrank = 30\n\n\
                     [add_on.duo_enterprise]\ngrace = \"0d\"\n";

#[test]
fn entitlements_of_several_sources_join_and_each_is_explained() {
    let server = ScimServer::scim2(false);
    let registrar = Registrar::new(&server.url);
    let (group, people) = platform(&registrar, &["ada", "bob"]);
    let stage = Stage::new(&["ada", "bob", "cyd"], 10);
    stage.company(&["ada", "cyd"], &["ada", "cyd"]);
    stage.write("hr.csv", "id,username,email,groups\n1,ada,ada@example.test,platform\n");
    let sources = format!("{}\n{LDIF}\n[csv.hr]\npath = \"hr.csv\"\n", scim(&server.url));
    stage.configure(&sources, &format!("{RULES}\n{SMALL}"));
    let plan = stage.run("plan --format json").exits(0).json();
    let decided = plan["decisions"].as_array().unwrap();
    let told: Vec<String> = decided
        .iter()
        .map(|one| {
            format!("{} {} {}", one["account"]["username"], one["rule"], one["person"]["source"])
                .replace('"', "")
        })
        .collect();
    assert_eq!(told, ["ada by provider corp", "bob by provider idp", "cyd by directory corp"]);

    let explained = stage.run("explain ada").exits(0);
    for words in ["idp", "corp", "hr", "by provider", "by directory", "by list"] {
        assert!(explained.stdout.contains(words), "{words}\n{explained}");
    }

    // Who leaves one source keeps the seat by the other.
    stage.run("apply --yes").exits(0);
    registrar.set_members("platform", &group, vec![json!({ "value": people[1] })]);
    let plan = stage.run("plan").exits(0);
    assert!(!plan.stdout.contains("- ada"), "{plan}");
    // One source that cannot be read takes no seat of the other's.
    drop(server);
    stage.company(&["ada", "cyd"], &["ada"]);
    stage.run("apply --yes").exits(5);
    assert_eq!(stage.holders(), ["ada", "bob", "cyd"]);
}
