//! Members of another directory: they have their seats where a source knows them, are named where none does, and where it
//! cannot be asked nobody loses anything.

use std::fmt::Write as _;

use crate::support::company::{Company, PEOPLE, SUFFIX, SYSTEM, group_dn};
use crate::support::samba::{Options as SambaOptions, Samba, person_dn as samba_person_dn};
use crate::support::samba_reading::section;
use crate::support::slapd::{Options, Slapd};
use crate::support::stage::{PLATFORM, SMALL, Stage, company, ldap};

const ELSEWHERE: &str = "dc=example,dc=other";

/// What a person or group of the company is called in the other directory.
fn elsewhere(dn: &str) -> String {
    dn.replace(SUFFIX, ELSEWHERE)
}

fn zoe() -> String {
    elsewhere(&format!("uid=zoe,{PEOPLE}"))
}

/// The source `partner`, whose people are known to GitLab by their addresses alone.
fn partner(company: &Company) -> (Slapd, String) {
    let slapd = Slapd::start(&company.ldif, &Options { suffix: Some(ELSEWHERE), ..Options::default() });
    let section = format!(
        "[ldap.partner]\nurls = [\"{}\"]\nschema = \"rfc2307bis\"\nbase_dn = \"{ELSEWHERE}\"\n\
         bind = {{ dn = \"cn=reader,{}\", password = {{ env = \"LDAP_PASSWORD\" }} }}\nmatch_by = [\"email\"]\n",
        slapd.url(),
        elsewhere(SYSTEM),
    );
    (slapd, section)
}

/// The rule [`PLATFORM`] of the source `corp`, with more keys.
fn rule(keys: &str) -> String {
    format!(
        "{}\n{SMALL}",
        PLATFORM.replace(
            "groups = [\"platform\"]\n",
            &format!("source = \"corp\"\ngroups = [\"platform\"]\n{keys}\n")
        )
    )
}

/// The source `corp`, whose people GitLab knows by their identities alone.
fn corp(slapd: &Slapd) -> String {
    ldap(slapd, "reader") + "match_by = [\"identity\"]\nidentity_provider = \"ldapmain\"\n"
}

#[test]
fn a_member_whom_another_source_knows_is_matched_as_that_source_says() {
    let lost = elsewhere(&format!("uid=lost,{PEOPLE}"));
    let far = "uid=far,dc=nowhere,dc=test";
    let here = Slapd::start(&company(&["ada"], &["ada", &zoe(), &lost, far]).ldif, &Options::default());
    let (mut there, section) = partner(&company(&["zoe", "yan"], &["zoe"]));
    let stage = Stage::new(&["ada", "zoe"], 5);
    stage.configure(&(corp(&here) + &section), &rule(""));
    let ended = stage.run("apply --yes").exits(0);
    let outside = format!(
        "2 members of group `platform` are outside of source `corp`, and no other source knows them: `{far}`, `{lost}`"
    );
    ended.says(&outside);
    assert_eq!(stage.holders(), ["ada", "zoe"]);

    let plan = stage.run("plan --format json").exits(0).json();
    let decisions = plan["decisions"].as_array().unwrap();
    let zoe = decisions.iter().find(|decision| decision["account"]["username"] == "zoe").unwrap();
    assert_eq!(zoe["person"]["source"], "partner");
    assert_eq!(zoe["matched_by"], "email");
    assert_eq!(zoe["path"], serde_json::json!(["platform"]));
    assert_eq!(plan["sources"][1]["name"], "partner");
    stage.run("explain zoe").exits(0).says("in source partner").says("rule       platform").says("entitles");

    there.kill();
    let ended = stage.run("apply --yes").exits(5);
    ended.says("error[group_partial]").says("source `partner`, to which member").says("nobody loses a seat");
    assert_eq!(stage.holders(), ["ada", "zoe"]);
}

#[test]
fn whoever_may_not_use_their_account_there_has_no_seat_here() {
    let here = Slapd::start(&company(&["ada"], &["ada", &zoe()]).ldif, &Options::default());
    let mut company = Company::new();
    company.person_with("zoe", &["pwdAccountLockedTime: 000001010000Z"]);
    let (_there, section) = partner(&company);
    let stage = Stage::new(&["ada", "zoe"], 5);
    stage.configure(&(corp(&here) + &section), &rule(""));
    let ended = stage.run("apply --yes").exits(0);
    assert!(!ended.stdout.contains("outside"), "{ended}");
    assert_eq!(stage.holders(), ["ada"]);
}

#[test]
fn a_group_of_another_directory_brings_its_members_and_exceptions_hold_for_them() {
    let guests = elsewhere(&group_dn("guests"));
    let mut company_here = company(&["ada"], &["ada", &guests]);
    company_here.group("barred", &[&elsewhere(&format!("uid=yan,{PEOPLE}"))]);
    let here = Slapd::start(&company_here.ldif, &Options::default());
    let mut company_there = Company::new();
    company_there.person("zoe").person("yan").person("xia").group("guests", &["zoe", "yan"]);
    let (_there, section) = partner(&company_there);
    let stage = Stage::new(&["ada", "zoe", "yan", "xia"], 5);
    stage.configure(&(corp(&here) + &section), &rule("except_groups = [\"barred\"]"));
    stage.run("apply --yes").exits(0).says("platform > guests");
    assert_eq!(stage.holders(), ["ada", "zoe"]);
}

/// An entry of an Active Directory in an export of it.
fn entry(dn: &str, class: &str, lines: &[(&str, &[u8])]) -> String {
    let mut entry = format!("dn: {dn}\nobjectClass: {class}\n");
    for (attribute, value) in lines {
        writeln!(entry, "{attribute}:: {}", data_encoding::BASE64.encode(value))
            .expect("writing to a String cannot fail");
    }
    entry + "\n"
}

#[test]
fn a_stand_in_of_another_forest_is_whoever_has_its_sid() {
    let samba = Samba::start(&SambaOptions::default());
    let stage = Stage::new(&["ada", "bob", "zoe"], 5);
    // Of the two strangers in `partners`, an export of the other forest holds one.
    let sid: Vec<u8> = [1, 5, 0, 0, 0, 0, 0, 5]
        .into_iter()
        .chain([21_u32, 9, 9, 9, 1104].into_iter().flat_map(u32::to_le_bytes))
        .collect();
    let other = entry("DC=other,DC=test", "domain", &[])
        + &entry(
            "CN=zoe,DC=other,DC=test",
            "user",
            &[
                ("objectGUID", &[7; 16]),
                ("objectSid", &sid),
                ("sAMAccountName", b"zoe"),
                ("userAccountControl", b"512"),
            ],
        );
    stage.write("other.ldif", &other);
    let files = "[ldif.other]\npath = \"other.ldif\"\nschema = \"active_directory\"\n";
    let by_partners = rule("").replace("groups = [\"platform\"]", "groups = [\"partners\"]");
    stage.configure(&(section(&samba, "svc-reader") + files), &by_partners);
    let ended = stage.run("apply --yes").exits(0);
    ended
        .says("member `CN=S-1-5-21-9-9-9-1105,")
        .says("is outside of source `corp`, and no other source knows them");
    assert_eq!(stage.holders(), ["ada", "zoe"]);

    // And the other way round: an export names people of the domain by their SIDs.
    let bytes = samba.values(&samba_person_dn("bob"), "objectSid").pop().unwrap();
    let subs = bytes[8..].chunks(4).map(|sub| u32::from_le_bytes(sub.try_into().unwrap()).to_string());
    let stand_in = format!(
        "CN=S-1-5-{},CN=ForeignSecurityPrincipals,DC=other,DC=test",
        subs.collect::<Vec<_>>().join("-")
    );
    let group = entry(
        "CN=platform,DC=other,DC=test",
        "group",
        &[("objectGUID", &[8; 16]), ("cn", b"platform"), ("member", stand_in.as_bytes())],
    );
    let other = other + &entry(&stand_in, "foreignSecurityPrincipal", &[]) + &group;
    stage.write("other.ldif", &other);
    let of_other = rule("").replace("source = \"corp\"", "source = \"other\"");
    stage.configure(&(section(&samba, "svc-reader") + files), &of_other);
    stage.run("apply --yes --out o.json").exits(0);
    assert_eq!(stage.holders(), ["bob"]);
}
