//! Who answers for an apply: a signed plan file, a digest, the limits, or somebody at the terminal.

use std::io::{self, IsTerminal as _};

use jiff::Timestamp;

use crate::app::brought::{self, Brought};
use crate::app::cli::ApplyArgs;
use crate::app::config::Config;
use crate::app::failure::Failure;
use crate::app::output::{print, say};
use crate::model::plan::{Digest, Plan};
use crate::planning::guard::Approval;
use crate::report::document::Document;
use crate::report::text::{self, Look};

/// Who answers for the changes, as far as the arguments say.
pub enum Asked {
    /// `undoes` is the run whose reverse a plan file is.
    Approved { approval: Approval, undoes: Option<i64> },
    /// A person sits at the terminal and is to be asked.
    OnTerminal,
}

/// Reads the arguments, the plan file they name, and the signatures that came with it.
pub fn asked(args: &ApplyArgs, config: &Config, now: Timestamp) -> Result<Asked, Failure> {
    if let Some(path) = &args.plan {
        let operator = brought::operator(args.operator.clone());
        let Brought { file, undoes } = brought::read(path, &args.signature, operator, config, now)?;
        let approval = Approval::File { file: Box::new(file), in_part: args.only_approved };
        return Ok(Asked::Approved { approval, undoes });
    }
    if let Some(written) = &args.digest {
        return match Digest::parse(written) {
            Some(digest) => Ok(Asked::Approved { approval: Approval::Digest { digest }, undoes: None }),
            None => Err(Failure::Usage {
                message: format!("`{written}` is no digest of a plan"),
                hint:
                    "it is the `digest` of `seatsync plan --format json`: `sha256:` and 64 hexadecimal digits"
                        .to_owned(),
            }),
        };
    }
    if args.yes {
        return Ok(Asked::Approved { approval: Approval::Limits, undoes: None });
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

/// Shows the plan and asks. Beyond the limits a yes is not enough: the digest must be typed.
pub fn ask(plan: &Plan, look: Look) -> Result<Approval, Failure> {
    print(&text::page(Document::of_plan(plan, None), look))?;
    let digest = plan.digest();
    let changes = plan.changes().len();
    if changes == 0 {
        return Ok(Approval::Digest { digest });
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
        return Ok(Approval::Digest { digest });
    }
    Err(Failure::NotDone { message: "not applied: nothing was changed".to_owned() })
}
