//! Log lines on standard error, as text or JSON; without personal data, which only reports show.

use std::io::IsTerminal as _;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::app::cli::LogFormat;

/// Starts logging. Called once; the libraries below us stay quiet until everything is asked for.
pub fn start(format: LogFormat, verbose: u8) {
    let (ours, others) = match verbose {
        0 => (LevelFilter::WARN, LevelFilter::OFF),
        1 => (LevelFilter::INFO, LevelFilter::OFF),
        2 => (LevelFilter::DEBUG, LevelFilter::WARN),
        _ => (LevelFilter::DEBUG, LevelFilter::DEBUG),
    };
    let targets = Targets::new().with_target("seatsync", ours).with_default(others);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let lines = match format {
        LogFormat::Text => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    // A second start, as in tests, changes nothing.
    let _started = tracing_subscriber::registry().with(lines.with_filter(targets)).try_init();
}
