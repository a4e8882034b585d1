//! The command line as scripts know it: exit codes, approvals, formats, words, and what is never shown.

mod approvals;
mod exit_codes;
mod explaining;
mod foreign_members;
mod formats;
mod people;
mod signatures;
#[path = "../support/mod.rs"]
mod support;
mod undoing;
mod what_if;
mod words;

use support::stage::{LDIF, PLATFORM, SMALL, Stage};

/// A stage on which bob is to lose a seat to cyd, of two.
fn change_pending() -> Stage {
    let stage = Stage::new(&["ada", "bob", "cyd"], 2);
    stage.company(&["ada", "bob", "cyd"], &["ada", "bob"]).run("apply --yes").exits(0);
    stage.company(&["ada", "bob", "cyd"], &["ada", "cyd"]);
    stage.gitlab.forget_requests();
    stage
}

/// The same, with a guard that refuses.
fn change_refused() -> Stage {
    let stage = change_pending();
    stage.configure(LDIF, &format!("{PLATFORM}\n{SMALL}max_revocations = 0\n"));
    stage
}
