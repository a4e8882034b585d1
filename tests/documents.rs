//! Documents that are written from the code are up to date; with `UPDATE_DOCS` set they are written anew.

use std::path::Path;
use std::{env, fs};

use seatsync::app::config::reference;

#[test]
fn the_reference_of_the_configuration_is_written_from_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let generated = reference::reference();
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &generated).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == generated, "docs/configuration.md is out of date: run `cargo xtask docs`");
}
