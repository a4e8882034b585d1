//! What pulling a company over SCIM costs, beside `curl` reading the same.

use std::time::Duration;

use crate::bench::company::Company;
use crate::bench::measure::{Measured, best, measure};
use crate::bench::servers::{GitLab, Provider};
use crate::bench::{ROUNDS, fresh_folder, plan, write};
use crate::process::{TaskError, program};

/// One of them holds all others, and these the people.
const GROUPS: usize = 1_000;

const PAGE: usize = 100;

/// What was measured.
pub(crate) struct Pulled {
    pub(crate) people: usize,
    pub(crate) groups: usize,
    pub(crate) curl: Measured,
    /// How long the service provider took to read, within the plan.
    pub(crate) read: Duration,
    pub(crate) plan: Measured,
    /// To the service provider.
    pub(crate) requests: usize,
}

/// Everyone of a company, from a service provider beside its GitLab.
pub(crate) fn pulled(company: &Company) -> Result<Pulled, TaskError> {
    let folder = fresh_folder(company)?;
    let provider = Provider::start(company.people, GROUPS)?;
    let gitlab = GitLab::start(&folder)?;
    let config = folder.join("seatsync.toml");
    write(&config, &company.pulled(provider.port, gitlab.port))?;
    let (mut curls, mut plans) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let base = format!("http://127.0.0.1:{}", provider.port);
        let mut curl = program("curl");
        curl.args(["--silent", "--fail"]);
        curl.arg(format!("{base}/Users?startIndex=[1-{}:{PAGE}]&count={PAGE}", company.people));
        curl.arg(format!("{base}/Groups/g-[0000-{:04}]", GROUPS - 1));
        curls.push(measure(&mut curl, &folder)?);
        plans.push(plan(&config, &folder)?);
    }
    let plan = best(plans);
    let requests = plan.number("\"read over SCIM\"", "\"requests\":").unwrap_or_default();
    Ok(Pulled {
        people: company.people,
        groups: GROUPS,
        curl: best(curls),
        read: plan.source_read().unwrap_or_default(),
        plan,
        requests: requests as usize,
    })
}
