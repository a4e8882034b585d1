//! Installs the servers that the tests start, and what all features are built with.

use crate::process::{TaskError, output, program, run, say, succeeds};

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
    // A browser for the HTML report, and what drives it.
    "chromium",
    "chromium-driver",
];

/// Does nothing where all is there. Elsewhere it installs as root, or says the line to type.
pub(crate) fn setup() -> Result<(), TaskError> {
    if !succeeds(program("dpkg-query").arg("--version")) {
        return Err(TaskError::Refused(
            "the tests start servers as Debian and Ubuntu lay them out, and this is neither\n\
             hint: run them in a container: podman run --rm -v \"$PWD:/src:z\" -w /src docker.io/library/rust:1.95 \
             cargo xtask test"
                .to_owned(),
        ));
    }
    let missing: Vec<&str> = PACKAGES.iter().copied().filter(|package| !is_installed(package)).collect();
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

fn is_installed(package: &str) -> bool {
    let mut query = program("dpkg-query");
    query.args(["--show", "--showformat", "${db:Status-Status}", package]);
    query.output().is_ok_and(|output| output.stdout == b"installed")
}
