//! Plans that wait are approved by files in a folder: signed ones where the configuration asks for that.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::sidecar::{SERVE, Sidecar, TOKEN};
use crate::support::signers::{allow, key, sign_elsewhere};
use crate::support::stage::{LDIF, PLATFORM, SMALL, Stage};

const SIGNED: &str = "[approval]\nrequired = true\nallowed_signers = \"allowed_signers\"\n";

/// Bob is to lose his seat, and the mode and `approval` say who decides.
fn stage(mode: &str, approval: &str) -> Stage {
    let stage = Stage::seated(&["ada", "bob"], 2);
    stage.company(&["ada", "bob"], &["ada"]);
    stage.write("serve.token", TOKEN);
    fs::create_dir(stage.path("approved")).unwrap();
    fs::set_permissions(stage.path("approved"), fs::Permissions::from_mode(0o755)).unwrap();
    let schedule = format!("[[schedule]]\nname = \"nightly\"\nevery = \"1h\"\nmode = \"{mode}\"\n");
    let limits = format!("{SMALL}max_revocations = 0\n");
    stage.configure(
        LDIF,
        &format!("{PLATFORM}\n{limits}\n{approval}\n{SERVE}approved = \"approved\"\n\n{schedule}"),
    );
    stage
}

/// A stage on which `ada` may sign, and `eve` has a key too.
fn signed_stage(mode: &str) -> Stage {
    let stage = stage(mode, SIGNED);
    for name in ["ada", "eve"] {
        key(&stage, name, "ed25519", "");
    }
    allow(&stage, &["ada"]);
    stage
}

/// Starts it, and waits until its plan waits.
fn waiting(stage: &Stage) -> Sidecar {
    let sidecar = Sidecar::start(stage);
    sidecar.ran("awaiting_approval", 1);
    sidecar
}

/// What a person would sign.
fn latest(sidecar: &Sidecar) -> String {
    sidecar.get_as("/plans/latest", TOKEN).body
}

#[test]
fn a_signed_plan_in_the_folder_is_applied_within_seconds_and_once() {
    for mode in ["approve", "auto"] {
        let stage = signed_stage(mode);
        let sidecar = waiting(&stage);
        assert_eq!(stage.holders(), ["ada", "bob"]);

        stage.write("plan.json", &latest(&sidecar));
        sign_elsewhere(&stage, "ada", "seatsync", "plan.json");
        fs::rename(stage.path("plan.json"), stage.path("approved/plan.json")).unwrap();
        fs::rename(stage.path("plan.json.sig"), stage.path("approved/plan.json.sig")).unwrap();

        sidecar.ran("applied", 1);
        assert_eq!(stage.holders(), ["ada"], "{mode}");
        assert!(sidecar.log().contains("the plan is approved file=Some(\"plan.json\") keys=[\"SHA256:"));

        // Somebody gives it back by hand: the same plan again, and the approval is used up.
        stage.give_seat("bob");
        stage.state("DELETE FROM holdings");
        let config = fs::read_to_string(stage.path("seatsync.toml")).unwrap();
        stage.write("seatsync.toml", &config.replace("grace = \"0d\"", "grace = \"0d\"\nrevoke = \"all\""));
        sidecar.signal("HUP");
        sidecar.logs("the configuration was read again");
        sidecar.signal("USR1");
        sidecar.logs("the approval was used: run 2 carried out 1 of its 1 changes");
        assert_eq!(stage.holders(), ["ada", "bob"]);
    }
}

#[test]
fn whoever_may_not_sign_approves_nothing() {
    let stage = signed_stage("auto");
    let sidecar = waiting(&stage);
    stage.write("approved/plan.json", &latest(&sidecar));
    sidecar.logs("so many people must have signed it: 1, and so many have: 0");

    sign_elsewhere(&stage, "eve", "seatsync", "approved/plan.json");
    sidecar.logs("is not among the allowed signers");
    fs::remove_file(stage.path("approved/plan.json.sig")).unwrap();
    sign_elsewhere(&stage, "ada", "file", "approved/plan.json");
    sidecar.logs("it was made for the namespace `file`, not for `seatsync`");
    assert_eq!(stage.holders(), ["ada", "bob"]);

    fs::remove_file(stage.path("approved/plan.json.sig")).unwrap();
    sign_elsewhere(&stage, "ada", "seatsync", "approved/plan.json");
    sidecar.ran("applied", 1);
    assert_eq!(stage.holders(), ["ada"]);
    for personal in ["ada@", "eve@", "bob"] {
        assert!(!sidecar.log().contains(personal), "{personal} is in the log:\n{}", sidecar.log());
    }
}

#[test]
fn an_approval_of_other_days_or_other_changes_is_none() {
    let stage = stage("approve", "");
    let sidecar = waiting(&stage);
    let plan = latest(&sidecar);
    let mut old: Value = serde_json::from_str(&plan).unwrap();
    old["made_at"] = "2020-01-01T00:00:00Z".into();
    stage.write("approved/old.json", &old.to_string());
    sidecar.logs("it was made at 2020-01-01T00:00:00Z, longer ago than `valid_for`");

    let mut edited: Value = serde_json::from_str(&plan).unwrap();
    for decision in edited["decisions"].as_array_mut().unwrap() {
        decision["verdict"] = "revoke".into();
    }
    stage.write("approved/edited.json", &edited.to_string());
    sidecar.logs("was edited: its changes have the digest");
    stage.write("approved/notes.json", "{}");
    sidecar.logs("is no plan that `seatsync plan --out` wrote");
    assert_eq!(stage.holders(), ["ada", "bob"]);

    // The plan moves: nobody is in the group any more.
    stage.company(&["ada", "bob", "cyd"], &["cyd"]);
    stage.write("approved/plan.json", &plan);
    sidecar.logs("the plan has moved since it was approved");
    assert_eq!(stage.holders(), ["ada", "bob"]);
}

#[test]
fn without_required_signatures_whoever_may_write_the_folder_approves() {
    let stage = stage("auto", "");
    let sidecar = waiting(&stage);
    let open = fs::Permissions::from_mode(0o777);
    fs::set_permissions(stage.path("approved"), open).unwrap();
    let plan = latest(&sidecar);
    stage.write("approved/plan.json", &plan);
    sidecar.logs("everybody on this machine may write it, and nothing in it needs a signature");
    assert_eq!(stage.holders(), ["ada", "bob"]);

    fs::set_permissions(stage.path("approved"), fs::Permissions::from_mode(0o755)).unwrap();
    stage.write("approved/.copied", &plan);
    fs::rename(stage.path("approved/.copied"), stage.path("approved/again.json")).unwrap();
    sidecar.ran("applied", 1);
    assert_eq!(stage.holders(), ["ada"]);
}
