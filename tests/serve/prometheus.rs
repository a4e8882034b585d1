//! What is shipped for Prometheus and Grafana, held against a real Prometheus and a real sidecar.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use simulator::world::settings::RateLimit;

use crate::sidecar::{Sidecar, schedule_with};
use crate::support::stage::Stage;

const HINT: &str = "`cargo xtask setup` installs Prometheus";

/// One that shows a sample of every metric: it has applied, found something odd, and now waits for a person.
fn sidecar() -> (Stage, Sidecar) {
    let stage = Stage::new(&["ada", "bob"], 2);
    stage.gitlab.world().settings.throttle = Some(RateLimit { requests: 10_000, period_seconds: 60 });
    stage.company(&["ada", "bob"], &["ada", "bob"]);
    schedule_with(&stage, "every = \"1h\"\nmode = \"auto\"", "max_revocations = 0\n");
    let sidecar = Sidecar::start(&stage);
    sidecar.ran("applied", 1);
    stage.company(&["ada", "bob"], &["ada", "ghost"]);
    sidecar.signal("USR1");
    sidecar.ran("awaiting_approval", 1);
    (stage, sidecar)
}

fn packaging(name: &str) -> String {
    format!("{}/packaging/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A real one, ended with the test.
struct Prometheus {
    child: Child,
    port: u16,
}

impl Prometheus {
    fn start(folder: &Path, target: &str) -> Prometheus {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = format!(
            "global: {{ scrape_interval: 1s }}\nrule_files: [\"{}\"]\nscrape_configs:\n  - job_name: seatsync\n    \
             static_configs: [{{ targets: [\"{target}\"] }}]\n",
            packaging("prometheus/alerts.yml")
        );
        let file = folder.join("prometheus.yml");
        fs::write(&file, config).unwrap();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("tsdb").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect(HINT);
        Prometheus { child, port }
    }

    /// What it answers, once it does.
    fn get(&self, path: &str) -> Option<Value> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        serde_json::from_str(text.split_once("\r\n\r\n")?.1).ok()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // One that has ended already is not there to be killed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_real_prometheus_scrapes_every_metric() {
    let (_stage, sidecar) = sidecar();
    let folder = tempfile::TempDir::with_prefix("prometheus").unwrap();
    let prometheus = Prometheus::start(folder.path(), &sidecar.address.to_string());

    sidecar.eventually("a scrape", |_| {
        let found = prometheus.get("/api/v1/query?query=seatsync_awaiting_approval_changes");
        found.is_some_and(|found| found["data"]["result"][0]["value"][1] == "1")
    });

    let targets = prometheus.get("/api/v1/targets").unwrap();
    assert_eq!(targets["data"]["activeTargets"][0]["health"], "up", "{targets}");
    let names = prometheus.get("/api/v1/label/__name__/values").unwrap();
    for name in [
        "seatsync_leader",
        "seatsync_build_info",
        "seatsync_runs_total",
        "seatsync_run_duration_seconds_bucket",
    ] {
        assert!(names["data"].as_array().unwrap().contains(&name.into()), "{name}: {names}");
    }
}

#[test]
fn the_alert_rules_are_right() {
    for arguments in [["check", "alerts.yml"], ["test", "alerts.test.yml"]] {
        let [what, file] = arguments;
        let output = Command::new("promtool")
            .args([what, "rules", file])
            .current_dir(packaging("prometheus"))
            .output()
            .expect(HINT);
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }
}

/// The names of our metrics in a text.
fn metrics_in(text: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c| !is_part(c)).filter(|word| word.starts_with("seatsync_")).collect()
}

#[test]
fn every_metric_of_the_dashboard_and_the_alerts_exists() {
    let (_stage, sidecar) = sidecar();
    let shown = sidecar.get("/metrics").body;
    let dashboard = fs::read_to_string(packaging("grafana/seatsync.json")).unwrap();
    serde_json::from_str::<Value>(&dashboard).unwrap();
    let alerts = fs::read_to_string(packaging("prometheus/alerts.yml")).unwrap();
    let documented = fs::read_to_string(format!("{}/docs/operating.md", env!("CARGO_MANIFEST_DIR"))).unwrap();
    // One without a sample yet is known by its type, where a counter has no `_total` (OpenMetrics 1.0).
    let typed: BTreeSet<&str> =
        shown.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let exists = |name: &str| {
        let ends = ["", "_total", "_bucket", "_count", "_info"];
        ends.iter().any(|end| name.strip_suffix(end).is_some_and(|name| typed.contains(name)))
    };
    for text in [&dashboard, &alerts, &documented] {
        let unknown: Vec<&str> = metrics_in(text).into_iter().filter(|name| !exists(name)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
    let undocumented: Vec<&&str> = typed.iter().filter(|name| !documented.contains(**name)).collect();
    assert!(undocumented.is_empty(), "docs/operating.md says nothing of {undocumented:?}");
}

#[test]
fn every_alert_is_documented() {
    let alerts = fs::read_to_string(packaging("prometheus/alerts.yml")).unwrap();
    let documented = fs::read_to_string(format!("{}/docs/operating.md", env!("CARGO_MANIFEST_DIR"))).unwrap();
    for alert in alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        assert!(documented.contains(alert), "docs/operating.md says nothing of `{alert}`");
    }
}
