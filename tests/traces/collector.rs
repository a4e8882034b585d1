//! A real OpenTelemetry collector on loopback (Rotel), which prints every span that it is sent; stopped when dropped.

use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::support::stage::until;

/// Where `cargo xtask setup` puts it.
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/collector/rotel/rotel-agent");

pub(crate) struct Collector {
    pub(crate) url: String,
    directory: TempDir,
    child: Child,
}

/// One span as the collector understood it.
#[derive(Debug, Default)]
pub(crate) struct Span {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) parent: String,
    pub(crate) trace: String,
    /// `change: Str(assign)`, one line each.
    pub(crate) attributes: Vec<String>,
}

impl Collector {
    pub(crate) fn start() -> Collector {
        let directory = tempfile::tempdir().unwrap();
        let [grpc, http] = [free(), free()];
        let output = fs::File::create(directory.path().join("spans")).unwrap();
        let spawned = Command::new(PROGRAM)
            .args([
                "start",
                "--debug-log",
                "traces",
                "--debug-log-verbosity",
                "detailed",
                "--exporter",
                "blackhole",
            ])
            .args(["--otlp-grpc-endpoint", &grpc, "--otlp-http-endpoint", &http])
            .stdin(Stdio::null())
            .stderr(output.try_clone().unwrap())
            .stdout(output)
            .spawn();
        let child = spawned.expect("the collector is missing: cargo xtask setup");
        let collector = Collector { url: format!("http://{http}"), directory, child };
        until(|| std::net::TcpStream::connect(&*http).is_ok());
        collector
    }

    /// Everything that it printed.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.directory.path().join("spans")).unwrap()
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for line in self.said().lines().map(str::trim) {
            if line.starts_with("Span #") {
                spans.push(Span::default());
            }
            let Some(span) = spans.last_mut() else { continue };
            match line.split_once(':') {
                Some((key, value)) if key.starts_with("->") => {
                    span.attributes.push(format!("{}:{value}", key.trim_start_matches("-> ")));
                }
                Some((key, value)) => match key.trim() {
                    "Name" => span.name = value.trim().to_owned(),
                    "ID" => span.id = value.trim().to_owned(),
                    "Parent ID" => span.parent = value.trim().to_owned(),
                    "Trace ID" => span.trace = value.trim().to_owned(),
                    _ => {}
                },
                None => {}
            }
        }
        spans
    }

    /// Waits until a span of this name has arrived.
    pub(crate) fn sees(&self, name: &str) {
        until(|| self.spans().iter().any(|span| span.name == name));
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn free() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}
