//! What a developer and the CI run: `cargo xtask --help`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod checks;
mod deny;
mod dist;
mod docs;
mod fuzz;
mod process;
mod screenshot;
mod servers;
mod setup;
mod soak;

use crate::process::complain;

/// Looks after seatsync's source.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Everything that must hold before a merge: format, lints, tests, generated documents, dependencies
    Ci,
    /// Install what the tests need, and run them all
    Test,
    /// Install the servers that the tests start
    Setup,
    /// Write the documents that are generated from the code
    Docs {
        /// Write nothing, and fail where one is out of date
        #[arg(long)]
        check: bool,
    },
    /// Measure whole runs at several sizes, and write docs/benchmarks.md
    Bench {
        /// Measure only what an identity provider pushes, and print it
        #[arg(long)]
        pushed: bool,
    },
    /// Feed every decoder what a fuzzer finds
    Fuzz {
        /// For how long each
        #[arg(default_value_t = 60)]
        seconds: u32,
    },
    /// Run thousands of times while everything around fails at random, and print the figures
    Soak {
        #[arg(default_value_t = 3000)]
        runs: u32,
    },
    /// Make the picture of the README: the sample company's report in a browser
    Screenshot,
    /// Build the program for release and pack it with its manual page, completions and units
    Dist,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Ci => checks::ci(),
        Task::Test => checks::test(),
        Task::Setup => setup::setup(),
        Task::Docs { check } => docs::docs(check),
        Task::Bench { pushed } => bench::bench(pushed),
        Task::Fuzz { seconds } => fuzz::fuzz(seconds),
        Task::Soak { runs } => soak::soak(runs),
        Task::Screenshot => screenshot::screenshot(),
        Task::Dist => dist::dist(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}
