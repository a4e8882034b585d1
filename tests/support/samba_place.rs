//! Where a test's domain controller lives: on an address of its own, or in a network namespace, and how it is reached there.
//!
//! Samba listens on ports below 1024, and on no others. Who may open those gets a controller on an address of 127.0.53.0/24.
//! Everybody else gets one in a namespace, whose ports `samba_ad.py` passes on as sockets of files. Either way the tests
//! meet it on free ports of `localhost`.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

/// Any of its ports below 1024.
const LOW: u16 = 88;

/// Where a controller listens.
pub enum Place {
    Address { address: String, lock: File },
    Namespace,
}

impl Place {
    pub fn address(&self) -> String {
        match self {
            Place::Address { address, .. } => address.clone(),
            Place::Namespace => "127.0.53.1".to_owned(),
        }
    }

    pub fn door(&self, tree: &Path, port: u16) -> Door {
        match self {
            Place::Address { address, .. } => Door::Port(address.clone(), port),
            Place::Namespace => Door::Socket(tree.join(format!("{port}.sock"))),
        }
    }

    /// A command that runs there.
    pub fn command(&self, program: &str) -> Command {
        match self {
            Place::Address { .. } => Command::new(program),
            Place::Namespace => {
                let mut command = Command::new("unshare");
                command.args([
                    "--user",
                    "--map-root-user",
                    "--net",
                    "--pid",
                    "--fork",
                    "--kill-child",
                    program,
                ]);
                command
            }
        }
    }
}

/// An address that no other test has, where we may listen; else a namespace.
pub fn place() -> Place {
    for number in 1..255 {
        let address = format!("127.0.53.{number}");
        match TcpListener::bind((address.as_str(), LOW)) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Place::Namespace,
            Err(_) => continue,
        }
        let lock = std::env::temp_dir().join(format!("seatsync-samba-{address}.lock"));
        let lock = File::create(lock).unwrap();
        // Between our look and Samba's own bind, another test may look as well.
        if lock.try_lock().is_ok() && TcpListener::bind((address.as_str(), LOW)).is_ok() {
            return Place::Address { address, lock };
        }
    }
    panic!("every address of 127.0.53.0/24 is taken");
}

/// Where to reach one of its ports.
pub enum Door {
    Port(String, u16),
    Socket(PathBuf),
}

/// Opens a port of `localhost` before a door; it lives as long as the test.
pub fn front(door: Door) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for outer in listener.incoming().map_while(Result::ok) {
            // Where it does not listen yet, or no more, the caller is hung up on.
            drop(join(outer, &door));
        }
    });
    port
}

fn join(outer: TcpStream, door: &Door) -> io::Result<()> {
    match door {
        Door::Port(address, port) => {
            let inner = TcpStream::connect((address.as_str(), *port))?;
            let (a, b) = (outer.try_clone()?, inner.try_clone()?);
            thread::spawn(move || pump(a, inner, |end| drop(end.shutdown(Shutdown::Both))));
            thread::spawn(move || pump(b, outer, |end| drop(end.shutdown(Shutdown::Both))));
        }
        Door::Socket(path) => {
            let inner = UnixStream::connect(path)?;
            let (a, b) = (outer.try_clone()?, inner.try_clone()?);
            thread::spawn(move || pump(a, inner, |end| drop(end.shutdown(Shutdown::Both))));
            thread::spawn(move || pump(b, outer, |end| drop(end.shutdown(Shutdown::Both))));
        }
    }
    Ok(())
}

fn pump<W: io::Write>(mut from: impl io::Read, mut to: W, close: impl Fn(&W)) {
    // Either side may close first: both ends are the end.
    drop(io::copy(&mut from, &mut to));
    close(&to);
}
