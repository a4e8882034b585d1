//! Installs the servers that the tests start, and what all features are built with.

use crate::process::{TaskError, output, program, root, run, say, succeeds};
use crate::servers;

/// The packages of Debian and Ubuntu, whose places the tests expect.
const PACKAGES: &[&str] = &[
    "slapd",
    "ldap-utils",
    "libsasl2-modules",
    "openssh-client",
    "postgresql",
    "prometheus",
    // A mail server.
    "python3-aiosmtpd",
    // An Active Directory domain controller, and what makes a domain for it.
    "samba",
    "samba-ad-dc",
    "samba-ad-provision",
    "samba-dsdb-modules",
    "samba-vfs-modules",
    "python3-samba",
    "winbind",
    "krb5-user",
    "libsasl2-modules-gssapi-mit",
    // What the feature `gssapi` is built with.
    "libkrb5-dev",
    "libclang-dev",
    // What installs servers that are on PyPI alone.
    "python3-pip",
    // What the feature `saml` is built with, and a second opinion of signatures.
    "libxmlsec1-dev",
    "pkg-config",
    "xmlsec1",
    // Identity providers.
    "php-cli",
    "php-mbstring",
    "php-sqlite3",
    "php-xml",
    "python3-pysaml2",
    "simplesamlphp",
    // A browser for the HTML report, and what drives it.
    "chromium",
    "chromium-driver",
    // With these come the servers that only PyPI has; those of npm need an `npm`, of whatever origin.
    "python3-venv",
];

/// An OpenTelemetry collector in Rust, whose wheel holds its program.
const COLLECTOR: &str = "rotel==0.0.1a15";

/// Does nothing where all is there. Elsewhere it installs, packages of Debian as root, or says the line to type.
pub(crate) fn setup() -> Result<(), TaskError> {
    packages()?;
    collector()?;
    servers::install()
}

fn packages() -> Result<(), TaskError> {
    if !succeeds(program("dpkg-query").arg("--version")) {
        return Err(TaskError::Refused(
            "the tests start servers as Debian and Ubuntu lay them out, and this is neither\n\
             hint: run them in a container: podman run --rm -v \"$PWD:/src:z\" -w /src docker.io/library/rust:1.95 \
             cargo xtask test"
                .to_owned(),
        ));
    }
    let node = if succeeds(program("npm").arg("--version")) { &[][..] } else { &["nodejs", "npm"] };
    let wanted = PACKAGES.iter().chain(node).copied();
    let missing: Vec<&str> = wanted.filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if output(program("id").arg("-u"))? != b"0\n" {
        return Err(TaskError::Refused(format!(
            "the tests need {}\nhint: sudo env RUNLEVEL=1 apt-get install --no-install-recommends {}",
            missing.join(", "),
            missing.join(" ")
        )));
    }
    say(&format!("installing what the tests start: {}", missing.join(", ")));
    run(program("apt-get").args(["update", "--quiet"]))?;
    run(program("apt-get")
        .args(["install", "--yes", "--quiet", "--no-install-recommends"])
        .args(missing)
        .env("DEBIAN_FRONTEND", "noninteractive")
        // The tests start servers of their own; none is to run as a service (invoke-rc.d(8)).
        .env("RUNLEVEL", "1"))
}

/// Below `target`, where the tests look for it.
fn collector() -> Result<(), TaskError> {
    let folder = root().join("target/collector");
    let program_there = folder.join("rotel/rotel-agent");
    let wanted = folder.join("rotel-0.0.1a15.dist-info");
    if wanted.exists() && succeeds(program(&program_there).arg("version")) {
        return Ok(());
    }
    say(&format!("installing {COLLECTOR} into {}", folder.display()));
    run(program("/usr/bin/python3")
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--upgrade",
            "--only-binary=:all:",
            "--target",
        ])
        .arg(&folder)
        .arg(COLLECTOR))?;
    // A wheel does not say that it may be run.
    run(program("chmod").arg("+x").arg(&program_there))
}

fn is_installed(package: &str) -> bool {
    let mut query = program("dpkg-query");
    query.args(["--show", "--showformat", "${db:Status-Status}", package]);
    query.output().is_ok_and(|output| output.stdout == b"installed")
}
