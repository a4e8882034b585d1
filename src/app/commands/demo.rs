//! `seatsync demo`: a sample company and a simulated GitLab in one process show the main job from end to end.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use simulator::http::server::{Options, Simulator};
use simulator::world_file;

use crate::app::cli::{Common, DemoArgs};
use crate::app::clock::{FixedClock, SystemClock};
use crate::app::commands::apply::carry_out;
use crate::app::commands::plan::observed;
use crate::app::config::Config;
use crate::app::exit::Exit;
use crate::app::failure::Failure;
use crate::app::output::{self, Report, look, print};
use crate::app::progress::Silent;
use crate::app::run::Applied;
use crate::model::plan::Plan;
use crate::planning::guard::Approval;
use crate::planning::plan;
use crate::ports::{Clock as _, Progress};
use crate::report::document::Document;
use crate::report::since::Past;
use crate::report::text;

const PEOPLE: &str = include_str!("../../../examples/demo/people.ldif");
const LAST_MONTH: &str = include_str!("../../../examples/demo/groups-last-month.ldif");
const LAST_WEEK: &str = include_str!("../../../examples/demo/groups-last-week.ldif");
const TODAY: &str = include_str!("../../../examples/demo/groups-today.ldif");
const GITLAB: &str = include_str!("../../../examples/demo/gitlab.toml");
const CONFIGURATION: &str = include_str!("../../../examples/demo/seatsync.toml");

pub async fn run(args: &DemoArgs, common: &Common) -> Result<Exit, Failure> {
    let folder = tempfile::tempdir().map_err(|cause| broken(&cause))?;
    let now = SystemClock.now();
    let company = Company::open(folder.path(), now).await?;

    // What happened before today: a first apply, and one that saw two people leave their group.
    let mut past = None;
    for (groups, days_ago) in [(LAST_MONTH, 40), (LAST_WEEK, 8)] {
        company.regroup(groups)?;
        let applied = company.apply(now - SignedDuration::from_hours(24 * days_ago)).await?;
        past = Some(match &applied {
            Applied::Done { approved, .. } => Past::of(approved.plan()),
            Applied::Refused(refused) => return Err(broken(refused)),
        });
    }
    company.regroup(TODAY)?;

    print("A sample company and a simulated GitLab; nothing leaves this machine.\n\n$ seatsync plan\n")?;
    let plan = company.plan(now).await?;
    let look = look(common.color);
    print(&text::page(Document::of_plan(&plan, None), look))?;
    if let Some(path) = &args.out {
        let document = Document::of_plan(&plan, past.as_ref());
        output::file(&Report { document, plan_was_shown: false }, path, None)?;
    }
    print("\n$ seatsync apply --yes\n")?;
    match company.apply(now).await? {
        Applied::Done { approved, outcomes } => {
            print(&text::outcomes(approved.plan(), &outcomes, look))?;
        }
        Applied::Refused(refused) => return Err(broken(&refused)),
    }
    print("\n$ seatsync plan\n")?;
    print(&text::page(Document::of_plan(&company.plan(now).await?, None), look))?;
    print(
        "\nThe same with a directory of your own: copy config.example.toml to seatsync.toml, then `seatsync check`.\n",
    )?;
    Ok(Exit::Done)
}

/// The sample company: its directory in a folder, its GitLab on loopback.
struct Company<'a> {
    folder: &'a Path,
    config: Config,
    // Serves until it is dropped.
    _gitlab: Simulator,
}

impl<'a> Company<'a> {
    async fn open(folder: &'a Path, now: Timestamp) -> Result<Company<'a>, Failure> {
        let today: Date = now.to_zoned(TimeZone::UTC).date();
        let world = folder.join("gitlab.toml");
        fs::write(&world, GITLAB).map_err(|cause| broken(&cause))?;
        let world = world_file::read(&world, today).map_err(|cause| broken(&cause))?;
        let gitlab = Simulator::start(world, Options::default()).await.map_err(|cause| broken(&cause))?;
        let text = CONFIGURATION.replace("http://127.0.0.1:8929", &gitlab.url());
        let token = |name: &str| (name == "GITLAB_TOKEN").then(|| "glpat-demo".to_owned());
        let config = Config::parse(&text, &folder.join("seatsync.toml"), &token)?;
        Ok(Company { folder, config, _gitlab: gitlab })
    }

    fn regroup(&self, groups: &str) -> Result<(), Failure> {
        fs::write(self.folder.join("company.ldif"), format!("{PEOPLE}\n{groups}"))
            .map_err(|cause| broken(&cause))
    }

    async fn plan(&self, now: Timestamp) -> Result<Plan, Failure> {
        Ok(plan(&observed(&self.config, now).await?))
    }

    async fn apply(&self, now: Timestamp) -> Result<Applied, Failure> {
        let progress: Arc<dyn Progress> = Arc::new(Silent);
        carry_out(&self.config, &FixedClock(now), &progress, None, |_plan| Ok(Approval::Limits)).await
    }
}

fn broken(cause: &dyn std::error::Error) -> Failure {
    Failure::NotDone { message: format!("the demonstration could not go on: {cause}") }
}
