//! Runs the simulator from a file until it is interrupted.

use std::error::Error;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use jiff::Zoned;
use jiff::civil::Date;
use simulator::http::server::{Options, Simulator};
use simulator::world::gitlab::World;
use simulator::world_file;

/// A GitLab that sells seats, to rehearse seatsync against.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:8929", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// The world to begin with; without it, the example of the documentation.
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// Where to write the world when interrupted.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// The day it is, where the world does not say; by default the machine's.
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut causes = vec![error.to_string()];
            let mut cause = error.source();
            while let Some(deeper) = cause {
                causes.push(deeper.to_string());
                cause = deeper.source();
            }
            // Where standard error is closed, the exit code has to do.
            let _: io::Result<()> = writeln!(io::stderr(), "error: {}", causes.join(": "));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let today = arguments.today.unwrap_or_else(system_date);
    let world = match &arguments.world {
        Some(path) => world_file::read(path, today)?,
        None => world_file::example(today),
    };
    let simulator = Simulator::start(world, Options { listen: arguments.listen }).await?;
    announce(&simulator.url(), &simulator.world())?;
    tokio::signal::ctrl_c().await?;
    if let Some(path) = &arguments.save {
        world_file::write(path, &simulator.world())?;
    }
    simulator.stop().await?;
    Ok(())
}

/// Says where it listens and which tokens it accepts: they open nothing but this simulation.
fn announce(url: &str, world: &World) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "a simulated GitLab {} listens on {url}", world.settings.version)?;
    for token in world.tokens() {
        let account = world.account(token.account).map_or("nobody", |account| account.username.as_str());
        writeln!(out, "token {} is {account}'s: {}", token.value, token.scopes.join(", "))?;
    }
    out.flush()
}

#[expect(clippy::disallowed_methods, reason = "nobody said which day it is")]
fn system_date() -> Date {
    Zoned::now().date()
}
