//! A real Samba Active Directory domain controller, reached on loopback, with a small company in it; stopped when dropped.

use std::fs::{self, File};
use std::io;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::support::samba_place::{Place, front, place};

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

/// A search of the entry without a name, which is open to everybody (RFC 4512, section 5.1).
const ROOT: &[u8] =
    b"\x30\x25\x02\x01\x01\x63\x20\x04\x00\x0a\x01\x00\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00\
                      \x87\x0bobjectClass\x30\x00";

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
        fs::write(tree.path().join("password"), PASSWORD).unwrap();
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

    /// A file of the controller: `ca.pem`, `krb5.conf`, `svc-reader.keytab`, `svc-dirsync.keytab`, `password` of the accounts.
    pub fn file(&self, name: &str) -> PathBuf {
        self.tree.path().join(name)
    }

    /// Stops it at once, as a power cut does.
    pub fn kill(&mut self) {
        // It may be gone already.
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// Until it answers.
    fn wait(&mut self) {
        while !answers(self.port) {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!(
                    "samba ended at once ({status}): {}\n\
                     hint: it needs ports below 1024, so root, or user namespaces (`sysctl kernel.unprivileged_userns_clone=1`, \
                     `sysctl kernel.apparmor_restrict_unprivileged_userns=0`)",
                    fs::read_to_string(self.file("output")).unwrap()
                );
            }
            // It starts in half a second; asking without end would only slow it down.
            thread::sleep(Duration::from_millis(5));
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

/// Whether it answers a question at this port. Until it does, nobody is behind the port, or nobody who listens; once it
/// does, all its ports are open.
fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    io::Write::write_all(&mut stream, ROOT).is_ok() && matches!(io::Read::read(&mut stream, &mut [0]), Ok(1))
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
