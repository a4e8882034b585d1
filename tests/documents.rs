//! Documents that are written from the code are up to date; with `UPDATE_DOCS` set, those that are not are written anew.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use jiff::civil::{Date, Time};
use seatsync::app::config::reference;

#[test]
fn the_reference_of_the_configuration_is_written_from_the_code() {
    document("docs/configuration.md", |_written| reference::reference());
}

/// All but the moment and the port, which are never the same.
#[test]
fn the_report_of_the_readme_is_what_the_demo_prints() {
    let demo = Command::new(env!("CARGO_BIN_EXE_seatsync")).arg("demo").output().unwrap();
    assert!(demo.status.success(), "{}", String::from_utf8_lossy(&demo.stderr));
    let printed = String::from_utf8(demo.stdout).unwrap();
    let (_, printed) = split(&printed, "$ seatsync plan\n");
    let (report, _) = split(printed, "\n$ seatsync apply");
    document("README.md", |readme| {
        let (before, rest) = split(readme, "$ seatsync plan\n");
        let (written, after) = split(rest, "```");
        let report = if timeless(report) == timeless(written) { written } else { report };
        format!("{before}$ seatsync plan\n{report}```{after}")
    });
}

/// Compares a file with what it should be, or writes it.
fn document(name: &str, generate: impl Fn(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let written = fs::read_to_string(&path).unwrap();
    let generated = generate(&written);
    if written != generated && env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, generated).unwrap();
        return;
    }
    assert!(written == generated, "{name} is out of date: run `cargo xtask docs`");
}

fn split<'t>(text: &'t str, at: &str) -> (&'t str, &'t str) {
    text.split_once(at).unwrap_or_else(|| panic!("no `{at}` in:\n{text}"))
}

/// The words of each line, with dates, times and addresses left blank.
fn timeless(report: &str) -> Vec<Vec<&str>> {
    let moment = |word: &str| word.parse::<Date>().is_ok() || word.parse::<Time>().is_ok();
    let blank = |word| if moment(word) || word.starts_with("http://127.0.0.1:") { "…" } else { word };
    report.lines().map(|line| line.split(' ').map(blank).collect()).collect()
}
