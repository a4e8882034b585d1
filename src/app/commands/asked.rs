//! Who answers for an apply: a signed plan file, a digest, the limits, or somebody at the terminal.

use std::fs;
use std::io::{self, IsTerminal as _};

use jiff::Timestamp;

use crate::app::cli::ApplyArgs;
use crate::app::commands::approved::{self, ApprovedFile};
use crate::app::config::Config;
use crate::app::config::secret::environment;
use crate::app::failure::Failure;
use crate::app::output::{print, say};
use crate::model::approval::PlanFile;
use crate::model::plan::{Digest, Plan};
use crate::planning::guard::Approval;
use crate::report::document::Document;
use crate::report::text::{self, Look};
use crate::signatures::allowed_signers::{AllowedSigners, SignersError};

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
        let file = approved::read(path)?;
        same_gitlab(&file, config)?;
        let undoes = file.undoes;
        return Ok(Asked::Approved { approval: approval_of(file, args, config, now)?, undoes });
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

/// A plan for one GitLab is no approval for another.
fn same_gitlab(file: &ApprovedFile, config: &Config) -> Result<(), Failure> {
    let ours = (config.gitlab.url.as_str().trim_end_matches('/'), config.gitlab.scope.to_string());
    if ours == (file.gitlab_url.trim_end_matches('/'), file.scope.clone()) {
        return Ok(());
    }
    Err(Failure::OtherGitLab { planned: file.gitlab_url.clone(), configured: ours.0.to_owned() })
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

/// A plan file with everything that speaks for it.
fn approval_of(
    mut file: ApprovedFile,
    args: &ApplyArgs,
    config: &Config,
    now: Timestamp,
) -> Result<Approval, Failure> {
    let required = config.policy.approval.required;
    if required || !args.signature.is_empty() {
        let Some(path) = &config.allowed_signers else {
            return Err(Failure::Usage {
                message: "nothing says whose signatures count".to_owned(),
                hint: "name them: `[approval] allowed_signers = \"FILE\"`".to_owned(),
            });
        };
        let failed = |cause| Failure::Signers { path: path.clone(), cause };
        let text = fs::read_to_string(path).map_err(|cause| failed(SignersError::Unreadable(cause)))?;
        let allowed = AllowedSigners::parse(&text).map_err(failed)?;
        file.take_signatures(&args.signature, required, &allowed, now)?;
    }
    let plan = PlanFile { operator: operator(args), ..file.plan };
    Ok(Approval::File { file: Box::new(plan), in_part: args.only_approved })
}

/// Who runs this, as far as anybody says: what cannot be proved is believed of whoever may start it.
fn operator(args: &ApplyArgs) -> Option<String> {
    let named = args.operator.clone().or_else(|| environment("GITLAB_USER_EMAIL"));
    named.or_else(|| environment("USER")).or_else(|| environment("LOGNAME")).filter(|name| !name.is_empty())
}
