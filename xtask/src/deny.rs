//! Licences, advisories, sources and bans of the dependencies, by cargo-deny.

use std::collections::BTreeSet;
use std::fs;

use crate::process::{TaskError, cargo, root, run, say, succeeds};

/// Runs cargo-deny. Without it, what `Cargo.lock` alone can tell is checked, and the rest is said to be left undone.
pub(crate) fn deny() -> Result<(), TaskError> {
    if succeeds(&mut cargo(&["deny", "--version"])) {
        return run(&mut cargo(&["deny", "--workspace", "--locked", "check"]));
    }
    let read = |name: &str| {
        let path = root().join(name);
        fs::read_to_string(&path).map_err(|cause| TaskError::File { doing: "read", path, cause })
    };
    let complaints = complaints(&read("Cargo.lock")?, &read("deny.toml")?);
    if !complaints.is_empty() {
        return Err(TaskError::Refused(complaints.join("\n")));
    }
    say("bans and sources hold in Cargo.lock");
    say("NOT RUN: licences and advisories, as cargo-deny is not installed");
    say("hint: cargo install --locked cargo-deny");
    Ok(())
}

/// Crates of the lock file that `deny.toml` bans, or that come from elsewhere than crates.io.
fn complaints(lock: &str, policy: &str) -> Vec<String> {
    let quoted = |line: &str, before: &str| {
        let rest = line.trim().strip_prefix(before)?;
        rest.split('"').nth(1).map(ToOwned::to_owned)
    };
    let banned: BTreeSet<String> = policy.lines().filter_map(|line| quoted(line, "{ crate = ")).collect();
    let mut complaints = Vec::new();
    for package in lock.split("[[package]]").skip(1) {
        let value = |key: &str| package.lines().find_map(|line| quoted(line, key));
        let Some(name) = value("name = ") else { continue };
        if banned.contains(&name) {
            complaints.push(format!("`{name}` is banned by deny.toml"));
        }
        match value("source = ") {
            Some(source) if source != "registry+https://github.com/rust-lang/crates.io-index" => {
                complaints.push(format!("`{name}` comes from {source}"));
            }
            Some(_) | None => {}
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use crate::deny::complaints;

    #[test]
    fn a_banned_crate_and_one_from_elsewhere_are_refused() {
        let lock = "version = 4\n\n[[package]]\nname = \"openssl\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n\n\
                    [[package]]\nname = \"fork\"\nsource = \"git+https://example.com/fork\"\n\n[[package]]\nname = \"ours\"\n";
        let policy = "deny = [\n  { crate = \"openssl\", reason = \"\" },\n]\n";
        assert_eq!(
            complaints(lock, policy),
            ["`openssl` is banned by deny.toml", "`fork` comes from git+https://example.com/fork"]
        );
    }
}
