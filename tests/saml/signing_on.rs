//! People sign on at real identity providers, and have their seats by what these say.

use crate::mint::Mint;
use crate::parties::{Party, Site};
use crate::sidecar::{Answer, SERVE, Sidecar};
use crate::support::explained::{is_explained, is_nobody};
use crate::support::stage::{LDIF, PLATFORM, SMALL, Stage};

const ENTITY: &str = "https://seatsync.example.test/saml/idp/metadata";
const ACS: &str = "https://seatsync.example.test/saml/idp/acs";

/// The source, whose metadata lies in a file.
const SAML: &str = "[saml.idp]\nurl = \"https://seatsync.example.test\"\nmetadata = \"idp.xml\"\nvalid_for = \"7d\"\n\
                    attributes = { groups = \"groups\", email = \"mail\" }\n";

/// Not while the test lasts.
const SCHEDULE: &str = "[[schedule]]\nname = \"nightly\"\nevery = \"365d\"\n";

fn stage(people: &[&str], keys: &str) -> Stage {
    let stage = Stage::new(people, 10);
    configure(&stage, keys);
    stage
}

fn configure(stage: &Stage, keys: &str) {
    stage.write("serve.token", "the-token");
    stage.configure(&format!("{SAML}{keys}\n"), &format!("{PLATFORM}\n{SMALL}\n{SERVE}\n{SCHEDULE}"));
}

/// Posts what a browser would.
fn post(sidecar: &Sidecar, response: &str) -> Answer {
    let escaped = response.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let body = format!("SAMLResponse={escaped}&RelayState=");
    sidecar.ask(&format!(
        "POST /saml/idp/acs HTTP/1.1\r\nHost: seatsync\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ))
}

/// Where sign-on begins: the sidecar sends the browser on to the identity provider.
fn begin(sidecar: &Sidecar, query: &str) -> String {
    let answer = sidecar.get("/saml/idp");
    assert_eq!(answer.status, 303, "{}\n{}", answer.body, sidecar.log());
    let location = answer.head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
    format!("{location}{query}")
}

/// A sidecar that leads, and hears people.
fn started(stage: &Stage) -> Sidecar {
    let sidecar = Sidecar::start(stage);
    sidecar.eventually("it leads", |sidecar| sidecar.metric("seatsync_leader") == Some(1.0));
    sidecar.eventually("people can be heard", |_| !stage.state("SELECT source FROM saml_sources").is_empty());
    sidecar
}

/// A sidecar, and an identity provider that knows it.
fn met(stage: &Stage, party: impl Fn(&Site<'_>) -> Party, people: &[(&str, &str)]) -> (Sidecar, Party) {
    let sidecar = started(stage);
    let metadata = sidecar.get("/saml/idp/metadata");
    assert_eq!(metadata.status, 200);
    let party = party(&Site { entity_id: ENTITY, acs: ACS, metadata: &metadata.body, people });
    stage.write("idp.xml", &party.metadata);
    (sidecar, party)
}

/// The source has been open, and what was said was said, so many days longer ago.
fn days_pass(stage: &Stage, days: i64, who: &str) {
    let microseconds = days * 86_400_000_000;
    stage.state(&format!("UPDATE saml_sources SET open_since = open_since - {microseconds}"));
    stage.state(&format!(
        "UPDATE saml_testimonies SET said_at = said_at - {microseconds} WHERE person LIKE '%!{who}'"
    ));
}

#[test]
fn a_word_of_pysaml2_brings_a_seat_and_lapses() {
    let mint = Mint::new();
    let stage = stage(&["ada", "bob", "eve"], "");
    let people = [("ada", "platform sre"), ("bob", "platform"), ("eve", "guests")];
    let (sidecar, party) = met(&stage, |site| Party::pysaml2(&mint, site, "both"), &people);
    for (person, words) in [("ada", "named 2 groups"), ("bob", "named 1 group"), ("eve", "named 1 group")] {
        let response = party.signed_on(&begin(&sidecar, &format!("&user={person}")), person);
        let answer = post(&sidecar, &response);
        assert_eq!(answer.status, 200, "{}\n{}", answer.body, sidecar.log());
        assert!(answer.body.contains(words), "{}", answer.body);
    }
    assert_eq!(
        sidecar.metric("seatsync_saml_assertions_total{source=\"idp\",outcome=\"taken_in\"}"),
        Some(3.0)
    );

    // Whoever proved their groups has a seat; of the others nothing is known yet.
    stage.run("apply --yes").exits(5).says("people can prove their groups since");
    assert_eq!(stage.holders(), ["ada", "bob"]);

    // A week later bob has not come again, and ada has, in fewer groups.
    days_pass(&stage, 7, "bob");
    party.says("ada", "platform");
    let response = party.signed_on(&begin(&sidecar, "&user=ada"), "ada");
    assert_eq!(post(&sidecar, &response).status, 200, "{}", sidecar.log());
    stage.run("apply --yes").exits(0).says("in no group any rule names");
    assert_eq!(stage.holders(), ["ada"]);
}

#[test]
fn nobody_loses_a_seat_while_the_state_is_new_or_the_door_was_shut() {
    let mint = Mint::new();
    let stage = stage(&["ada", "bob"], "");
    stage.give_seat("bob");
    let (sidecar, party) = met(&stage, |site| Party::pysaml2(&mint, site, "both"), &[("ada", "platform")]);
    let all = || {
        let rest = PLATFORM.replace("grace = \"0d\"", "grace = \"0d\"\nrevoke = \"all\"");
        stage.configure(SAML, &format!("{rest}\n{SMALL}\n{SERVE}\n{SCHEDULE}"));
    };
    all();
    let response = party.signed_on(&begin(&sidecar, "&user=ada"), "ada");
    assert_eq!(post(&sidecar, &response).status, 200, "{}", sidecar.log());
    stage.run("apply --yes").exits(5);
    assert_eq!(stage.holders(), ["ada", "bob"]);
    sidecar.stop();

    // The door was open for a week, and then shut for two days: whoever wanted to come then could not.
    days_pass(&stage, 8, "nobody");
    let two_days = 2 * 86_400_000_000_i64;
    stage.state(&format!("UPDATE saml_sources SET attended_at = attended_at - {two_days}"));
    let sidecar = started(&stage);
    sidecar.eventually("people can be heard again", |_| {
        let since = stage.state("SELECT CAST(attended_at - open_since AS TEXT) FROM saml_sources");
        since == ["0"]
    });
    stage.run("apply --yes").exits(5);
    assert_eq!(stage.holders(), ["ada", "bob"]);
    sidecar.stop();

    // The state is lost: nothing says that it was not.
    for name in ["state.db", "state.db-wal", "state.db-shm"] {
        drop(std::fs::remove_file(stage.path(name)));
    }
    stage.run("apply --yes").exits(5).says("nobody could prove their groups yet");
    assert_eq!(stage.holders(), ["ada", "bob"]);
}

#[test]
fn somebody_who_proved_other_groups_is_found_by_every_name() {
    let mint = Mint::new();
    let stage = stage(&["ada", "eve"], "");
    let people = [("ada", "platform"), ("eve", "guests")];
    let (sidecar, party) = met(&stage, |site| Party::pysaml2(&mint, site, "both"), &people);
    for (person, _) in people {
        let response = party.signed_on(&begin(&sidecar, &format!("&user={person}")), person);
        assert_eq!(post(&sidecar, &response).status, 200, "{}", sidecar.log());
    }
    days_pass(&stage, 7, "nobody");
    sidecar.stop();
    let eve = stage.state("SELECT person FROM saml_testimonies WHERE person LIKE '%!eve'").remove(0);
    let names = ["eve", "EVE@example.test", &eve];
    for name in names {
        is_explained(&stage, name, &eve, "idp");
    }
    is_nobody(&stage, "guests");

    // Where no rule is about the source, it is asked for those alone.
    stage.company(&["ada"], &["ada"]);
    let of_corp = PLATFORM.replace("groups =", "source = \"corp\"\ngroups =");
    stage.configure(&format!("{SAML}{LDIF}"), &format!("{of_corp}\n{SMALL}"));
    for name in names {
        stage.run(&format!("explain {name}")).exits(0).says(&format!("{eve}   in source idp\n"));
    }
    // Words that hold no more are nobody's.
    days_pass(&stage, 7, "eve");
    is_nobody(&stage, &eve);
}

#[test]
fn the_same_assertion_is_believed_once_also_after_a_restart() {
    let mint = Mint::new();
    let stage = stage(&["ada"], "");
    let (sidecar, party) =
        met(&stage, |site| Party::pysaml2(&mint, site, "assertion"), &[("ada", "platform")]);
    let response = party.signed_on(&begin(&sidecar, "&user=ada"), "ada");
    assert_eq!(post(&sidecar, &response).status, 200, "{}", sidecar.log());
    let again = post(&sidecar, &response);
    assert_eq!(again.status, 403);
    // Whoever tries is not told why; the log is.
    assert!(!again.body.contains("replayed") && again.body.contains("is not believed"), "{}", again.body);
    sidecar.logs("reason=\"replayed\"");
    let (_, log) = sidecar.stop();
    assert!(!log.contains("ada"), "{log}");
    let sidecar = started(&stage);
    assert_eq!(post(&sidecar, &response).status, 403);
    sidecar.logs("reason=\"replayed\"");

    // Handing it in as a file is no way around that.
    stage.write("response.b64", &response);
    stage
        .run("saml accept response.b64")
        .exits(1)
        .complains("`response.b64` is refused: it was taken in before");
    // A request of another state, or one that was answered, is none of ours.
    let response = party.signed_on(&begin(&sidecar, "&user=ada"), "ada");
    stage.state("DELETE FROM saml_requests");
    assert_eq!(post(&sidecar, &response).status, 403);
    sidecar.logs("reason=\"in_response_to\"");
}

#[test]
fn a_word_of_simplesamlphp_brings_a_seat_also_encrypted() {
    let mint = Mint::new();
    let ours = Mint::new();
    let algorithms = [
        None,
        Some("http://www.w3.org/2001/04/xmlenc#aes256-cbc"),
        Some("http://www.w3.org/2009/xmlenc11#aes128-gcm"),
    ];
    for encrypt in algorithms {
        let stage =
            stage(&["ada"], "decryption_key = { file = \"sp.key\" }\ndecryption_certificate = \"sp.crt\"\n");
        stage.write("sp.key", &ours.key_pem());
        stage.write("sp.crt", &ours.certificate_pem());
        let party = |site: &Site<'_>| {
            let certificate =
                site.metadata.split("X509Certificate>").nth(1).unwrap().trim_end_matches("</ds:");
            assert_eq!(certificate, ours.certificate_text());
            Party::simplesamlphp(&mint, site, encrypt, &ours.certificate_pem())
        };
        let (sidecar, party) = met(&stage, party, &[("ada", "platform")]);
        let response = party.signed_on(&begin(&sidecar, ""), "ada");
        let answer = post(&sidecar, &response);
        assert_eq!(answer.status, 200, "{encrypt:?} {}\n{}", answer.body, sidecar.log());
        stage.run("apply --yes").exits(5);
        assert_eq!(stage.holders(), ["ada"]);
        sidecar.stop();
        if encrypt.is_some() {
            configure(&stage, "");
            stage.write("response.b64", &response);
            stage.state("DELETE FROM saml_assertions");
            stage
                .run("saml accept response.b64")
                .exits(1)
                .complains("encrypted, and `decryption_key` is not set");
        }
    }
}

#[test]
fn people_who_were_heard_of_are_asked_about_again() {
    let mint = Mint::new();
    let stage = stage(&["ada", "bob"], "query_after = \"1h\"\n");
    let people = [("ada", "platform"), ("bob", "platform")];
    let (sidecar, party) = met(&stage, |site| Party::pysaml2(&mint, site, "response"), &people);
    for person in ["ada", "bob"] {
        let response = party.signed_on(&begin(&sidecar, &format!("&user={person}")), person);
        assert_eq!(post(&sidecar, &response).status, 200, "{}", sidecar.log());
    }
    stage.run("apply --yes").exits(5);
    // Nothing is old enough to be asked about.
    stage.run("saml refresh").exits(0).says("0 answered, 0 refused, 0 not reached");
    days_pass(&stage, 7, "nobody");
    stage.state("UPDATE saml_testimonies SET said_at = said_at - 7200000000");
    party.says("bob", "guests");
    stage.run("saml refresh").exits(0).says("2 answered, 0 refused, 0 not reached");
    stage.run("apply --yes").exits(0);
    assert_eq!(stage.holders(), ["ada"]);
    stage.state("UPDATE saml_testimonies SET said_at = said_at - 7200000000");
    drop(party);
    stage.run("saml refresh").exits(1).says("0 answered, 0 refused, 2 not reached");
    assert_eq!(stage.holders(), ["ada"]);
    sidecar.stop();
}

#[test]
fn check_says_what_is_wrong_with_the_metadata() {
    let stage = stage(&["ada"], "");
    let checked = stage.run("check").exits(5);
    let checked = checked.says("failed to read").says("paths are relative to the configuration file");
    assert!(!checked.stdout.contains("ok       source idp"), "{checked}");
    stage.write(
        "idp.xml",
        "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"urn:idp\"><IDPSSODescriptor \
         protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"/></EntityDescriptor>",
    );
    stage.run("check").exits(5).says("it names no key with which `urn:idp` signs: nothing could be believed");
    stage.write("idp.xml", "<!DOCTYPE x><EntityDescriptor/>");
    stage.run("check").exits(5).says("it has a document type");
    let both = stage.run("saml accept nothing.xml neither.xml").exits(1);
    both.complains("failed to read `nothing.xml`").complains("failed to read `neither.xml`");
    stage.run("saml refresh").exits(2).complains("nobody is asked about: `[saml.idp]` has no `query_after`");
}

#[test]
fn strangers_at_the_door_are_turned_away() {
    let stage = stage(&["ada"], "");
    let sidecar = started(&stage);
    assert_eq!(sidecar.get("/saml/nobody").status, 404);
    // The metadata of the identity provider is not there yet.
    assert_eq!(sidecar.get("/saml/idp").status, 503);
    stage.write("idp.xml", &Mint::new().metadata(""));
    assert_eq!(sidecar.get("/saml/idp").status, 303);
    assert_eq!(post(&sidecar, "no base64!").status, 403);
    sidecar.logs("reason=\"base64\"");
    assert_eq!(post(&sidecar, "PCFET0NUWVBFIHg+PHgvPg==").status, 403);
    sidecar.logs("reason=\"document_type\"");
    assert_eq!(post(&sidecar, &"A".repeat(1_700_000)).status, 413);
    let posted = |kind: &str, body: &str| {
        let length = body.len();
        sidecar.ask(&format!(
            "POST /saml/idp/acs HTTP/1.1\r\nHost: seatsync\r\nConnection: close\r\nContent-Type: {kind}\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        ))
    };
    assert_eq!(posted("text/xml", "<x/>").status, 415);
    assert_eq!(posted("application/x-www-form-urlencoded", "RelayState=x").status, 422);
    // Only so many requests wait; whoever makes them up finds that out.
    stage.state(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10000) \
         INSERT INTO saml_requests SELECT '_' || n, 'idp', 9000000000000000 FROM n",
    );
    assert_eq!(sidecar.get("/saml/idp").status, 503);
}
