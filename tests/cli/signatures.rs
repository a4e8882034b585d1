//! Signed approvals: what `ssh-keygen` signs is accepted, it accepts what we sign, and every way to apply something
//! unapproved is refused.

use std::process::Command;

use serde_json::{Value, json};

use crate::change_refused;
use crate::support::signers::{allow, key, public, sign_elsewhere};
use crate::support::stage::{Ended, LDIF, PLATFORM, SMALL, Stage};

/// What `[approval]` says besides `required`.
const ONE: &str = "";
const TWO: &str = "at_least = 2\n";

/// A stage on which bob is to lose a seat to cyd, beyond the limits, and nothing but a signed plan is an approval. The keys
/// `ada` and `bob` may sign, `eve` may not; the plan is written.
fn signed_stage(keys: &str) -> Stage {
    let stage = change_refused();
    for name in ["ada", "bob", "eve"] {
        key(&stage, name, "ed25519", "");
    }
    allow(&stage, &["ada", "bob"]);
    require(&stage, keys);
    stage.run("plan --out plan.json").exits(0);
    stage
}

fn require(stage: &Stage, keys: &str) {
    let approval = format!("[approval]\nrequired = true\nallowed_signers = \"allowed_signers\"\n{keys}");
    stage.configure(LDIF, &format!("{PLATFORM}\n{SMALL}max_revocations = 0\n\n{approval}"));
}

fn sign(stage: &Stage, key: &str) -> Ended {
    stage.run(&format!("approve plan.json --key {key} --out plan.json.{key}.sig")).exits(0)
}

#[track_caller]
fn refused(stage: &Stage, arguments: &str, words: &str) {
    let before = stage.holders();
    stage.gitlab.forget_requests();
    let ended = stage.run(arguments).exits(3).complains(words);
    ended.complains("hint: ");
    assert_eq!(stage.holders(), before);
    assert!(stage.writes().is_empty());
}

#[test]
fn ssh_keygen_accepts_what_we_sign_and_we_accept_what_it_signs() {
    for kind in ["ed25519", "rsa", "ecdsa"] {
        let stage = signed_stage(ONE);
        key(&stage, "carol", kind, "");
        allow(&stage, &["carol"]);

        let ended = stage.run("approve plan.json --key carol").exits(0);

        ended.says("approved: 2 changes of plan").says("signed by SHA256:").says("plan.json.sig");
        let verified = Command::new("ssh-keygen")
            .args(["-Y", "verify", "-f", "allowed_signers", "-I", "carol@example.com", "-n", "seatsync"])
            .args(["-s", "plan.json.sig"])
            .stdin(std::fs::File::open(stage.path("plan.json")).unwrap())
            .current_dir(stage.path(""))
            .output()
            .unwrap();
        assert!(verified.status.success(), "{kind}: {verified:?}");

        std::fs::remove_file(stage.path("plan.json.sig")).unwrap();
        sign_elsewhere(&stage, "carol", "seatsync", "plan.json");
        let ended = stage.run("apply plan.json").exits(0);
        ended.says("1 assigned, 1 revoked").says("approved by carol@example.com (SHA256:");
        assert_eq!(stage.holders(), ["ada", "cyd"], "{kind}");
    }
}

#[test]
fn two_people_approve_beyond_the_limits() {
    let stage = signed_stage(TWO);
    sign(&stage, "ada");
    refused(
        &stage,
        "apply plan.json",
        "2 people must have signed it (`at_least`), and only ada@example.com has",
    );
    sign(&stage, "bob");
    let ended = stage.run("apply plan.json --format json").exits(0).json();
    assert_eq!(ended["approved_by"][0]["name"], "ada@example.com");
    assert_eq!(ended["approved_by"][1]["name"], "bob@example.com");
    assert_eq!(stage.holders(), ["ada", "cyd"]);
}

#[test]
fn nothing_but_a_signature_is_an_approval() {
    let stage = signed_stage(ONE);
    let digest = stage.run("plan --format json").json()["digest"].as_str().unwrap().to_owned();
    let words = "`[approval] required` asks for a signed plan file";
    refused(&stage, "apply --yes", words);
    refused(&stage, &format!("apply --digest {digest}"), words);
    refused(&stage, &format!("apply --digest {digest} --yes"), words);
    refused(&stage, "apply plan.json --yes", "1 person must have signed it (`at_least`), and nobody has");
    refused(&stage, "apply plan.json --only-approved", "nobody has");
    // Within the limits too.
    require(&stage, "");
    let lenient = std::fs::read_to_string(stage.path("seatsync.toml")).unwrap();
    stage.write("seatsync.toml", &lenient.replace("max_revocations = 0", "max_revocations = 20"));
    refused(&stage, "apply --yes", words);
}

#[test]
fn a_signature_is_for_one_file_one_purpose_and_of_an_allowed_signer() {
    let stage = signed_stage(ONE);
    let attempt = |words: &str| {
        refused(&stage, "apply plan.json", words);
        std::fs::remove_file(stage.path("plan.json.sig")).unwrap();
    };
    sign_elsewhere(&stage, "eve", "seatsync", "plan.json");
    attempt("is not among the allowed signers");
    sign_elsewhere(&stage, "ada", "file", "plan.json");
    attempt("it was made for the namespace `file`, not for `seatsync`");
    stage.write("other.json", "{}");
    sign_elsewhere(&stage, "ada", "seatsync", "other.json");
    std::fs::rename(stage.path("other.json.sig"), stage.path("plan.json.sig")).unwrap();
    attempt("signed something else");
    stage.write("plan.json.sig", "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n");
    attempt("it is no SSH signature");
    stage.write("plan.json.sig", "");
    attempt("it is no SSH signature");
    // A stranger's signature beside a good one does no harm.
    sign(&stage, "eve");
    sign(&stage, "ada");
    stage.run("apply plan.json").exits(0);
}

#[test]
fn an_edited_plan_is_not_the_one_that_was_signed() {
    let stage = signed_stage(ONE);
    sign_elsewhere(&stage, "ada", "seatsync", "plan.json");
    let text = std::fs::read_to_string(stage.path("plan.json")).unwrap();
    // A blank is enough; a later date would otherwise let it live for ever.
    stage.write("plan.json", &format!("{text} "));
    refused(&stage, "apply plan.json", "signed something else");
    let mut plan: Value = serde_json::from_str(&text).unwrap();
    plan["made_at"] = json!("2099-01-01T00:00:00Z");
    stage.write("plan.json", &plan.to_string());
    refused(&stage, "apply plan.json", "signed something else");
    refused(&stage, "apply plan.json", "which is yet to come");
}

#[test]
fn one_signer_counts_once() {
    let stage = signed_stage(TWO);
    sign(&stage, "ada");
    std::fs::copy(stage.path("plan.json.ada.sig"), stage.path("plan.json.again.sig")).unwrap();
    refused(&stage, "apply plan.json", "2 people must have signed it");
    // The same person with two keys, and one key under two names.
    let (ada, eve) = (public(&stage, "ada"), public(&stage, "eve"));
    stage.write("allowed_signers", &format!("ada@example.com {ada}ada@example.com {eve}"));
    sign(&stage, "eve");
    refused(&stage, "apply plan.json", "only ada@example.com has");
    stage.write("allowed_signers", &format!("ada@example.com {ada}bob@example.com {ada}"));
    refused(&stage, "apply plan.json", "2 people must have signed it");
}

#[test]
fn an_approval_expires_and_a_key_may_too() {
    let stage = signed_stage("valid_for = \"0s\"\n");
    sign(&stage, "ada");
    refused(&stage, "apply plan.json", "an approval is valid for 0 days from then (`valid_for`)");
    require(&stage, ONE);
    let ada = public(&stage, "ada");
    for (options, words) in [
        ("valid-before=\"20200101\"", "might sign only before 2020-01-01"),
        ("valid-after=\"20990101Z\"", "may sign only from 2099-01-01"),
        ("namespaces=\"git,file\"", "may not sign in the namespace `seatsync`"),
    ] {
        stage.write("allowed_signers", &format!("ada@example.com {options} {ada}"));
        refused(&stage, "apply plan.json", words);
    }
    stage.write("allowed_signers", &format!("ada@example.com namespaces=\"git,seatsync\" {ada}"));
    stage.run("apply plan.json").exits(0);
}

#[test]
fn who_may_sign_is_never_guessed() {
    let stage = signed_stage(ONE);
    sign(&stage, "ada");
    for (text, words) in [
        ("", "it names nobody"),
        ("# nobody yet\n", "it names nobody"),
        ("* ssh-ed25519 AAAA", "`*` is a pattern"),
        ("ada@example.com cert-authority ssh-ed25519 AAAA", "`cert-authority` is not supported"),
        ("ada@example.com ssh-ed25519 garbage", "line 1 has no public key that can be read"),
    ] {
        stage.write("allowed_signers", text);
        let ended = stage.run("apply plan.json").exits(2).complains("does not say who may sign");
        ended.complains(words).complains("hint: ");
    }
    std::fs::remove_file(stage.path("allowed_signers")).unwrap();
    stage.run("apply plan.json").exits(2).complains("it cannot be read");
    stage.configure(LDIF, &format!("{PLATFORM}\n[approval]\nrequired = true\n"));
    stage.run("apply plan.json").exits(2).complains("nobody is named who may sign");
    assert_eq!(stage.holders(), ["ada", "bob"]);
}

#[test]
fn a_signed_plan_that_moved_or_is_for_another_gitlab_is_refused() {
    let stage = signed_stage(ONE);
    sign(&stage, "ada");
    stage.company(&["ada", "bob", "cyd"], &["cyd"]);
    refused(&stage, "apply plan.json", "the plan has moved since it was approved");
    stage.company(&["ada", "bob", "cyd"], &["ada", "cyd"]);
    // Rules that decide otherwise make another plan.
    let config = std::fs::read_to_string(stage.path("seatsync.toml")).unwrap();
    stage.write("seatsync.toml", &config.replace("grace = \"0d\"", "grace = \"0d\"\nprotect = [\"bob\"]"));
    refused(&stage, "apply plan.json", "the plan has moved since it was approved");

    let elsewhere = signed_stage(ONE);
    for file in ["plan.json", "plan.json.ada.sig", "allowed_signers"] {
        std::fs::copy(stage.path(file), elsewhere.path(file)).unwrap();
    }
    refused(&elsewhere, "apply plan.json", "the plan was made for");
}

#[test]
fn an_approval_is_used_once() {
    let stage = signed_stage(ONE);
    sign(&stage, "ada");
    stage.run("apply plan.json").exits(0);
    // Somebody puts everything back by hand: the plan is the same again, within its days.
    stage.take_seat("cyd");
    stage.give_seat("bob");
    stage.state("DELETE FROM holdings");
    let config = std::fs::read_to_string(stage.path("seatsync.toml")).unwrap();
    stage.write("seatsync.toml", &config.replace("grace = \"0d\"", "grace = \"0d\"\nrevoke = \"all\""));
    let plan = |name: &str| -> Value {
        serde_json::from_str(&std::fs::read_to_string(stage.path(name)).unwrap()).unwrap()
    };
    stage.run("plan --out again.json").exits(0);
    assert_eq!(plan("again.json")["digest"], plan("plan.json")["digest"]);

    for arguments in ["apply plan.json", "apply plan.json --only-approved"] {
        refused(&stage, arguments, "the approval was used: run 2 carried out 2 of its 2 changes");
    }
    stage.run("approve again.json --key ada").exits(0);
    stage.run("apply again.json").exits(0);
    assert_eq!(stage.holders(), ["ada", "cyd"]);
}

#[test]
fn whoever_runs_it_is_not_the_one_who_approves() {
    let stage = signed_stage("four_eyes = true\n");
    sign(&stage, "ada");
    let own = "the signature of ada@example.com does not count";
    refused(&stage, "apply plan.json --as ada@example.com", own);
    refused(&stage, "apply plan.json --as ada", own);
    refused(&stage, "apply plan.json", "nothing says it: `--as NAME`");
    let mut pipeline = stage.command("apply plan.json");
    let ended = Ended::of(pipeline.env("GITLAB_USER_EMAIL", "Ada@example.com").output().unwrap());
    ended.exits(3).complains(own);
    stage.run("apply plan.json --as bob@example.com").exits(0);
    assert_eq!(stage.holders(), ["ada", "cyd"]);
}

#[test]
fn an_encrypted_key_signs_with_its_passphrase() {
    let stage = signed_stage(ONE);
    key(&stage, "dan", "ed25519", "correct horse");
    stage
        .run("approve plan.json --key dan")
        .exits(1)
        .complains("nobody is there to be asked")
        .complains("hint: ");
    stage.write("pass", "wrong\n");
    stage
        .run("approve plan.json --key dan --passphrase-file pass")
        .exits(1)
        .complains("is not that of the key");
    stage.write("pass", "correct horse\n");
    stage.run("approve plan.json --key dan --passphrase-file pass").exits(0);
    let mut command = stage.command("approve plan.json --key dan --out second.sig");
    Ended::of(command.env("SEATSYNC_KEY_PASSPHRASE", "correct horse").output().unwrap()).exits(0);
    stage
        .run("approve plan.json --key ada")
        .exits(1)
        .complains("there is a signature at `plan.json.sig` already");
    stage
        .run("approve plan.json --key ada.pub")
        .exits(1)
        .complains("failed to read the private key `ada.pub`");
}

#[test]
fn signatures_that_nobody_asked_for_are_looked_at_all_the_same() {
    let stage = signed_stage(ONE);
    sign(&stage, "ada");
    sign(&stage, "eve");
    let config = std::fs::read_to_string(stage.path("seatsync.toml")).unwrap();
    stage.write("seatsync.toml", &config.replace("required = true", "required = false"));
    refused(&stage, "apply plan.json --signature plan.json.eve.sig", "is not among the allowed signers");
    stage.run("apply plan.json --signature plan.json.ada.sig").exits(0).says("approved by ada@example.com");
}

#[test]
fn check_reads_who_may_sign() {
    let stage = signed_stage(ONE);
    stage.run("check").exits(0);
    stage.write("allowed_signers", "*@example.com ssh-ed25519 AAAA\n");
    let ended = stage.run("check").exits(1);
    ended.says(
        "does not say who may sign: line 1: `*@example.com` is a pattern and names nobody in particular",
    );
}
