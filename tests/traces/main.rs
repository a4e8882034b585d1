//! Traces: what a real collector understands of them, what is not in them, and that a dead one holds up nobody.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod collector;
#[path = "../serve/sidecar.rs"]
#[expect(dead_code, reason = "it is shared, and this test asks less of it")]
mod sidecar;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::collector::{Collector, Span};
use crate::sidecar::{Sidecar, schedule};
use crate::support::stage::{Ended, Stage, TOKEN};

const PEOPLE: [&str; 3] = ["wilhelmina", "bartholomew", "cunegunda"];

fn company() -> Stage {
    let stage = Stage::new(&PEOPLE, 2);
    stage.company(&PEOPLE, &PEOPLE);
    stage
}

/// Runs the program with a collector at this address.
fn traced(stage: &Stage, arguments: &str, collector: &str) -> Ended {
    let mut command = stage.command(arguments);
    Ended::of(command.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector).output().unwrap())
}

/// Each span as `parent > name`, each once.
fn family(spans: &[Span]) -> BTreeSet<String> {
    let parent = |span: &Span| {
        let parent = spans.iter().find(|other| other.id == span.parent);
        parent.map_or_else(|| "-".to_owned(), |parent| parent.name.clone())
    };
    spans.iter().map(|span| format!("{} > {}", parent(span), span.name)).collect()
}

#[test]
fn an_apply_is_one_trace_of_all_that_it_did() {
    let (stage, collector) = (company(), Collector::start());

    traced(&stage, "apply --yes", &collector.url).exits(0);
    collector.sees("command");

    let spans = collector.spans();
    let expected = [
        "- > command",
        "apply > batch",
        "batch > gitlab",
        "command > apply",
        "command > observe",
        "command > plan",
        "observe > read_accounts",
        "observe > read_seats",
        "observe > read_source",
        "read_accounts > gitlab",
        "read_seats > gitlab",
    ];
    let family = family(&spans);
    for way in expected {
        assert!(family.contains(way), "{way}: {family:#?}");
    }
    assert_eq!(spans.iter().map(|span| &*span.trace).collect::<BTreeSet<_>>().len(), 1, "{spans:#?}");
    let said = collector.said();
    for attribute in [
        "service.name: Str(seatsync)",
        "command: Str(apply)",
        "source: Str(corp)",
        "kind: Str(ldif)",
        "decisions: Int(3)",
        "change: Str(assign)",
        "accounts: Int(2)",
        "operation: Str(",
    ] {
        assert!(said.contains(attribute), "{attribute}\n{said}");
    }
}

#[test]
fn nothing_that_is_traced_names_a_person_or_holds_a_secret() {
    let (stage, collector) = (company(), Collector::start());
    for arguments in ["check", "plan", "apply --yes", "explain wilhelmina", "undo 1", "runs"] {
        let mut command = stage.command(&format!("{arguments} -vv"));
        command
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url)
            .env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=a-secret-of-the-collector");
        let ended = Ended::of(command.output().unwrap());
        assert!([0, 4].contains(&ended.code), "{arguments}: {ended}");
        assert!(!ended.stderr.contains("a-secret-of-the-collector"), "{ended}");
    }
    collector.sees("command");
    for span in collector.spans() {
        let words = format!("{span:?}");
        for personal in PEOPLE.into_iter().chain(["example.test", "uid=", "The ", TOKEN, "a-secret"]) {
            assert!(!words.contains(personal), "`{personal}` is in {words}");
        }
    }
    let said = collector.said();
    assert!(PEOPLE.into_iter().all(|name| !said.contains(name)) && !said.contains(TOKEN), "{said}");
}

#[test]
fn the_sidecar_traces_its_runs_and_what_it_is_asked() {
    let (stage, collector) = (company(), Collector::start());
    schedule(&stage, "every = \"1h\"\nmode = \"auto\"");
    let mut command = stage.command("serve");
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url).env("OTEL_SERVICE_NAME", "seats");
    let sidecar = Sidecar::start_as(command);
    sidecar.ran("applied", 1);
    sidecar.get_as("/runs", sidecar::TOKEN);
    sidecar.get("/wilhelmina?secret=1");
    sidecar.get("/metrics");
    let (code, log) = sidecar.stop();
    assert_eq!(code, Some(0), "{log}");

    let spans = collector.spans();
    let family = family(&spans);
    for way in ["- > run", "run > observe", "run > plan", "run > apply", "- > request"] {
        assert!(family.contains(way), "{way}: {family:#?}");
    }
    let said = collector.said();
    for attribute in [
        "service.name: Str(seats)",
        "schedule: Str(nightly)",
        "ended: Str(applied)",
        "http.route: Str(/runs)",
        "http.route: Str(other)",
        "http.response.status_code: Int(404)",
    ] {
        assert!(said.contains(attribute), "{attribute}\n{said}");
    }
    assert!(!said.contains("/metrics") && !said.contains("wilhelmina"), "{said}");
}

/// One that refuses, and one that takes and never answers.
#[test]
fn a_dead_collector_delays_nothing_and_loses_no_run() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let refusing = TcpListener::bind("127.0.0.1:0").unwrap();
    let addresses = [&silent, &refusing].map(|listener| format!("http://{}", listener.local_addr().unwrap()));
    drop(refusing);
    for address in &addresses {
        let stage = company();
        let began = Instant::now();
        let ended = traced(&stage, "apply --yes", address).exits(0);
        assert!(ended.stderr.is_empty(), "{ended}");
        assert_eq!(stage.holders().len(), 2);
        // A request to a collector may take ten seconds, and nobody waits for it.
        assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    }
    let stage = company();
    schedule(&stage, "every = \"1h\"\nmode = \"auto\"");
    let mut command = stage.command("serve");
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &addresses[0]).env("OTEL_BSP_SCHEDULE_DELAY", "1");
    let sidecar = Sidecar::start_as(command);
    for runs in 1..=3 {
        sidecar.ran("applied", runs);
        sidecar.post("/runs", sidecar::TOKEN);
    }
    assert_eq!(stage.holders().len(), 2);
    assert_eq!(sidecar.stop().0, Some(0));
}

#[test]
fn what_is_wrong_with_the_environment_is_said_and_costs_no_run() {
    let stage = company();
    for (name, value, words) in [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "traces are sent as `http/protobuf` alone"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/ca.pem", "/nowhere/ca.pem"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=x", "headers may hold secrets"),
    ] {
        let mut command = stage.command("plan");
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.example.test:4318").env(name, value);
        let ended = Ended::of(command.output().unwrap()).exits(0);
        ended.complains("no traces are sent").complains(words);
    }
    let mut command = stage.command("plan");
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "nonsense").env("OTEL_SDK_DISABLED", "true");
    assert!(Ended::of(command.output().unwrap()).exits(0).stderr.is_empty());
}
