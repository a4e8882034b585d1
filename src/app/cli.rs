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
    /// The configuration [default: what SEATSYNC_CONFIG names, then seatsync.toml, then /etc/seatsync/seatsync.toml]
    #[arg(long, global = true, value_name = "FILE")]
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
    /// Sign a plan as approved, with an SSH key
    Approve(ApproveArgs),
    /// Tell everything about one person or account
    Explain(ExplainArgs),
    /// Run on schedule, and answer on one port: probes, metrics, requests for runs
    Serve,
    /// Plan the reverse of what a run did, to be applied like any plan
    Undo(UndoArgs),
    /// Check or export the record of what was observed, planned, approved and changed
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Hand in assertions that somebody collected, or ask an identity provider about people
    #[command(subcommand)]
    Saml(SamlCommand),
    /// List past runs, or what came of each change of one
    Runs(RunsArgs),
    /// Tell what identity providers have pushed, or say that it is all there is
    Roster(RosterArgs),
    /// Make a token for an identity provider that pushes, and what goes into the configuration
    NewToken,
    /// Print completions for a shell
    Completions { shell: clap_complete::Shell },
    /// Print the manual page
    Man,
    /// Print a JSON Schema of the configuration, for editors
    ConfigSchema,
}

impl Command {
    /// As it is typed.
    pub fn name(&self) -> &'static str {
        match self {
            Command::Demo(_) => "demo",
            Command::Check => "check",
            Command::Plan(_) => "plan",
            Command::Apply(_) => "apply",
            Command::Approve(_) => "approve",
            Command::Explain(_) => "explain",
            Command::Serve => "serve",
            Command::Undo(_) => "undo",
            Command::Audit(_) => "audit",
            Command::Saml(_) => "saml",
            Command::Runs(_) => "runs",
            Command::Roster(_) => "roster",
            Command::NewToken => "new-token",
            Command::Completions { .. } => "completions",
            Command::Man => "man",
            Command::ConfigSchema => "config-schema",
        }
    }
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
pub struct RosterArgs {
    /// The source, as `[scim_push.NAME]` names it; all of them if left out
    pub source: Option<String>,
    /// Say that its provider has pushed everything: only then may people who are missing lose seats
    #[arg(long, requires = "source", conflicts_with = "incomplete")]
    pub complete: bool,
    /// Say that something may be missing, such as after the state came from a backup
    #[arg(long, requires = "source")]
    pub incomplete: bool,
    /// Forget whatever was pushed into a source that the configuration names no more
    #[arg(long, requires = "source", conflicts_with_all = ["complete", "incomplete"])]
    pub forget: bool,
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
    #[command(flatten)]
    pub what_if: WhatIfArgs,
}

/// What is assumed instead of what is so; such a plan is compared with today's, and never applied.
#[derive(Debug, Args)]
#[command(next_help_heading = "What if")]
pub struct WhatIfArgs {
    /// So many seats of an add-on were purchased, such as duo_enterprise=60
    #[arg(long, value_name = "ADD_ON=SEATS", conflicts_with = "since")]
    pub purchased: Vec<String>,
    /// The rules, seat policies and limits of another configuration were in force
    #[arg(long, value_name = "FILE", conflicts_with = "since")]
    pub rules: Option<PathBuf>,
    /// It were this day or instant, in UTC
    #[arg(long, value_name = "DATE", conflicts_with = "since")]
    pub as_of: Option<String>,
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
    /// A signature of the plan, besides PLAN.json.sig and PLAN.json.*.sig beside it; may be given several times
    #[arg(long, value_name = "FILE", requires = "plan")]
    pub signature: Vec<PathBuf>,
    /// Who runs this, where `four_eyes` asks [default: GITLAB_USER_EMAIL, then the local account]
    #[arg(long = "as", value_name = "NAME", env = "SEATSYNC_OPERATOR")]
    pub operator: Option<String>,
    #[command(flatten)]
    pub report: ReportArgs,
}

#[derive(Debug, Args)]
pub struct ApproveArgs {
    /// A plan that was written by `plan --out`
    #[arg(value_name = "PLAN.json")]
    pub plan: PathBuf,
    /// The private key to sign with, as `ssh-keygen` makes it: ed25519, ecdsa or rsa
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Where the signature goes; where several sign, name each: PLAN.json.ada.sig [default: PLAN.json.sig]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// A file with the passphrase of the key [default: SEATSYNC_KEY_PASSPHRASE, then asked on the terminal]
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A username, mail address, distinguished name, account number, or the directory's id
    pub person: String,
    /// How it is told
    #[arg(long, value_enum, default_value_t = ExplainFormat::Text)]
    pub format: ExplainFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    /// For a terminal
    Text,
    /// For programs
    Json,
}

#[derive(Debug, Args)]
pub struct UndoArgs {
    /// The number of the run, as `seatsync runs` lists it
    pub run: i64,
    #[command(flatten)]
    pub report: ReportArgs,
    /// Exit with 10 if there is anything to undo, and with 3 if the guard would refuse it
    #[arg(long)]
    pub exit_code: bool,
}

#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Find every line that was altered, dropped or moved
    Verify {
        /// The hash of an earlier last line: it must still be in the record
        #[arg(long, value_name = "HASH")]
        expect_head: Option<String>,
    },
    /// Print the record, one JSON object a line
    Export {
        /// From this day or instant on, in UTC
        #[arg(long, value_name = "DATE")]
        since: Option<String>,
        /// JSON lines are the one format
        #[arg(long, value_enum, default_value_t = AuditFormat::Json)]
        format: AuditFormat,
    },
}

#[derive(Debug, Subcommand)]
pub enum SamlCommand {
    /// Take in responses of the identity provider: XML, or base64 as a browser posts it
    Accept {
        /// The name of the source, where several are a `[saml.NAME]`
        #[arg(long, value_name = "NAME")]
        source: Option<String>,
        /// One response a file
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Ask the identity provider anew about people of whom nothing was heard for as long as `query_after` says
    Refresh {
        /// The name of the source, where several are a `[saml.NAME]`
        #[arg(long, value_name = "NAME")]
        source: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuditFormat {
    Json,
}

#[derive(Debug, Args)]
pub struct RunsArgs {
    /// The number of one run
    pub run: Option<i64>,
}
