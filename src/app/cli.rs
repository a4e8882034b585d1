//! The command line: names, options and their help, nothing more.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

/// Keeps GitLab add-on seats in step with a company's directory.
#[derive(Debug, Parser)]
#[command(name = "seatsync", version, about, propagate_version = true, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub common: Common,
}

const EXIT_CODES: &str = "\
Exit codes:
  0   done
  1   failed; nothing was changed in GitLab
  2   wrong usage or configuration
  3   refused by the guard, or the plan moved since it was approved; nothing was changed
  4   applied in part: some changes failed or were deferred
  5   a source could not be read whole; what could be decided safely was
  10  with `plan --exit-code`: changes are pending";

/// What every command takes.
#[derive(Debug, Args)]
pub struct Common {
    /// The configuration [default: seatsync.toml, then /etc/seatsync/seatsync.toml]
    #[arg(long, global = true, value_name = "FILE", env = "SEATSYNC_CONFIG")]
    pub config: Option<PathBuf>,
    /// How log lines on standard error look
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// Say more on standard error; twice says everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Colours in reports
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a terminal
    Text,
    /// For programs, and for `apply`
    Json,
    /// For a merge request or an issue in GitLab
    Markdown,
    /// For spreadsheets: one row a decision
    Csv,
    /// One page for a browser, which loads nothing
    Html,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the whole product on a sample company and a simulated GitLab
    Demo(DemoArgs),
    /// Read the configuration, connect to everything read-only, and say what is wrong
    Check,
    /// Observe, decide and report; change nothing anywhere
    Plan(PlanArgs),
    /// Observe and decide again, and carry out what was approved
    Apply(ApplyArgs),
    /// Tell everything about one person or account
    Explain(ExplainArgs),
    /// List past runs, or what came of each change of one
    Runs(RunsArgs),
    /// Print completions for a shell
    Completions { shell: clap_complete::Shell },
    /// Print the manual page
    Man,
    /// Print a JSON Schema of the configuration, for editors
    ConfigSchema,
}

/// Where a report goes.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The report on standard output
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Also write the report to this file, as its name ends: `.json`, `.txt`, `.md`, `.csv`, `.html`; otherwise as
    /// `--format` says, or JSON
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Also write the first report to this file, as its name ends: `.json`, `.txt`, `.md`, `.csv`, `.html`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub report: ReportArgs,
    /// Show what changed since this earlier plan, as `--format json` or `--out` wrote it
    #[arg(long, value_name = "PLAN.json")]
    pub since: Option<PathBuf>,
    /// Exit with 10 if changes are pending, and with 3 if the guard would refuse them
    #[arg(long)]
    pub exit_code: bool,
}

#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// A plan that was written by `plan --out` and approved by a person
    #[arg(value_name = "PLAN.json", conflicts_with = "digest")]
    pub plan: Option<PathBuf>,
    /// The digest of the changes that a person approved
    #[arg(long, value_name = "DIGEST")]
    pub digest: Option<String>,
    /// Do not ask: the guard's limits are the approval
    #[arg(long)]
    pub yes: bool,
    /// If the plan has moved, apply those approved changes that are still true
    #[arg(long, requires = "plan")]
    pub only_approved: bool,
    #[command(flatten)]
    pub report: ReportArgs,
}

#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A username, mail address, distinguished name, account number, or the directory's id
    pub person: String,
}

#[derive(Debug, Args)]
pub struct RunsArgs {
    /// The number of one run
    pub run: Option<i64>,
}
