//! Log lines on standard error, as text or JSON, and traces where a collector is named; without personal data, which only
//! reports show.

use std::io::IsTerminal as _;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::app::cli::LogFormat;
#[cfg(feature = "otel")]
use crate::app::output::chain;
#[cfg(feature = "otel")]
use crate::app::traces::Traces;

/// What must be ended before the program does.
#[must_use = "spans that are not sent yet would be lost"]
pub struct Telemetry {
    #[cfg(feature = "otel")]
    traces: Option<Traces>,
}

impl Telemetry {
    /// Sends what is left to the collector, which is not waited for long.
    pub fn end(self) {
        #[cfg(feature = "otel")]
        if let Some(traces) = self.traces {
            traces.end();
        }
    }
}

/// Starts logging and tracing. Called once; the libraries below us stay quiet until everything is asked for.
pub fn start(format: LogFormat, verbose: u8) -> Telemetry {
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
    let logs = tracing_subscriber::registry();
    #[cfg(feature = "otel")]
    let (traces, complaint) = match Traces::configured() {
        Ok(traces) => (traces, None),
        Err(error) => (None, Some(chain(&error))),
    };
    #[cfg(feature = "otel")]
    let logs = logs.with(traces.as_ref().map(Traces::layer));
    // A second start, as in tests, changes nothing.
    let _started = logs.with(lines.with_filter(targets)).try_init();
    #[cfg(feature = "otel")]
    if let Some(complaint) = complaint {
        tracing::warn!(error = complaint, "no traces are sent");
    }
    #[cfg(not(feature = "otel"))]
    if is_collector_named() {
        tracing::warn!("no traces are sent: this seatsync was built without the feature `otel`");
    }
    Telemetry {
        #[cfg(feature = "otel")]
        traces,
    }
}

#[cfg(not(feature = "otel"))]
#[expect(
    clippy::disallowed_methods,
    reason = "OpenTelemetry is configured by the environment, everywhere alike"
)]
fn is_collector_named() -> bool {
    std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").is_ok_and(|address| !address.is_empty())
}
