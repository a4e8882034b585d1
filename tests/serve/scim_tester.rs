//! `scim2-tester`, a checker of SCIM 2.0 service providers by another hand, finds nothing wrong.

use std::path::Path;
use std::process::Command;

use crate::provider::{PUSH, receiving};

#[test]
fn scim2_tester_passes_whole() {
    let (_stage, sidecar) = receiving(&[], "");
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-servers/scim2-tester/bin/scim2");
    let tested = Command::new(&program)
        .args(["-u", &format!("http://{}/scim/v2/entra", sidecar.address), "test"])
        .env("SCIM_CLI_HEADERS", format!("Authorization: Bearer {PUSH}"))
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}; `cargo xtask setup` installs it", program.display()));
    let told = String::from_utf8_lossy(&tested.stdout);
    let wrong: Vec<&str> = told.lines().filter(|line| !line.starts_with("SUCCESS")).collect();
    assert!(tested.status.success() && told.matches("SUCCESS").count() > 100, "{told}");
    for word in ["ERROR", "CRITICAL", "SKIPPED"] {
        assert!(!told.contains(word), "{word}: {}", wrong.join("\n"));
    }
}
