//! `seatsync apply`: observes and decides again, and carries out what was approved.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::app::cli::{ApplyArgs, Common};
use crate::app::clock::SystemClock;
use crate::app::commands::approved::{self, ApprovedFile};
use crate::app::config::Config;
use crate::app::exit::Exit;
use crate::app::failure::Failure;
use crate::app::output::{Report, complain, deliver, look, prepare, print, say};
use crate::app::run::{self, Applied, Company};
use crate::app::{progress, wiring};
use crate::model::plan::Plan;
use crate::planning::guard::{Approval, Refused};
use crate::ports::{Clock, Progress};
use crate::report::document::Document;
use crate::report::text::Look;
use crate::report::{text, words};
use crate::store::database::Store;

/// Who answers for the changes, as far as the arguments say.
enum Asked {
    Approved(Approval),
    /// A person sits at the terminal and is to be asked.
    OnTerminal,
}

pub async fn run(args: &ApplyArgs, common: &Common) -> Result<Exit, Failure> {
    let file = args.plan.as_deref().map(approved::read).transpose()?;
    let asked = asked(args, file.as_ref())?;
    let config = wiring::configuration(common)?;
    if let Some(file) = &file {
        same_gitlab(file, &config)?;
    }
    prepare(&args.report)?;
    let mut shown = false;
    let progress = progress::for_this_terminal();
    let applied = carry_out(&config, &SystemClock, &progress, |plan| match &asked {
        Asked::Approved(approval) => Ok(approval.clone()),
        Asked::OnTerminal => {
            shown = true;
            ask(plan, look(common.color))
        }
    })
    .await?;
    match applied {
        Applied::Done { approved, outcomes } => {
            let plan = approved.plan();
            let report = Report { document: Document::of_outcomes(plan, &outcomes), plan_was_shown: shown };
            if let Err(error) = deliver(&report, &args.report, common.color) {
                // What was done was done: to fail would say that nothing was changed.
                complain(&error, "`seatsync runs` tells what came of each change");
            }
            Ok(Exit::of_apply(plan, &outcomes))
        }
        Applied::Refused(refused) => {
            let (plan, hint) = match &refused {
                Refused::ByLimits { plan } => {
                    plan.refusals.iter().for_each(|refusal| say(&format!("refused: {}", words::refusal(refusal))));
                    let digest = plan.digest();
                    (plan, format!("look at it with `seatsync plan`, then approve it: `seatsync apply --digest {}`", digest.as_str()))
                }
                Refused::Moved { plan, .. } => (
                    plan,
                    "plan again and have that approved, or apply what still holds: `seatsync apply PLAN.json --only-approved`".to_owned(),
                ),
            };
            let report = Report { document: Document::of_plan(plan, None), plan_was_shown: false };
            deliver(&report, &args.report, common.color)?;
            complain(&refused, &hint);
            Ok(Exit::Refused)
        }
    }
}

/// Observes, plans, has the plan approved, and applies it. One at a time for each state.
pub async fn carry_out(
    config: &Config,
    clock: &dyn Clock,
    progress: &Arc<dyn Progress>,
    approval: impl FnOnce(&Plan) -> Result<Approval, Failure>,
) -> Result<Applied, Failure> {
    let now = clock.now();
    let store = Store::open(&config.state.place, now).await?;
    let neighbours = wiring::connect(config, progress)?;
    let planned = run::planned(&store, &neighbours, now).await?;
    progress.clear();
    let approval = approval(&planned.plan)?;
    let company = Company { clock, progress: progress.as_ref(), stop: &AtomicBool::new(false) };
    let applied = run::carry_out(planned, &approval, &store, &neighbours, &company).await;
    progress.clear();
    let applied = applied?;
    store.close().await;
    Ok(applied)
}

fn asked(args: &ApplyArgs, file: Option<&ApprovedFile>) -> Result<Asked, Failure> {
    if let Some(file) = file {
        let approval = if args.only_approved {
            Approval::StillTrue { changes: file.changes.clone() }
        } else {
            Approval::Digest { written: file.digest.as_str().to_owned() }
        };
        return Ok(Asked::Approved(approval));
    }
    if let Some(digest) = &args.digest {
        let digits = digest.trim().strip_prefix("sha256:").unwrap_or(digest.trim());
        if digits.len() != 64 || !digits.chars().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(Failure::Usage {
                message: format!("`{digest}` is no digest of a plan"),
                hint:
                    "it is the `digest` of `seatsync plan --format json`: `sha256:` and 64 hexadecimal digits"
                        .to_owned(),
            });
        }
        return Ok(Asked::Approved(Approval::Digest { written: digest.clone() }));
    }
    if args.yes {
        return Ok(Asked::Approved(Approval::Limits));
    }
    if io::stdin().is_terminal() && io::stderr().is_terminal() {
        return Ok(Asked::OnTerminal);
    }
    Err(Failure::Usage {
        message: "nobody is there to be asked, and nothing says that the changes are approved".to_owned(),
        hint: "approve them with `PLAN.json` or `--digest`, or let the guard's limits decide with `--yes`"
            .to_owned(),
    })
}

/// A plan for one GitLab is no approval for another.
fn same_gitlab(file: &ApprovedFile, config: &Config) -> Result<(), Failure> {
    let ours = (config.gitlab.url.as_str().trim_end_matches('/'), config.gitlab.scope.to_string());
    if ours == (file.gitlab_url.trim_end_matches('/'), file.scope.clone()) {
        return Ok(());
    }
    Err(Failure::OtherGitLab { planned: file.gitlab_url.clone(), configured: ours.0.to_owned() })
}

/// Shows the plan and asks. Beyond the limits a yes is not enough: the digest must be typed.
fn ask(plan: &Plan, look: Look) -> Result<Approval, Failure> {
    print(&text::page(Document::of_plan(plan, None), look))?;
    let digest = plan.digest();
    let changes = plan.changes().len();
    if changes == 0 {
        return Ok(Approval::Digest { written: digest.as_str().to_owned() });
    }
    let wanted = if plan.refusals.is_empty() {
        say(&format!("Apply these {changes} changes? Type `yes` to go on:"));
        "yes"
    } else {
        say(&format!(
            "The guard refuses these {changes} changes. Type `{}` to apply them all the same:",
            digest.short()
        ));
        digest.short()
    };
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    if read.is_ok() && answer.trim() == wanted {
        return Ok(Approval::Digest { written: digest.as_str().to_owned() });
    }
    Err(Failure::NotDone { message: "not applied: nothing was changed".to_owned() })
}
