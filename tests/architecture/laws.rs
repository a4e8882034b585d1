//! The laws of the house. Each takes a house and gives what breaks it, one line a breach; none means that it holds.

use std::collections::{BTreeMap, BTreeSet};

use crate::house::{File, House, room};
use crate::source_text::{lines_with, paths};

/// Who may name whom. A room may always name itself; one that is not listed may name nobody.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("main", &["app"]),
    (
        "app",
        &[
            "sync",
            "sources",
            "membership",
            "scim_user",
            "http",
            "gitlab",
            "store",
            "notify",
            "provisioning",
            "signatures",
            "report",
            "planning",
            "ports",
            "model",
        ],
    ),
    ("sync", &["planning", "ports", "model"]),
    ("sources", &["http", "membership", "scim_user", "ports", "model"]),
    ("gitlab", &["http", "ports", "model"]),
    ("store", &["ports", "model"]),
    ("notify", &["http", "ports", "model"]),
    ("signatures", &["ports", "model"]),
    ("provisioning", &["ports", "model"]),
    ("report", &["model"]),
    ("planning", &["model"]),
    ("ports", &["model"]),
    ("http", &[]),
    ("membership", &["model"]),
    ("scim_user", &["model"]),
    ("model", &[]),
];

/// 1a. Imports point down: see the table. A source is a room of its own.
pub fn imports_point_down(house: &House) -> Vec<String> {
    let name = |room: &str| room.split('/').next().unwrap_or_default().to_owned();
    let mut breaches = Vec::new();
    for arrow in house.arrows() {
        let (from, to) = (arrow.from.room(), room(&arrow.path));
        let allowed = MAY_IMPORT.iter().find(|(room, _)| *room == name(&from)).map_or(&[][..], |(_, to)| to);
        // The folder of all sources holds nothing but its rooms.
        let within = from == to || (from == "sources" && name(&to) == "sources");
        if !within && !allowed.contains(&name(&to).as_str()) {
            let path = arrow.path.join("::");
            breaches.push(format!("{}:{}: `{from}` may not name `{path}`", arrow.from.path, arrow.line));
        }
    }
    breaches
}

/// 1b. No circles: following the imports, no file comes back to itself.
pub fn no_circles(house: &House) -> Vec<String> {
    let mut names: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for arrow in house.arrows() {
        if let Some(to) = arrow.to.filter(|to| to.path != arrow.from.path) {
            names.entry(&arrow.from.path).or_default().insert(&to.path);
        }
    }
    let mut breaches = Vec::new();
    let mut cleared = BTreeSet::new();
    for file in &house.files {
        circle(&file.path, &names, &mut Vec::new(), &mut cleared, &mut breaches);
    }
    breaches
}

fn circle<'h>(
    at: &'h str,
    names: &BTreeMap<&'h str, BTreeSet<&'h str>>,
    way: &mut Vec<&'h str>,
    cleared: &mut BTreeSet<&'h str>,
    breaches: &mut Vec<String>,
) {
    if let Some(start) = way.iter().position(|&passed| passed == at) {
        breaches.push(format!("a circle: {} -> {at}", way[start..].join(" -> ")));
    } else if !cleared.contains(at) {
        way.push(at);
        for next in names.get(at).into_iter().flatten() {
            circle(next, names, way, cleared, breaches);
        }
        way.pop();
        cleared.insert(at);
    }
}

/// 1c. A folder's `mod.rs` may use its rooms; its rooms never use it.
pub fn rooms_do_not_use_their_folder(house: &House) -> Vec<String> {
    let mut breaches = Vec::new();
    for arrow in house.arrows() {
        let Some(to) = arrow.to.filter(|to| to.is_folder() || to.module.is_empty()) else { continue };
        if to.path != arrow.from.path && arrow.from.module.starts_with(&to.module) {
            let path = arrow.path.join("::");
            breaches.push(format!(
                "{}:{}: `{path}` is an item of {}, the folder it is in",
                arrow.from.path, arrow.line, to.path
            ));
        }
    }
    breaches
}

/// 1d. One name for one thing: whole paths, no re-exports, and nothing but modules in `lib.rs`.
pub fn whole_paths_only(house: &House) -> Vec<String> {
    let mut breaches = Vec::new();
    for file in &house.files {
        for phrase in ["super ::", "self ::", "pub use", "pub ( crate ) use"] {
            breaches.extend(breaches_of(file, phrase));
        }
        if file.path == "src/lib.rs" {
            for item in ["struct", "enum", "trait", "type", "fn", "impl", "use", "const", "static"] {
                breaches.extend(breaches_of(file, item));
            }
        }
    }
    breaches
}

/// 2. The pure rooms: no async, file, socket, environment, clock or print.
pub fn pure_rooms_touch_nothing(house: &House) -> Vec<String> {
    const WORDS: &[&str] =
        &["async", "await", "SystemTime", "Instant", "dbg", "print", "println", "eprint", "eprintln"];
    const PHRASES: &[&str] = &["Timestamp :: now", "Zoned :: now", "extern crate", "tracing ::"];
    const STD: &[&str] = &["env", "fs", "io", "net", "os", "process", "thread"];
    const CRATES: &[&str] =
        &["axum", "governor", "indicatif", "ldap3", "reqwest", "rustls", "simulator", "sqlx", "tokio"];
    let mut breaches = Vec::new();
    for file in house.files.iter().filter(|file| {
        ["model", "membership", "scim_user", "planning", "report"].contains(&file.room().as_str())
    }) {
        for phrase in WORDS.iter().chain(PHRASES) {
            breaches.extend(breaches_of(file, phrase));
        }
        for (path, line) in paths(&file.tokens, "std") {
            let is_scope = path.iter().eq(["thread", "scope"]);
            if !is_scope && path.first().is_some_and(|first| STD.contains(&first.as_str())) {
                breaches.push(format!("{}:{line}: `std::{}` in a pure room", file.path, path.join("::")));
            }
        }
        for name in CRATES {
            breaches.extend(breaches_of(file, &format!("{name} ::")));
        }
    }
    breaches
}

/// 3. Every file says in its first sentence what it is for, and can be read in one sitting.
pub fn files_are_introduced_and_short(house: &House) -> Vec<String> {
    const LONGEST: usize = 400;
    let mut breaches = Vec::new();
    for file in &house.files {
        let introduction: Vec<&str> = file.text.lines().map_while(|line| line.strip_prefix("//! ")).collect();
        let introduction = introduction.join(" ");
        if !introduction.ends_with(['.', ':', ')', '`']) && !introduction.contains(". ") {
            breaches.push(format!("{}: does not open with a `//!` sentence", file.path));
        }
        // The tests at the end of a file do not make it harder to read.
        let lines = file.tokens.last().map_or_else(|| file.text.lines().count(), |token| token.line);
        if lines > LONGEST {
            breaches.push(format!("{}: {lines} lines, and {LONGEST} are the most", file.path));
        }
    }
    breaches
}

/// 4. Adding a source touches its own folder, `app/config` and `app/wiring`.
pub fn sources_are_named_in_two_places(house: &House) -> Vec<String> {
    let mut breaches = Vec::new();
    for arrow in
        house.arrows().iter().filter(|arrow| arrow.path.first().is_some_and(|name| name == "sources"))
    {
        let module = arrow.from.module.join("/");
        let own = arrow.from.room() == room(&arrow.path);
        if !own && module != "app/wiring" && module != "app/config" && !module.starts_with("app/config/") {
            let path = arrow.path.join("::");
            breaches.push(format!("{}:{}: names the source `{path}`", arrow.from.path, arrow.line));
        }
    }
    breaches
}

/// The simulator judges the product, so it shares no code with it: no dependency, and no ten lines in a row.
pub fn the_simulator_is_another_hand(house: &House, simulator: &House, manifest: &str) -> Vec<String> {
    const RUN: usize = 10;
    let mut breaches = Vec::new();
    if manifest.lines().any(|line| line.trim_start().starts_with("seatsync")) {
        breaches.push("simulator/Cargo.toml: depends on the product".to_owned());
    }
    for file in &simulator.files {
        breaches.extend(breaches_of(file, "seatsync ::"));
    }
    let runs = |file: &File| -> Vec<String> {
        let lines = file.text.lines().map(str::trim).filter(|line| line.len() > 1 && !line.starts_with("//"));
        lines.collect::<Vec<_>>().windows(RUN).map(|run| run.join("\n")).collect()
    };
    let ours: BTreeMap<String, &str> = house
        .files
        .iter()
        .flat_map(|file| runs(file).into_iter().map(|run| (run, file.path.as_str())))
        .collect();
    for file in &simulator.files {
        if let Some(twin) = runs(file).iter().find_map(|run| ours.get(run)) {
            breaches.push(format!("{}: shares {RUN} lines with {twin}", file.path));
        }
    }
    breaches
}

fn breaches_of(file: &File, phrase: &str) -> Vec<String> {
    let name = phrase.replace(' ', "");
    lines_with(&file.tokens, phrase).iter().map(|line| format!("{}:{line}: `{name}`", file.path)).collect()
}
