//! Whoever means no good on the port uses up nothing that others need.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::sidecar::{Sidecar, TOKEN, schedule};
use crate::support::stage::Stage;

fn sidecar() -> (Stage, Sidecar) {
    let stage = Stage::new(&["ada"], 1);
    schedule(&stage, "cron = \"0 4 * * *\"");
    let sidecar = Sidecar::start(&stage);
    sidecar.shows("seatsync_leader", 1.0);
    (stage, sidecar)
}

/// Kilobytes of memory that a process has.
fn memory(sidecar: &Sidecar) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", sidecar.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Files that a process has open.
fn files(sidecar: &Sidecar) -> usize {
    fs::read_dir(format!("/proc/{}/fd", sidecar.child.id())).unwrap().count()
}

#[test]
fn a_long_body_is_not_taken_in() {
    let (_stage, sidecar) = sidecar();
    let before = memory(&sidecar);
    for how in ["Content-Length: 10485760", "Transfer-Encoding: chunked"] {
        let mut stream = TcpStream::connect(sidecar.address).unwrap();
        let head = format!(
            "POST /runs HTTP/1.1\r\nHost: seatsync\r\nAuthorization: Bearer {TOKEN}\r\n{how}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let chunk = format!("100000\r\n{}\r\n", "x".repeat(1 << 20));
        // It may have been closed before all was sent, which is what it is about.
        for _ in 0..10 {
            if stream.write_all(chunk.as_bytes()).is_err() {
                break;
            }
        }
    }
    let refused = sidecar.ask(&format!(
        "POST /runs HTTP/1.1\r\nHost: seatsync\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 10485760\r\n\r\n"
    ));
    assert_eq!(refused.status, 413);
    assert!(memory(&sidecar) < before + 8 * 1024, "{} kB, and {before} kB before", memory(&sidecar));
    assert_eq!(sidecar.get("/healthz").status, 200);
}

#[test]
fn headers_without_end_are_not_waited_for() {
    let (_stage, sidecar) = sidecar();
    let mut slow: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut stream = TcpStream::connect(sidecar.address).unwrap();
            stream.write_all(b"GET /healthz HTTP/1.1\r\nX-Slow: ").unwrap();
            stream
        })
        .collect();
    assert_eq!(sidecar.get("/healthz").status, 200, "others are answered meanwhile");

    let began = Instant::now();
    for stream in &mut slow {
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        // Closed, with a complaint or without.
        let _ = stream.read_to_end(&mut Vec::new());
    }
    assert!(began.elapsed() < Duration::from_secs(30), "they were closed");
    let endless = format!("GET /healthz HTTP/1.1\r\nX-Long: {}", "x".repeat(1 << 20));
    assert_eq!(sidecar.ask(&endless).status, 431);
}

#[test]
fn ten_thousand_connections_take_neither_files_nor_memory() {
    let (_stage, sidecar) = sidecar();
    let before = memory(&sidecar);
    let mut held = Vec::new();
    for number in 0..10_000 {
        let Ok(stream) = TcpStream::connect(sidecar.address) else { continue };
        if number < 500 {
            held.push(stream);
        }
    }
    // Whoever is turned away has a file for a moment; of those who stay, the gate lets in so many.
    sidecar.eventually("keeps few of 500 connections", |sidecar| files(sidecar) < 400);
    drop(held);
    sidecar.eventually("answers again", |sidecar| sidecar.get("/healthz").status == 200);
    assert!(memory(&sidecar) < before + 32 * 1024, "{} kB, and {before} kB before", memory(&sidecar));
}

#[test]
fn what_is_no_http_and_what_is_nowhere_is_answered_shortly() {
    let (_stage, sidecar) = sidecar();
    assert_eq!(sidecar.ask("\u{16}\u{3}\u{1}\r\n\r\n").status, 400);
    assert_eq!(sidecar.get("/../../etc/passwd").status, 404);
    assert_eq!(sidecar.post("/metrics", TOKEN).status, 405);
}
