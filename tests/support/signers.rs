//! Keys of people who sign plans, made and used by `ssh-keygen`.

use std::process::{Command, Output};

use crate::support::stage::Stage;

/// Makes a key in the files `name` and `name.pub` of the stage.
pub fn key(stage: &Stage, name: &str, kind: &str, passphrase: &str) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", kind, "-N", passphrase, "-C", name, "-f"])
        .arg(stage.path(name))
        .output();
    let made = made.expect("ssh-keygen is installed by `cargo xtask setup`");
    assert!(made.status.success(), "{made:?}");
}

pub fn public(stage: &Stage, name: &str) -> String {
    std::fs::read_to_string(stage.path(&format!("{name}.pub"))).expect("the key was made")
}

/// Allows these people to sign.
pub fn allow(stage: &Stage, names: &[&str]) {
    let line = |name: &&str| format!("{name}@example.com {}", public(stage, name));
    stage.write("allowed_signers", &names.iter().map(line).collect::<String>());
}

pub fn keygen(stage: &Stage, arguments: &str) -> Output {
    Command::new("ssh-keygen")
        .args(arguments.split(' '))
        .current_dir(stage.path(""))
        .output()
        .expect("it starts")
}

/// `ssh-keygen` signs the file, as a person would who trusts nothing else with the key.
pub fn sign_elsewhere(stage: &Stage, key: &str, namespace: &str, file: &str) {
    let signed = keygen(stage, &format!("-Y sign -n {namespace} -f {key} {file}"));
    assert!(signed.status.success(), "{signed:?}");
}
