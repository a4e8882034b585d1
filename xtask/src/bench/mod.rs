//! Measures whole processes: what a plan costs beside `ldapsearch` reading the same, and beside the fewest calls to GitLab.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::bench::company::Company;
use crate::bench::figures::{Figures, page};
use crate::bench::measure::{Measured, best, measure};
use crate::bench::servers::{GitLab, Slapd};
use crate::dist::AS_PACKAGED;
use crate::process::{TaskError, cargo, output, program, root, run, say, target};
use crate::setup;

mod changes;
mod company;
mod figures;
mod measure;
mod pushed;
mod scim;
mod servers;

/// Each is measured so often, in turn with its neighbour, and the least disturbed counts.
const ROUNDS: usize = 3;

/// Builds as for packages, measures, and writes `docs/benchmarks.md`; or measures what is pushed, and prints it.
pub(crate) fn bench(only_pushed: bool) -> Result<(), TaskError> {
    setup::setup()?;
    run(&mut cargo(
        &[&["build"], AS_PACKAGED, &["--package", "seatsync", "--package", "simulator"]].concat(),
    ))?;
    let everybody = Company { people: 100_000, in_groups: 100_000 };
    if only_pushed {
        say(&pushed::pushed(&everybody)?.line());
        return Ok(());
    }
    let mut rows = Vec::new();
    for (people, in_groups) in [(1_000, 1_000), (20_000, 20_000), (100_000, 100_000), (100_000, 2_000)] {
        let row = figures(&Company { people, in_groups })?;
        say(&row.line());
        rows.push(row);
    }
    let readings = changes::readings(&Company { people: 100_000, in_groups: 2_000 })?;
    let pulled = scim::pulled(&everybody)?;
    let pushed = pushed::pushed(&everybody)?;
    let planning =
        output(&mut cargo(&[&["bench", "--quiet"], AS_PACKAGED, &["--bench", "planning"]].concat()))?;
    let planning = String::from_utf8_lossy(&planning);
    say(planning.trim());
    write(&root().join("docs/benchmarks.md"), &page(&rows, planning.trim(), &readings, &pulled, &pushed))
}

/// Everything about one company, its directory and its GitLab running beside each other.
fn figures(company: &Company) -> Result<Figures, TaskError> {
    let folder = fresh_folder(company)?;
    let slapd = Slapd::start(&folder)?;
    let gitlab = GitLab::start(&folder)?;
    let config = folder.join("seatsync.toml");
    write(&config, &company.configuration(slapd.port, gitlab.port))?;

    let mut searches = Vec::new();
    let mut plans = Vec::new();
    for _ in 0..ROUNDS {
        searches.push(ldapsearch(company, slapd.port, &folder)?);
        gitlab.forget_calls()?;
        plans.push(plan(&config, &folder)?);
    }
    Ok(Figures {
        people: company.people,
        in_groups: company.in_groups,
        calls: gitlab.calls()?,
        fewest_calls: company.fewest_calls(),
        ldapsearch: best(searches),
        read: plans.iter().filter_map(Measured::source_read).min().unwrap_or_default(),
        plan: best(plans),
    })
}

/// With the company in it, as a directory and as a GitLab are to begin.
fn fresh_folder(company: &Company) -> Result<PathBuf, TaskError> {
    let folder = target().join("bench");
    if folder.exists() {
        let removed = fs::remove_dir_all(&folder);
        removed.map_err(|cause| TaskError::File { doing: "remove", path: folder.clone(), cause })?;
    }
    write(&folder.join("people.ldif"), &company.ldif())?;
    write(&folder.join("world.toml"), &company.world())?;
    Ok(folder)
}

/// The same groups and people, with the attributes that seatsync asks for, in pages of the same size.
fn ldapsearch(company: &Company, port: u16, folder: &Path) -> Result<Measured, TaskError> {
    let url = format!("ldap://127.0.0.1:{port}");
    let search = |filter: &str, attributes: &[&str]| {
        let mut command = program("ldapsearch");
        command.args(["-x", "-LLL", "-o", "ldif-wrap=no", "-E", "pr=1000/noprompt", "-H", &url]);
        command
            .args(["-D", company::READER, "-w", company::PASSWORD, "-b", company::SUFFIX, filter])
            .args(attributes);
        measure(&mut command, folder)
    };
    let groups = search(&company.groups_filter(), &["objectClass", "cn", "entryUUID", "member"])?;
    let people = search(&company.people_filter(), &["objectClass", "uid", "cn", "mail", "entryUUID"])?;
    Ok(groups.followed_by(people))
}

fn plan(config: &Path, folder: &Path) -> Result<Measured, TaskError> {
    let mut command = seatsync(&["plan", "-v", "--log-format", "json", "--format", "json"], config);
    command.arg("--out").arg(folder.join("plan.json"));
    measure(&mut command, folder)
}

fn seatsync(arguments: &[&str], config: &Path) -> Command {
    let mut command = program(target().join("dist/seatsync"));
    command.args(arguments).arg("--config").arg(config).stdout(Stdio::null());
    command.env("BENCH_PASSWORD", company::PASSWORD).env("BENCH_TOKEN", company::TOKEN);
    command.env("BENCH_PUSH", company::PUSH);
    command
}

fn write(path: &PathBuf, text: &str) -> Result<(), TaskError> {
    if let Some(folder) = path.parent() {
        let made = fs::create_dir_all(folder);
        made.map_err(|cause| TaskError::File { doing: "create", path: folder.to_owned(), cause })?;
    }
    fs::write(path, text).map_err(|cause| TaskError::File { doing: "write", path: path.clone(), cause })
}
