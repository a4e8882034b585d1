//! Log lines on standard error, as text or JSON; without personal data, which only reports show.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::app::cli::LogFormat;

/// Starts logging. Called once; the libraries below us stay quiet until everything is asked for.
pub fn start(format: LogFormat, verbose: u8) {
    let filter = match verbose {
        0 => "off,seatsync=warn",
        1 => "off,seatsync=info",
        2 => "warn,seatsync=debug",
        _ => "debug",
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // A second start, as in tests, changes nothing.
    let _started = match format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}
