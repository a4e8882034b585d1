//! What systemd is told, and what thousands of runs leave behind.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::sidecar::{Sidecar, TOKEN, schedule};
use crate::support::stage::Stage;

#[test]
fn systemd_is_told_when_it_is_ready_and_when_it_stops() {
    let stage = Stage::new(&["ada"], 1);
    schedule(&stage, "every = \"1h\"");
    let socket = UnixDatagram::bind(stage.path("notify")).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut command = stage.command("serve");
    command.env("NOTIFY_SOCKET", stage.path("notify"));
    let sidecar = Sidecar::start_as(command);
    let told = || {
        let mut words = [0; 100];
        let length = socket.recv(&mut words).unwrap();
        String::from_utf8(words[..length].to_vec()).unwrap()
    };
    assert_eq!(told(), "READY=1");
    sidecar.stop();
    assert_eq!(told(), "STOPPING=1");
}

/// Kilobytes of memory of its own that a process has.
fn memory(sidecar: &Sidecar) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", sidecar.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn memory_stays_flat_over_many_runs() {
    let stage = Stage::new(&["ada", "bob"], 2);
    stage.company(&["ada", "bob"], &["ada", "bob"]);
    schedule(&stage, "every = \"1h\"\nmode = \"auto\"");
    let sidecar = Sidecar::start(&stage);
    let runs = |from: u32, to: u32| {
        for number in from..=to {
            sidecar.ran("applied", number);
            stage.gitlab.forget_requests();
            assert_eq!(sidecar.post("/runs", TOKEN).status, 202);
        }
    };
    runs(1, 50);
    let before = memory(&sidecar);
    runs(51, 250);
    assert!(memory(&sidecar) < before + 2 * 1024, "{} kB, and {before} kB before", memory(&sidecar));
}
