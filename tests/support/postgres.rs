//! A real PostgreSQL server on loopback, with TLS and a role that needs a password; stopped when dropped.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Row as _};
use tempfile::TempDir;

/// A running server.
pub struct Postgres {
    port: u16,
    directory: TempDir,
    child: Mutex<Child>,
    databases: AtomicU32,
}

impl Postgres {
    /// The server of all tests of this process: starting one takes a second.
    pub fn shared() -> Arc<Postgres> {
        static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap();
        if let Some(server) = shared.upgrade() {
            return server;
        }
        let server = Arc::new(Postgres::start());
        *shared = Arc::downgrade(&server);
        server
    }

    /// A server of one's own, to be stopped at will.
    pub fn start() -> Postgres {
        let directory = tempfile::Builder::new().prefix("postgres").tempdir().unwrap();
        certificates(directory.path());
        own(directory.path());
        let made = program("initdb")
            .arg("-D")
            .arg(directory.path().join("data"))
            .args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync"])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let access = "local all all trust\n\
                      host all guarded 127.0.0.1/32 scram-sha-256\n\
                      hostssl all all 127.0.0.1/32 trust\n\
                      hostnossl all all 127.0.0.1/32 trust\n";
        fs::write(directory.path().join("data/pg_hba.conf"), access).unwrap();
        // A free port may be taken by another test before the server has it.
        for _ in 0..10 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            if let Some(child) = launch(directory.path(), port) {
                return Postgres { port, directory, child: Mutex::new(child), databases: AtomicU32::new(0) };
            }
        }
        panic!("PostgreSQL did not start on {}", directory.path().display());
    }

    /// Stops it at once, as a power cut does, and starts it again.
    pub fn restart(&self) {
        let mut child = self.child.lock().unwrap();
        if child.try_wait().unwrap().is_none() {
            stop(&mut child, "QUIT");
        }
        *child = launch(self.directory.path(), self.port).expect("its port is free");
    }

    /// Stops it at once.
    pub fn kill(&self) {
        stop(&mut self.child.lock().unwrap(), "QUIT");
    }

    /// Makes an empty database, and answers its address.
    pub async fn database(&self) -> String {
        let name = format!("state{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.ask("postgres", &format!("CREATE DATABASE {name}")).await;
        self.url(&name)
    }

    /// The same, for whoever does nothing else at once.
    pub fn empty_database(&self) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(self.database())
    }

    /// The address of a database, as somebody who may do anything.
    pub fn url(&self, database: &str) -> String {
        self.url_of("postgres", database)
    }

    /// As somebody else, perhaps with a password: `NAME:PASSWORD`.
    pub fn url_of(&self, who: &str, database: &str) -> String {
        format!("postgres://{who}@127.0.0.1:{}/{database}", self.port)
    }

    /// The authority that signed the server's certificate, which is good for `localhost` alone.
    pub fn authority(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// Asks a database.
    pub async fn ask(&self, database: &str, sql: &str) -> Vec<String> {
        ask(&self.url(database), sql).await
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        stop(self.child.get_mut().unwrap(), "INT");
    }
}

/// The first column of what a database answers, which must be text; of an order: nothing.
pub async fn ask(url: &str, sql: &str) -> Vec<String> {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(url).await.unwrap();
    let rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn stop(child: &mut Child, signal: &str) {
    // It may be gone already.
    drop(Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).output());
    drop(child.wait());
}

/// A program of the server, as somebody it will run as: it refuses root.
fn program(name: &str) -> Command {
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = debian.map(|version| version.path().join("bin")).collect();
    folders.sort();
    let elsewhere = ["/usr/local/bin", "/usr/bin"].map(PathBuf::from);
    let found = folders.into_iter().rev().chain(elsewhere).map(|folder| folder.join(name));
    let path = found.into_iter().find(|path| path.exists());
    let path = path.expect("PostgreSQL is not installed: run `cargo xtask setup`");
    if !is_root() {
        return Command::new(path);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(path).current_dir("/");
    command
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Gives a folder and what is in it to whom the server runs as.
fn own(folder: &Path) {
    if !is_root() {
        return;
    }
    let number = |option| {
        let output = Command::new("id").args([option, "postgres"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().parse().expect("the package makes this account")
    };
    let (user, group) = (number("-u"), number("-g"));
    let within = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    for path in within.chain([folder.to_owned()]) {
        chown(path, Some(user), Some(group)).unwrap();
    }
}

fn certificates(folder: &Path) {
    let write = |name: &str, text: String| {
        fs::write(folder.join(name), text).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).unwrap();
    };
    let key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    write("ca.pem", authority.self_signed(&key).unwrap().pem());
    let issuer = Issuer::new(authority, key);
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    write("server.pem", server.signed_by(&key, &issuer).unwrap().pem());
    write("server.key", key.serialize_pem());
}

/// `None` where it ended before it was ready.
fn launch(folder: &Path, port: u16) -> Option<Child> {
    let setting = |name: &str, value: &dyn std::fmt::Display| format!("--{name}={value}");
    let file = |name: &str| folder.join(name).display().to_string();
    let mut child = program("postgres")
        .arg("-D")
        .arg(folder.join("data"))
        .args([
            setting("port", &port),
            setting("listen_addresses", &"127.0.0.1"),
            setting("unix_socket_directories", &folder.display()),
            setting("ssl", &"on"),
            setting("ssl_cert_file", &file("server.pem")),
            setting("ssl_key_file", &file("server.key")),
            setting("fsync", &"off"),
            setting("full_page_writes", &"off"),
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let ready = said.by_ref().map_while(Result::ok).any(|line| line.contains("ready to accept connections"));
    if ready {
        // Whatever it says later must not fill the pipe.
        std::thread::spawn(move || said.for_each(drop));
        return Some(child);
    }
    child.wait().unwrap();
    None
}
