//! What reading costs the directory: everything, the groups that rules name, and what has changed since.

use std::time::Duration;

use crate::bench::company::{self, Company};
use crate::bench::measure::{Measured, best};
use crate::bench::servers::{GitLab, Slapd};
use crate::bench::{ROUNDS, fresh_folder, ldapsearch, plan, seatsync, write};
use crate::process::{TaskError, program, run};

/// How many people change between two readings.
const CHANGES: usize = 10;

/// One way to read.
pub(crate) struct Reading {
    pub(crate) what: &'static str,
    pub(crate) wall: Duration,
    pub(crate) cost: Cost,
}

/// What slapd counted while one program ran.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// Sent by the server.
    pub(crate) bytes: u64,
    pub(crate) searches: u64,
}

/// The same people and groups in each of these ways.
pub(crate) fn readings(company: &Company) -> Result<Vec<Reading>, TaskError> {
    let folder = fresh_folder(company)?;
    let slapd = Slapd::start(&folder)?;
    let gitlab = GitLab::start(&folder)?;
    let (whole, changes) = (folder.join("whole.toml"), folder.join("changes.toml"));
    write(&whole, &company.configuration(slapd.port, gitlab.port))?;
    write(&changes, &company.incremental(slapd.port, gitlab.port))?;
    run(&mut seatsync(&["apply", "--yes"], &changes))?;

    let reading = |what, read: &dyn Fn() -> Result<Measured, TaskError>| -> Result<Reading, TaskError> {
        let (mut runs, mut cost) = (Vec::new(), None);
        for _ in 0..ROUNDS {
            let before = counters(slapd.port)?;
            runs.push(read()?);
            cost = Some(counters(slapd.port)?.since(before));
        }
        let run = best(runs);
        let wall = run.source_read().unwrap_or(run.wall);
        Ok(Reading { what, wall, cost: cost.expect("there is at least one round") })
    };
    let everything = reading("`ldapsearch`, everybody", &|| ldapsearch(company, slapd.port, &folder))?;
    let groups = reading("whole", &|| plan(&whole, &folder))?;
    let nothing = reading("incremental, nothing changed", &|| plan(&changes, &folder))?;
    let renaming = folder.join("renaming.ldif");
    write(&renaming, &company.renaming(CHANGES))?;
    let url = format!("ldap://127.0.0.1:{}", slapd.port);
    let mut modify = program("ldapmodify");
    modify.args(["-x", "-H", &url, "-D", company::ADMIN, "-w", company::PASSWORD, "-f"]).arg(&renaming);
    run(modify.stdout(std::process::Stdio::null()))?;
    let some = reading("incremental, 10 people changed", &|| plan(&changes, &folder))?;
    Ok(vec![everything, groups, nothing, some])
}

/// From the server's own record (slapd-monitor(5)).
fn counters(port: u16) -> Result<Cost, TaskError> {
    let url = format!("ldap://127.0.0.1:{port}");
    let mut search = program("ldapsearch");
    search.args(["-x", "-LLL", "-H", &url, "-D", company::READER, "-w", company::PASSWORD]);
    search.args(["-b", "cn=Monitor", "(|(cn=Bytes)(cn=Search))", "monitorCounter", "monitorOpCompleted"]);
    let said = crate::process::output(&mut search)?;
    let said = String::from_utf8_lossy(&said);
    let number = |name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|value| value.trim().parse().ok())
            .ok_or_else(|| TaskError::Refused(format!("slapd does not tell its `{name}`")))
    };
    Ok(Cost { bytes: number("monitorCounter:")?, searches: number("monitorOpCompleted:")? })
}

impl Cost {
    /// Asking for the counters is a search itself.
    fn since(self, before: Cost) -> Cost {
        Cost { bytes: self.bytes - before.bytes, searches: self.searches - before.searches - 1 }
    }
}
