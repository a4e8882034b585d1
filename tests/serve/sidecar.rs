//! A sidecar under test: started, asked, signalled, and ended with the test.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::stage::{LDIF, PLATFORM, SMALL, Stage};

/// What it wants to be shown.
pub(crate) const TOKEN: &str = "the-token-of-the-sidecar";

/// A port of its own, and the token.
pub(crate) const SERVE: &str = "[serve]\nlisten = \"127.0.0.1:0\"\ntoken = { file = \"serve.token\" }\n";

/// Configures a stage with one schedule, `nightly`.
pub(crate) fn schedule(stage: &Stage, keys: &str) {
    schedule_with(stage, keys, "");
}

/// The same with more keys of `[limits]`.
pub(crate) fn schedule_with(stage: &Stage, keys: &str, limits: &str) {
    stage.write("serve.token", TOKEN);
    stage.configure(
        LDIF,
        &format!("{PLATFORM}\n{SMALL}{limits}\n{SERVE}\n[[schedule]]\nname = \"nightly\"\n{keys}\n"),
    );
}

pub(crate) struct Sidecar {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<String>>,
}

/// What the port answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Sidecar {
    /// Starts it, and waits until it listens.
    pub(crate) fn start(stage: &Stage) -> Sidecar {
        Sidecar::start_as(stage.command("serve"))
    }

    pub(crate) fn start_as(mut command: Command) -> Sidecar {
        let mut child = command.spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (lines, written) = (BufReader::new(child.stderr.take().unwrap()), Arc::clone(&log));
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let mut log = written.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        let mut sidecar = Sidecar { child, address: ([127, 0, 0, 1], 0).into(), log };
        sidecar.logs("listening");
        let log = sidecar.log();
        let address = log.split("address=").nth(1).and_then(|rest| rest.split_whitespace().next());
        sidecar.address = address.unwrap().parse().unwrap();
        sidecar
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until its log says this.
    #[track_caller]
    pub(crate) fn logs(&self, words: &str) {
        self.eventually(words, |sidecar| sidecar.log().contains(words));
    }

    /// Waits until something is so.
    #[track_caller]
    pub(crate) fn eventually(&self, what: &str, happened: impl Fn(&Sidecar) -> bool) {
        let patience = Instant::now() + Duration::from_secs(60);
        while !happened(self) {
            assert!(Instant::now() < patience, "it never came: {what}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: seatsync\r\nConnection: close\r\n\r\n"))
    }

    pub(crate) fn get_as(&self, path: &str, token: &str) -> Answer {
        self.ask(&format!(
            "GET {path} HTTP/1.1\r\nHost: seatsync\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
        ))
    }

    pub(crate) fn post(&self, path: &str, token: &str) -> Answer {
        self.ask(&format!(
            "POST {path} HTTP/1.1\r\nHost: seatsync\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             Content-Length: 0\r\n\r\n"
        ))
    }

    /// Sends these bytes and reads whatever comes back until the connection is closed.
    pub(crate) fn ask(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        // A server that has said all and has not read all resets the connection: what came is the answer.
        let _ = stream.read_to_string(&mut text);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// The value of a metric, written with its labels as `/metrics` writes it.
    pub(crate) fn metric(&self, name: &str) -> Option<f64> {
        let text = self.get("/metrics").body;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map(|value| value.parse().unwrap())
    }

    /// Waits until a metric has this value.
    #[track_caller]
    pub(crate) fn shows(&self, metric: &str, value: f64) {
        self.eventually(&format!("{metric} {value}"), |sidecar| sidecar.metric(metric) == Some(value));
    }

    /// Waits until so many runs have ended in this way.
    #[track_caller]
    pub(crate) fn ran(&self, ended: &str, times: u32) {
        let metric = format!("seatsync_runs_total{{schedule=\"nightly\",ended=\"{ended}\"}}");
        self.shows(&metric, f64::from(times));
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([format!("-{name}"), pid]).status().unwrap().success());
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        self.signal("TERM");
        let code = self.child.wait().unwrap().code();
        (code, self.log())
    }
}

impl Drop for Sidecar {
    fn drop(&mut self) {
        // One that has ended already is not there to be killed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
