//! Real SCIM service providers on loopback, of two makes; stopped when dropped.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::support::stage::SCIM_TOKEN;

/// A running service provider.
pub struct ScimServer {
    /// The SCIM base address.
    pub url: String,
    child: Child,
    _directory: TempDir,
}

impl ScimServer {
    /// scim2-server: index paging, a hundred entries a page at most; with cursors (RFC 9865) too, if asked to.
    pub fn scim2(cursors: bool) -> ScimServer {
        let directory = tempfile::tempdir().unwrap();
        let offers = directory.path().join("offers.json");
        let supported = json!({ "supported": true });
        let offered = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
            "patch": supported, "changePassword": supported, "sort": supported, "etag": supported,
            "bulk": { "supported": true, "maxOperations": 1000, "maxPayloadSize": 1_048_576 },
            "filter": { "supported": true, "maxResults": 100 },
            "pagination": { "cursor": cursors, "index": true, "defaultPaginationMethod": "index",
                            "defaultPageSize": 50, "maxPageSize": 100 },
            "authenticationSchemes": [{ "type": "oauthbearertoken", "name": "Bearer", "description": "token" }],
        });
        fs::write(&offers, offered.to_string()).unwrap();
        let program = installed("scim2-server/bin/scim2-server");
        ScimServer::start(directory, "", |port| {
            let mut command = Command::new(&program);
            command.args([
                "--hostname",
                "127.0.0.1",
                "--port",
                &port.to_string(),
                "--bearer-token",
                SCIM_TOKEN,
            ]);
            command.arg("--service-provider-config").arg(&offers);
            command
        })
    }

    /// SCIMMY, which pages only if told to.
    pub fn scimmy(pages: bool) -> ScimServer {
        let modules = installed("scimmy/node_modules");
        ScimServer::start(tempfile::tempdir().unwrap(), "/scim/v2", |port| {
            let mut command = Command::new("node");
            // What is imported is searched from here.
            command.current_dir(modules.parent().unwrap());
            command.args(["--input-type=module", "--eval", include_str!("scimmy.mjs")]);
            command.env("PORT", port.to_string()).env("TOKEN", SCIM_TOKEN);
            command.env("FIX_PAGING", if pages { "1" } else { "0" });
            command
        })
    }

    fn start(directory: TempDir, path: &str, command: impl Fn(u16) -> Command) -> ScimServer {
        // A free port may be taken by something else before the server has it.
        for _ in 0..10 {
            let port = fresh_port();
            let mut command = command(port);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().expect("the SCIM server is missing: cargo xtask setup");
            let deadline = Instant::now() + Duration::from_secs(60);
            while child.try_wait().unwrap().is_none() {
                if answers(port, path) {
                    let url = format!("http://127.0.0.1:{port}{path}");
                    return ScimServer { url, child, _directory: directory };
                }
                assert!(Instant::now() < deadline, "the SCIM server does not answer");
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        panic!("the SCIM server does not start: cargo xtask setup");
    }
}

impl Drop for ScimServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A free port that no other test of this process was given.
fn fresh_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if given.insert(port) {
            return port;
        }
    }
}

/// Whether a service provider lets us in there.
fn answers(port: u16, path: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let asked =
        format!("GET {path}/ServiceProviderConfig HTTP/1.0\r\nAuthorization: Bearer {SCIM_TOKEN}\r\n\r\n");
    let mut answer = String::new();
    let exchanged = stream.write_all(asked.as_bytes()).and_then(|()| stream.read_to_string(&mut answer));
    exchanged.is_ok() && answer.lines().next().is_some_and(|status| status.contains(" 200 "))
}

/// What `cargo xtask setup` has put beside the program under test.
fn installed(path: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_seatsync")).ancestors().nth(2).unwrap();
    let installed = target.join("test-servers").join(path);
    assert!(installed.exists(), "`{}` is missing: cargo xtask setup", installed.display());
    installed
}
