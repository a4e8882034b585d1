//! A real mail server on loopback (aiosmtpd), which keeps what it receives; stopped when dropped.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::authority::Authority;

pub struct MailServer {
    pub port: u16,
    pub directory: TempDir,
    child: Child,
}

impl MailServer {
    /// With STARTTLS demanded, by a certificate for `localhost` whose authority is `ca.pem` in [`MailServer::directory`];
    /// or in the clear.
    pub fn start(tls: bool) -> MailServer {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("/usr/bin/python3");
        command.args(["-m", "aiosmtpd", "--nosetuid", "--listen", &format!("127.0.0.1:{port}")]);
        if tls {
            let authority = Authority::new();
            let issued = authority.issue(&["localhost", "127.0.0.1"]);
            fs::write(path("ca.pem"), &authority.pem).unwrap();
            fs::write(path("server.pem"), issued.certificate).unwrap();
            fs::write(path("server.key"), issued.key).unwrap();
            command.arg("--tlscert").arg(path("server.pem")).arg("--tlskey").arg(path("server.key"));
        }
        command.args(["--class", "aiosmtpd.handlers.Mailbox"]).arg(path("mail"));
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = spawned.expect("python3-aiosmtpd is missing: cargo xtask setup");
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = child.try_wait().unwrap() {
                let mut said = String::new();
                std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said).unwrap();
                panic!(
                    "the mail server ended with {status}: {said}\nis python3-aiosmtpd there? cargo xtask setup"
                );
            }
            assert!(Instant::now() < deadline, "the mail server does not answer");
            std::thread::yield_now();
        }
        MailServer { port, directory, child }
    }

    /// The messages received, in no particular order.
    pub fn messages(&self) -> Vec<String> {
        let mails = |folder: &Path| {
            let entries = fs::read_dir(folder).into_iter().flatten();
            entries.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
        };
        mails(&self.directory.path().join("mail/new"))
    }

    /// As a server that a night has killed: whoever connects is refused.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
