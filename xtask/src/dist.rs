//! One archive with the program and what belongs to it.

use std::fs;
use std::path::Path;

use crate::process::{TaskError, cargo, output, program, root, run, say, target};

/// Builds with the profile `dist` and packs `target/seatsync-VERSION-TARGET.tar.gz`.
pub(crate) fn dist() -> Result<(), TaskError> {
    run(&mut cargo(&["build", "--profile", "dist", "--all-features", "--locked", "--package", "seatsync"]))?;
    let name = format!("seatsync-{}-{}", env!("CARGO_PKG_VERSION"), host()?);
    let staging = target().join("staging");
    let folder = staging.join(&name);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|cause| TaskError::File {
            doing: "remove",
            path: folder.clone(),
            cause,
        })?;
    }
    let binary = target().join("dist/seatsync");
    copy(&binary, &folder.join("bin/seatsync"))?;
    for (arguments, file) in [
        (&["man"][..], "share/man/man1/seatsync.1"),
        (&["completions", "bash"], "share/bash-completion/completions/seatsync"),
        (&["completions", "zsh"], "share/zsh/site-functions/_seatsync"),
        (&["completions", "fish"], "share/fish/vendor_completions.d/seatsync.fish"),
        (&["config-schema"], "share/seatsync/config.schema.json"),
    ] {
        write(&folder.join(file), &output(program(&binary).args(arguments))?)?;
    }
    for (from, to) in [
        ("config.example.toml", "share/seatsync/config.example.toml"),
        ("packaging/seatsync.service", "lib/systemd/system/seatsync.service"),
        ("packaging/seatsync.timer", "lib/systemd/system/seatsync.timer"),
        ("docs/configuration.md", "share/doc/seatsync/configuration.md"),
    ] {
        copy(&root().join(from), &folder.join(to))?;
    }
    let archive = target().join(format!("{name}.tar.gz"));
    // The same files make the same archive, whoever packs them.
    run(program("tar")
        .args([
            "--create",
            "--gzip",
            "--sort=name",
            "--owner=0",
            "--group=0",
            "--numeric-owner",
            "--mtime=@0",
        ])
        .arg("--file")
        .arg(&archive)
        .arg("--directory")
        .arg(&staging)
        .arg(&name))?;
    say(&format!("packed {}", archive.display()));
    Ok(())
}

/// The target that rustc builds for here.
fn host() -> Result<String, TaskError> {
    let version = String::from_utf8_lossy(&output(program("rustc").arg("-vV"))?).into_owned();
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(ToOwned::to_owned).ok_or_else(|| TaskError::Refused("`rustc -vV` names no host".to_owned()))
}

fn copy(from: &Path, to: &Path) -> Result<(), TaskError> {
    folder_of(to)?;
    let failed = |cause| TaskError::File { doing: "copy", path: from.to_owned(), cause };
    fs::copy(from, to).map(drop).map_err(failed)
}

fn write(to: &Path, text: &[u8]) -> Result<(), TaskError> {
    folder_of(to)?;
    fs::write(to, text).map_err(|cause| TaskError::File { doing: "write", path: to.to_owned(), cause })
}

fn folder_of(file: &Path) -> Result<(), TaskError> {
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder).map_err(|cause| TaskError::File {
        doing: "create",
        path: folder.to_owned(),
        cause,
    })
}
