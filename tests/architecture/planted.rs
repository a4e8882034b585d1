//! Small houses with a fault in each: a law that finds nothing in them would prove nothing.

use crate::house::House;
use crate::laws;
use crate::source_text::{lines_with, paths, tokens, without_tests};

fn house(files: &[(&str, &str)]) -> House {
    House::of(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
}

/// One file of each floor, as the laws want them.
fn sound() -> Vec<(&'static str, &'static str)> {
    vec![
        ("src/lib.rs", "//! The map.\npub mod model;\n"),
        ("src/main.rs", "//! In and out.\nfn main() { seatsync::app::main() }\n"),
        ("src/model/mod.rs", "//! Nouns.\npub mod person;\n"),
        ("src/model/person.rs", "//! A person.\npub struct Person;\n"),
        ("src/planning/mod.rs", "//! Verbs.\nuse crate::planning::rules::read;\n"),
        ("src/planning/rules.rs", "//! Rules.\nuse crate::model::person::Person;\n"),
        ("src/ports.rs", "//! What we need.\nuse crate::model::person::Person;\n"),
        ("src/sources/mod.rs", "//! Edges.\npub mod ldap;\npub mod csv;\n"),
        ("src/sources/ldap/source.rs", "//! LDAP.\nuse crate::ports::Source;\n"),
        ("src/sources/csv/source.rs", "//! CSV.\nuse crate::ports::Source;\n"),
        ("src/store/mod.rs", "//! State.\n"),
        ("src/sync/mod.rs", "//! The run.\nuse crate::{model::person::Person, planning};\n"),
        ("src/app/mod.rs", "//! The program.\nuse crate::app::wiring::wire;\n"),
        ("src/app/wiring.rs", "//! Wires.\nuse crate::{sources::ldap::source, store};\n"),
        ("src/app/config/mod.rs", "//! Meant.\nuse crate::sources::csv::source;\n"),
    ]
}

/// The sound house with one file replaced or added.
fn with(path: &'static str, text: &'static str) -> House {
    let mut files = sound();
    files.retain(|(kept, _)| *kept != path);
    files.push((path, text));
    house(&files)
}

/// That the law is silent on the sound house, and says this on the other.
fn finds(law: fn(&House) -> Vec<String>, planted: &House, breach: &str) {
    assert_eq!(law(&house(&sound())), Vec::<String>::new(), "in the sound house");
    assert_eq!(law(planted), [breach]);
}

#[test]
fn an_import_that_points_up_is_found() {
    finds(
        laws::imports_point_down,
        &with("src/model/person.rs", "//! A person.\nuse crate::planning::rules::read;\n"),
        "src/model/person.rs:2: `model` may not name `planning::rules::read`",
    );
}

#[test]
fn a_path_in_the_midst_of_code_is_an_import_too() {
    finds(
        laws::imports_point_down,
        &with("src/ports.rs", "//! Ports.\nfn f() {\n    g(crate::store::open);\n}\n"),
        "src/ports.rs:3: `ports` may not name `store::open`",
    );
}

#[test]
fn sources_that_know_each_other_are_found() {
    finds(
        laws::imports_point_down,
        &with("src/sources/csv/source.rs", "//! CSV.\nuse crate::sources::ldap::source::read;\n"),
        "src/sources/csv/source.rs:2: `sources/csv` may not name `sources::ldap::source::read`",
    );
}

#[test]
fn a_room_that_is_in_no_table_may_name_nobody() {
    finds(
        laws::imports_point_down,
        &with("src/helpers.rs", "//! Odds and ends.\nuse crate::model::person::Person;\n"),
        "src/helpers.rs:2: `helpers` may not name `model::person::Person`",
    );
}

#[test]
fn a_circle_is_found() {
    let planted = with("src/planning/rules.rs", "//! Rules.\nuse crate::planning::a::A;\n");
    let mut files: Vec<_> = planted.files.into_iter().map(|file| (file.path, file.text)).collect();
    for (name, other) in [("a", "b"), ("b", "rules")] {
        files.push((
            format!("src/planning/{name}.rs"),
            format!("//! {name}.\nuse crate::planning::{other}::X;\n"),
        ));
    }
    finds(
        laws::no_circles,
        &House::of(files),
        "a circle: src/planning/rules.rs -> src/planning/a.rs -> src/planning/b.rs -> src/planning/rules.rs",
    );
}

#[test]
fn a_room_that_uses_its_folder_is_found() {
    finds(
        laws::rooms_do_not_use_their_folder,
        &with("src/model/person.rs", "//! A person.\nuse crate::model::Everything;\n"),
        "src/model/person.rs:2: `model::Everything` is an item of src/model/mod.rs, the folder it is in",
    );
}

#[test]
fn a_room_that_uses_the_root_is_found() {
    finds(
        laws::rooms_do_not_use_their_folder,
        &with("src/model/person.rs", "//! A person.\nuse crate::Everything;\n"),
        "src/model/person.rs:2: `Everything` is an item of src/lib.rs, the folder it is in",
    );
}

#[test]
fn short_paths_reexports_and_types_at_the_root_are_found() {
    for (path, text, breach) in [
        ("src/model/person.rs", "//! P.\nuse super::Group;\n", "src/model/person.rs:2: `super::`"),
        (
            "src/model/mod.rs",
            "//! M.\npub use crate::model::person::Person;\n",
            "src/model/mod.rs:2: `pubuse`",
        ),
        ("src/model/mod.rs", "//! M.\npub(crate) use crate::x::Y;\n", "src/model/mod.rs:2: `pub(crate)use`"),
        ("src/lib.rs", "//! L.\npub struct Thing;\n", "src/lib.rs:2: `struct`"),
    ] {
        finds(laws::whole_paths_only, &with(path, text), breach);
    }
}

#[test]
fn everything_impure_is_found() {
    for (line, breach) in [
        ("pub async fn f() {}", "`async`"),
        ("fn f() { g().await }", "`await`"),
        ("use std::fs;", "`std::fs` in a pure room"),
        ("use std::{fmt, net::TcpStream};", "`std::net::TcpStream` in a pure room"),
        ("fn f() { std::env::var(\"HOME\") }", "`std::env::var` in a pure room"),
        ("use std::thread;", "`std::thread` in a pure room"),
        ("use std::thread::{scope, spawn};", "`std::thread::spawn` in a pure room"),
        ("use std::time::SystemTime;", "`SystemTime`"),
        ("fn f() { jiff::Timestamp::now() }", "`Timestamp::now`"),
        ("fn f() { println!(\"hello\") }", "`println`"),
        ("use tokio::sync::Mutex;", "`tokio::`"),
        ("fn f() { tracing::warn!(\"hello\") }", "`tracing::`"),
    ] {
        for room in ["model", "planning", "report"] {
            let path = format!("src/{room}/planted.rs");
            let mut files: Vec<_> =
                sound().iter().map(|(path, text)| ((*path).into(), (*text).into())).collect();
            files.push((path.clone(), format!("//! Planted.\n{line}\n")));
            finds(laws::pure_rooms_touch_nothing, &House::of(files), &format!("{path}:2: {breach}"));
        }
    }
}

#[test]
fn a_file_without_a_sentence_and_one_too_long_are_found() {
    finds(
        laws::files_are_introduced_and_short,
        &with("src/ports.rs", "use crate::model::person::Person;\n"),
        "src/ports.rs: does not open with a `//!` sentence",
    );
    let mut files: Vec<_> = sound().iter().map(|(path, text)| ((*path).into(), (*text).into())).collect();
    let long = format!("//! Long.\n{}", "const X: u8 = 0;\n".repeat(400));
    let tested =
        format!("//! Short.\nfn f() {{}}\n#[cfg(test)]\nmod tests {{\n{}}}\n", "// more\n".repeat(400));
    files.extend([("src/long.rs".to_owned(), long), ("src/tested.rs".to_owned(), tested)]);
    finds(
        laws::files_are_introduced_and_short,
        &House::of(files),
        "src/long.rs: 401 lines, and 400 are the most",
    );
}

#[test]
fn a_source_that_is_named_elsewhere_is_found() {
    finds(
        laws::sources_are_named_in_two_places,
        &with("src/app/commands/plan.rs", "//! Plan.\nuse crate::sources::ldap::source::Ldap;\n"),
        "src/app/commands/plan.rs:2: names the source `sources::ldap::source::Ldap`",
    );
}

#[test]
fn a_simulator_that_borrows_is_found() {
    let lines: String = (0..10).map(|number| format!("let number_{number} = {number};\n")).collect();
    let ours = house(&[("src/gitlab/wire.rs", &format!("//! Ours.\n{lines}"))]);
    let theirs = house(&[("simulator/src/wire.rs", &format!("//! Theirs.\nuse seatsync::x;\n{lines}"))]);
    assert_eq!(
        laws::the_simulator_is_another_hand(&ours, &theirs, "[dependencies]\nseatsync.path = \"..\"\n"),
        [
            "simulator/Cargo.toml: depends on the product",
            "simulator/src/wire.rs:2: `seatsync::`",
            "simulator/src/wire.rs: shares 10 lines with src/gitlab/wire.rs",
        ]
    );
}

#[test]
fn comments_strings_and_tests_are_no_code() {
    let text = r##"
        // use crate::a;
        /* crate::b /* crate::c */ crate::d */
        fn f<'a>(x: &'a str) { g("crate::e \" crate::f", 'x', '\'', b"crate::g", r#"crate::h " "#) }
        #[cfg(test)]
        mod tests { use crate::i; fn f() { { crate::j } } }
        #[cfg(test)]
        mod more_tests;
        use crate::k;
    "##;
    let found = paths(&without_tests(&tokens(text)), "crate");
    assert_eq!(found, [(vec!["k".to_owned()], 9)]);
}

#[test]
fn a_tree_of_imports_is_read_to_its_leaves() {
    let text = "use crate::{a, b::{self, c as d, e::*}, f::{}};\nuse crate::g;\n";
    let found: Vec<String> = paths(&tokens(text), "crate").iter().map(|(path, _)| path.join("::")).collect();
    assert_eq!(found, ["a", "b", "b::c", "b::e", "g"]);
    assert_eq!(lines_with(&tokens(text), "crate :: g"), [2]);
}
