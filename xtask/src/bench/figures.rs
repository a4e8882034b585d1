//! The figures as Markdown.

use std::fs;
use std::time::Duration;

use crate::bench::changes::Reading;
use crate::bench::measure::Measured;
use crate::bench::pushed::Pushed;
use crate::bench::scim::Pulled;
use crate::process::{output, program};

/// What was measured of one company.
pub(crate) struct Figures {
    pub(crate) people: usize,
    pub(crate) in_groups: usize,
    pub(crate) ldapsearch: Measured,
    /// How long the directory took to read, within the plan.
    pub(crate) read: Duration,
    pub(crate) plan: Measured,
    pub(crate) calls: usize,
    pub(crate) fewest_calls: usize,
}

impl Figures {
    /// A row of the table.
    pub(crate) fn line(&self) -> String {
        let ratio = self.read.as_secs_f64() / self.ldapsearch.wall.as_secs_f64();
        let cells = [
            thousands(self.people),
            thousands(self.in_groups),
            seconds(self.ldapsearch.wall),
            seconds(self.read),
            format!("{ratio:.2}"),
            seconds(self.plan.wall),
            mib(self.plan.peak_kib),
            thousands(self.calls),
            thousands(self.fewest_calls),
        ];
        format!("| {} |", cells.join(" | "))
    }
}

/// The document. `planning` is what the bench of planning says.
pub(crate) fn page(
    rows: &[Figures],
    planning: &str,
    readings: &[Reading],
    pulled: &Pulled,
    pushed: &Pushed,
) -> String {
    let rows: Vec<String> = rows.iter().map(Figures::line).collect();
    let readings: Vec<String> = readings.iter().map(reading).collect();
    format!(
        "{INTRODUCTION}{}\n\n{PLANNING}{planning}.\n\n{READINGS}{}\n\n{PULLED}{}\n\n{PUSHED}{}\n\nMeasured on {}.\n",
        rows.join("\n"),
        readings.join("\n"),
        pulled.line(),
        pushed.line(),
        machine()
    )
}

impl Pushed {
    /// The row of its table.
    pub(crate) fn line(&self) -> String {
        let each = self.push.as_secs_f64() * 1000.0 / self.requests as f64;
        let cells = [
            thousands(self.people),
            thousands(self.groups),
            thousands(self.memberships),
            thousands(self.requests),
            seconds(self.push),
            format!("{each:.2} ms"),
            mib(self.peak_kib),
            seconds(self.read),
            seconds(self.plan.wall),
            mib(self.plan.peak_kib),
        ];
        format!("| {} |", cells.join(" | "))
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}

fn mib(kib: u64) -> String {
    format!("{} MiB", kib.div_ceil(1024))
}

fn reading(reading: &Reading) -> String {
    let Reading { what, wall, cost } = reading;
    let (seconds, kib) =
        (wall.as_secs_f64(), thousands(usize::try_from(cost.bytes.div_ceil(1024)).unwrap_or(0)));
    format!("| {what} | {seconds:.3} s | {kib} KiB | {} |", cost.searches)
}

const PULLED: &str = "## Pulled over SCIM

The same people in 1,000 groups, of which one holds the others, from a service provider that keeps ready-made pages in memory; filters are
offered, pages have 100 users. **curl** reads the same pages and groups over one connection and throws them away.

| people | groups | curl | read | ratio | plan | peak memory | requests |
| --: | --: | --: | --: | --: | --: | --: | --: |
";

const PLANNING: &str = "## Deciding alone

`cargo bench --profile dist --all-features --bench planning` has a company in memory and nobody to talk to: everyone is in two groups of a hundred, and half of
the people hold a seat. Of five rounds on two cores, the least disturbed counts.

";

const READINGS: &str = "## What reading costs the directory

The last of these companies: 100,000 people, of whom 2,000 are in the groups that rules name. What the server sent and how often it
searched, it counted itself (slapd-monitor(5)). `incremental = true` reads what has changed since an apply has read all.

| reading | time | sent by the server | searches |
| --- | --: | --: | --: |
";

const PUSHED: &str = "## What is pushed

An identity provider pushes all people, 1,000 groups and 300 members of each over SCIM into a sidecar with an empty state in an SQLite file: one request a
person, members a hundred at a time, four requests under way. Each is on the disk before it is answered. One more group holds all groups, and a
rule names it; then `seatsync plan` reads what was pushed from the state.

| people | groups | members | requests | push | each | peak memory | read | plan | peak memory |
| --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |
";

const INTRODUCTION: &str = "# Benchmarks

<!-- Written by `cargo xtask bench`. -->

What `seatsync plan --format json --out` costs as a whole process, with OpenLDAP and the simulated GitLab in processes of their
own on the same machine. One rule names one group; below it are 199 others in three levels, and in these are the people. Each
person has an account, two of five hold a seat. Our own budget of requests is set out of the way. Of three runs, taken in turn,
the least disturbed counts. seatsync is built as for packages (`cargo xtask dist`): with all its features and optimized as a whole.

* **ldapsearch** reads all people and all groups of the directory, the same attributes in the same pages, and prints them to
  `/dev/null`.
* **read** is how long seatsync takes for the directory, into memory and checked. It reads only who is in the groups.
* **plan** is the whole run: directory, GitLab, matching, deciding, the report.
* **fewest calls** is the version, the purchases, a page for each 100 holders, and for the accounts the pages of all or one
  lookup for each person, whichever is less.

| people | in groups | ldapsearch | read | ratio | plan | peak memory | calls | fewest calls |
| --: | --: | --: | --: | --: | --: | --: | --: | --: |
";

impl Pulled {
    /// A row of the table.
    pub(crate) fn line(&self) -> String {
        let seconds = |duration: Duration| format!("{:.2} s", duration.as_secs_f64());
        let cells = [
            thousands(self.people),
            thousands(self.groups),
            seconds(self.curl.wall),
            seconds(self.read),
            format!("{:.2}", self.read.as_secs_f64() / self.curl.wall.as_secs_f64()),
            seconds(self.plan.wall),
            format!("{} MiB", self.plan.peak_kib.div_ceil(1024)),
            thousands(self.requests),
        ];
        format!("| {} |", cells.join(" | "))
    }
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join(",")
}

/// The processor, its cores and the kernel.
fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unknown processor", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let said = |name: &str, argument: &str| {
        let printed = output(program(name).arg(argument)).unwrap_or_default();
        String::from_utf8_lossy(&printed).trim().to_owned()
    };
    format!("{model}, {cores} cores, {}, {}", said("uname", "-sr"), said("rustc", "--version"))
}
