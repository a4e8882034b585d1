//! A real Samba Active Directory domain controller, reached on loopback, with a small company in it; stopped when dropped.
//!
//! It listens on ports below 1024, and on no others. Who may open those gets a controller on an address of its own, in
//! 127.0.53.0/24. Everybody else gets one in a network namespace. Either way a test meets it on free ports of `localhost`.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

pub const BASE: &str = "DC=corp,DC=example,DC=test";
pub const PEOPLE: &str = "OU=People,DC=corp,DC=example,DC=test";
pub const GROUPS: &str = "OU=Groups,DC=corp,DC=example,DC=test";
pub const SERVICE: &str = "OU=Service,DC=corp,DC=example,DC=test";

pub const REALM: &str = "CORP.EXAMPLE.TEST";

/// The name of the controller in DNS, which nobody here resolves.
pub const HOST: &str = "dc1.corp.example.test";

/// The password of every `svc-…` account.
pub const PASSWORD: &str = "Passw0rd.svc";

/// How many people `p000000` and so on are in the group `everyone`.
pub const CROWD: usize = 1600;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/samba_ad.py");
const LDAP: u16 = 389;
const LDAPS: u16 = 636;
const KERBEROS: u16 = 88;

/// How a controller differs from the usual one.
#[derive(Default)]
pub struct Options {
    /// Whether binds with a password may go unencrypted, as a controller of today does not let them.
    pub allow_plaintext: bool,
    /// Whether binds by GSSAPI may go without a layer of their own over TLS.
    pub allow_sasl_over_tls: bool,
}

/// A running controller.
pub struct Samba {
    pub port: u16,
    pub tls_port: u16,
    tree: TempDir,
    child: Child,
    /// Held while the address is ours.
    _address: Option<File>,
}

impl Samba {
    /// Starts a controller that holds the company of `samba_ad.py`.
    pub fn start(options: &Options) -> Samba {
        let golden = golden();
        let place = place();
        let tree = TempDir::with_prefix("samba").unwrap();
        copy(&golden, tree.path());
        certificates(tree.path());
        fs::write(tree.path().join("smb.conf"), configuration(tree.path(), &place.address(), options))
            .unwrap();
        let child = launch(tree.path(), &place);
        let doors = [LDAP, LDAPS, KERBEROS].map(|port| front(place.door(tree.path(), port)));
        let address = match place {
            Place::Address { lock, .. } => Some(lock),
            Place::Namespace => None,
        };
        let [port, tls_port, kerberos] = doors;
        fs::write(tree.path().join("krb5.conf"), kerberos_configuration(kerberos)).unwrap();
        let mut samba = Samba { port, tls_port, tree, child, _address: address };
        samba.wait();
        samba
    }

    pub fn url(&self) -> String {
        format!("ldap://localhost:{}", self.port)
    }

    pub fn tls_url(&self) -> String {
        format!("ldaps://localhost:{}", self.tls_port)
    }

    /// A file of the controller: `ca.pem`, `krb5.conf`, `svc-reader.keytab`, `svc-dirsync.keytab`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.tree.path().join(name)
    }

    /// Stops it at once, as a power cut does.
    pub fn kill(&mut self) {
        // It may be gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// Until each of its ports answers.
    fn wait(&mut self) {
        let doors = [self.port, self.tls_port];
        for port in doors {
            while !answers(port) {
                if let Some(status) = self.child.try_wait().unwrap() {
                    panic!(
                        "samba ended at once ({status}): {}\n\
                         hint: it needs ports below 1024, so root, or user namespaces (`sysctl kernel.unprivileged_userns_clone=1`, \
                         `sysctl kernel.apparmor_restrict_unprivileged_userns=0`)",
                        fs::read_to_string(self.file("output")).unwrap()
                    );
                }
                thread::sleep(std::time::Duration::from_millis(5));
            }
        }
    }
}

impl Drop for Samba {
    fn drop(&mut self) {
        self.kill();
    }
}

pub fn person_dn(name: &str) -> String {
    format!("CN={name},{PEOPLE}")
}

pub fn group_dn(name: &str) -> String {
    format!("CN={name},{GROUPS}")
}

/// Where a controller listens.
enum Place {
    Address { address: String, lock: File },
    Namespace,
}

impl Place {
    fn address(&self) -> String {
        match self {
            Place::Address { address, .. } => address.clone(),
            Place::Namespace => "127.0.53.1".to_owned(),
        }
    }

    fn door(&self, tree: &Path, port: u16) -> Door {
        match self {
            Place::Address { address, .. } => Door::Port(address.clone(), port),
            Place::Namespace => Door::Socket(tree.join(format!("{port}.sock"))),
        }
    }

    /// A command that runs there.
    fn command(&self, program: &str) -> Command {
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
fn place() -> Place {
    for number in 1..255 {
        let address = format!("127.0.53.{number}");
        match TcpListener::bind((address.as_str(), KERBEROS)) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Place::Namespace,
            Err(_) => continue,
        }
        let lock = std::env::temp_dir().join(format!("seatsync-samba-{address}.lock"));
        let lock = File::create(lock).unwrap();
        // Between our look and Samba's own bind, another test may look as well.
        if lock.try_lock().is_ok() && TcpListener::bind((address.as_str(), KERBEROS)).is_ok() {
            return Place::Address { address, lock };
        }
    }
    panic!("every address of 127.0.53.0/24 is taken");
}

/// The provisioned tree, made once for all tests and kept between runs.
fn golden() -> PathBuf {
    assert!(
        fs::exists("/usr/sbin/samba").unwrap() && fs::exists("/usr/lib/python3/dist-packages/samba").unwrap(),
        "samba is not installed: run `cargo xtask setup`"
    );
    let script = fs::read(SCRIPT).unwrap();
    let version = Command::new("/usr/sbin/samba").arg("--version").output().unwrap().stdout;
    let home = Path::new(env!("CARGO_TARGET_TMPDIR"));
    // Root's tree is not readable for anybody else who builds here.
    let who = std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").unwrap());
    let of = data_encoding::HEXLOWER
        .encode(&Sha256::new().chain_update(&script).chain_update(version).finalize()[..6]);
    let golden = home.join(format!("samba-{of}-{who}"));
    let lock = File::create(golden.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    if golden.exists() {
        return golden;
    }
    // Under a short path: Samba puts sockets there, whose names must be.
    let tree = TempDir::with_prefix("samba").unwrap();
    for name in ["private", "state", "cache", "lock", "bind-dns", "run"] {
        fs::create_dir(tree.path().join(name)).unwrap();
    }
    let place = place();
    let options = Options::default();
    fs::write(tree.path().join("smb.conf"), configuration(tree.path(), &place.address(), &options)).unwrap();
    let made =
        place.command("/usr/bin/python3").args([SCRIPT, "provision"]).arg(tree.path()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let half = golden.with_extension("half");
    drop(fs::remove_dir_all(&half));
    fs::create_dir(&half).unwrap();
    copy(tree.path(), &half);
    fs::rename(&half, &golden).unwrap();
    golden
}

fn copy(from: &Path, to: &Path) {
    let copied =
        Command::new("cp").args(["--archive", "--reflink=auto"]).arg(from.join(".")).arg(to).status();
    assert!(copied.unwrap().success());
}

fn launch(tree: &Path, place: &Place) -> Child {
    let output = File::create(tree.join("output")).unwrap();
    let mut command = match place {
        Place::Address { .. } => place.command("/usr/sbin/samba"),
        Place::Namespace => {
            let mut command = place.command("/usr/bin/python3");
            command.args([SCRIPT, "behind"]).arg(tree).args([&place.address(), "/usr/sbin/samba"]);
            command
        }
    };
    command
        .arg("-s")
        .arg(tree.join("smb.conf"))
        .args(["-F", "--no-process-group", "-M", "single"])
        .stdin(Stdio::null())
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .spawn()
        .unwrap()
}

/// Where to reach one of its ports.
enum Door {
    Port(String, u16),
    Socket(PathBuf),
}

/// Opens a port of `localhost` before a door; it lives as long as the test.
fn front(door: Door) -> u16 {
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

/// Whether somebody stays on the line who was called there.
fn answers(port: u16) -> bool {
    let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    stream.set_read_timeout(Some(std::time::Duration::from_millis(20))).unwrap();
    // A door without a house closes at once; a server waits to be asked.
    match io::Read::read(&mut &stream, &mut [0]) {
        Ok(_) => false,
        Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}

fn certificates(tree: &Path) {
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "throw-away CA");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    fs::write(tree.join("ca.pem"), authority.self_signed(&key).unwrap().pem()).unwrap();
    let authority = Issuer::new(authority, key);
    let names = ["localhost", "127.0.0.1", HOST, "corp.example.test"].map(str::to_owned);
    let mut server = CertificateParams::new(names).unwrap();
    server.distinguished_name.push(DnType::CommonName, HOST);
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().unwrap();
    fs::write(tree.join("server.pem"), server.signed_by(&key, &authority).unwrap().pem()).unwrap();
    fs::write(tree.join("server.key"), key.serialize_pem()).unwrap();
    // Samba refuses a key that others may read.
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(tree.join("server.key"), private).unwrap();
}

fn configuration(tree: &Path, address: &str, options: &Options) -> String {
    let tree = tree.display();
    let strong = match options {
        Options { allow_plaintext: true, .. } => "no",
        Options { allow_sasl_over_tls: true, .. } => "allow_sasl_over_tls",
        Options { .. } => "yes",
    };
    format!(
        "[global]
netbios name = dc1
realm = {REALM}
workgroup = CORP
server role = active directory domain controller
server services = ldap, kdc
interfaces = {address}/8
bind interfaces only = yes
private dir = {tree}/private
state directory = {tree}/state
cache directory = {tree}/cache
lock directory = {tree}/lock
binddns dir = {tree}/bind-dns
pid directory = {tree}/run
ncalrpc dir = {tree}/run/ncalrpc
winbindd socket directory = {tree}/run/winbindd
ntp signd socket directory = {tree}/run/ntp
log file = {tree}/samba.log
logging = file
ldap server require strong auth = {strong}
tls enabled = yes
tls keyfile = {tree}/server.key
tls certfile = {tree}/server.pem
tls cafile = {tree}/ca.pem
load printers = no
[sysvol]
path = {tree}/state/sysvol
read only = no
[netlogon]
path = {tree}/state/sysvol/corp.example.test/scripts
read only = no
"
    )
}

fn kerberos_configuration(port: u16) -> String {
    format!(
        "[libdefaults]
default_realm = {REALM}
dns_lookup_kdc = false
dns_lookup_realm = false
dns_canonicalize_hostname = false
rdns = false
udp_preference_limit = 1
[realms]
{REALM} = {{
  kdc = 127.0.0.1:{port}
}}
[domain_realm]
.corp.example.test = {REALM}
localhost = {REALM}
"
    )
}
