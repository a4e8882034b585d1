//! Top floor: the program.

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::app::cli::{Cli, Command};
use crate::app::exit::Exit;
use crate::app::failure::Failure;

pub mod approved;
pub mod brought;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod exit;
pub mod failure;
pub mod output;
pub mod progress;
pub mod run;
pub mod serve;
pub mod telemetry;
pub mod token;
#[cfg(feature = "otel")]
pub mod traces;
pub mod wiring;

/// Reads the command line, runs one command, and says how it ended.
pub fn main() -> ExitCode {
    heap::give_large_blocks_back();
    let cli = Cli::parse();
    // Whoever runs unattended is known by its log alone.
    let least = u8::from(matches!(cli.command, Command::Serve));
    let telemetry = telemetry::start(cli.common.log_format, cli.common.verbose.max(least));
    let exit = match run(&cli) {
        Ok(exit) => exit,
        Err(failure) => {
            failure.say(cli.common.color);
            failure.exit()
        }
    };
    telemetry.end();
    ExitCode::from(exit.code())
}

fn run(cli: &Cli) -> Result<Exit, Failure> {
    // The one TLS stack; a second installation, as in tests, changes nothing.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let mut builder = if matches!(cli.command, Command::Serve) {
        // A round must not hold up what its port is asked meanwhile.
        tokio::runtime::Builder::new_multi_thread()
    } else {
        // Whatever else does one thing: each further thread would take memory of its own, and save no time.
        tokio::runtime::Builder::new_current_thread()
    };
    let runtime = builder.worker_threads(2).enable_all().build().map_err(Failure::Runtime)?;
    let common = &cli.common;
    // The sidecar has no end that one would want to trace: each of its runs has a span of its own.
    let is_short = !matches!(cli.command, Command::Serve);
    let _traced = is_short.then(|| tracing::debug_span!("command", command = cli.command.name()).entered());
    match &cli.command {
        Command::Demo(args) => runtime.block_on(commands::demo::run(args, common)),
        Command::Check => runtime.block_on(commands::check::run(common)),
        Command::Plan(args) if commands::what_if::is_asked(args) => {
            runtime.block_on(commands::what_if::run(args, common))
        }
        Command::Plan(args) => runtime.block_on(commands::plan::run(args, common)),
        Command::Apply(args) => runtime.block_on(commands::apply::run(args, common)),
        Command::Approve(args) => commands::approve::run(args),
        Command::Explain(args) => runtime.block_on(commands::explain::run(args, common)),
        Command::Serve => runtime.block_on(serve::run(common)),
        Command::Undo(args) => runtime.block_on(commands::undo::run(args, common)),
        Command::Audit(command) => runtime.block_on(commands::audit::run(command, common)),
        Command::Roster(args) => runtime.block_on(commands::roster::run(args, common)),
        Command::NewToken => commands::new_token::run(),
        Command::Saml(command) => runtime.block_on(commands::saml::run(command, common)),
        Command::Runs(args) => runtime.block_on(commands::runs::run(args, common)),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "seatsync", &mut script);
            output::print(&String::from_utf8_lossy(&script))?;
            Ok(Exit::Done)
        }
        Command::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(output::OutputError::Stdout)?;
            output::print(&String::from_utf8_lossy(&page))?;
            Ok(Exit::Done)
        }
        Command::ConfigSchema => {
            output::print(&config::schema::json_schema())?;
            Ok(Exit::Done)
        }
    }
}
