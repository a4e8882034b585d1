//! A real OpenLDAP server on loopback, with TLS, limits per account and faults on demand; stopped when dropped.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use crate::support::company::{SUFFIX, SYSTEM};

const SCHEMA: &str = "/etc/ldap/schema";

/// How a server differs from the usual one.
#[derive(Default)]
pub struct Options {
    pub certificate: Certificate,
    /// Whether binds with a password need TLS.
    pub require_tls: bool,
    /// Lines of `slapd.conf(5)` before everything else, such as a schema.
    pub schema: String,
    /// `access to …` lines before the usual ones.
    pub access: String,
    /// `overlay …` lines of the company's database.
    pub overlays: String,
    /// Whether nobody may bind anonymously.
    pub no_anonymous: bool,
    /// The suffix, instead of that of the company; its first part stays `dc=example`.
    pub suffix: Option<&'static str>,
}

/// The certificate that the server shows.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub enum Certificate {
    /// For `localhost`, `127.0.0.1`, `::1` and `dc1.corp.example.test`.
    #[default]
    Valid,
    WrongName,
    Expired,
}

/// A running server.
pub struct Slapd {
    pub port: u16,
    pub tls_port: u16,
    directory: TempDir,
    child: Child,
}

impl Slapd {
    /// Starts a server that holds these entries.
    pub fn start(ldif: &str, options: &Options) -> Slapd {
        let directory = tempfile::Builder::new().prefix("slapd").tempdir().unwrap();
        let path = directory.path();
        for name in ["db", "fault"] {
            fs::create_dir(path.join(name)).unwrap();
        }
        certificates(&directory, options.certificate);
        fs::write(path.join("slapd.conf"), configuration(&directory, options)).unwrap();
        let suffix = options.suffix.unwrap_or(SUFFIX);
        load(&directory, suffix, &ldif.replace(SUFFIX, suffix));
        load(
            &directory,
            "dc=fault",
            "dn: dc=fault\nobjectClass: domain\ndc: fault\n\n\
             dn: ou=codes,dc=fault\nobjectClass: organizationalUnit\nou: codes\n",
        );
        // A free port may be taken by another test before slapd has it.
        for _ in 0..10 {
            let (port, tls_port) = (free_port(), free_port());
            if let Some(child) = launch(&directory, port, tls_port) {
                return Slapd { port, tls_port, directory, child };
            }
        }
        panic!("slapd did not start: run it by hand with -f {}/slapd.conf", path.display());
    }

    pub fn url(&self) -> String {
        format!("ldap://localhost:{}", self.port)
    }

    pub fn tls_url(&self) -> String {
        format!("ldaps://localhost:{}", self.tls_port)
    }

    pub fn socket_url(&self) -> String {
        format!("ldapi://{}", self.file("ldapi").display().to_string().replace('/', "%2F"))
    }

    /// A file of the server: `ca.pem`, `client.pem`, `client.key`, `other-ca.pem`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Stops it at once, as a power cut does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal by name, such as `STOP`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        // It may be gone already; a stopped process dies of SIGKILL too.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn program(name: &str) -> Command {
    let path = format!("/usr/sbin/{name}");
    assert!(fs::exists(&path).unwrap(), "slapd is not installed: run `cargo xtask setup`");
    Command::new(path)
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn load(directory: &TempDir, suffix: &str, ldif: &str) {
    let mut child = program("slapadd")
        .args(["-q", "-b", suffix, "-f"])
        .arg(directory.path().join("slapd.conf"))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    // It reads everything before it complains, so that neither waits for the other.
    input.write_all(ldif.as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// `None` where it ended before it was ready.
fn launch(directory: &TempDir, port: u16, tls_port: u16) -> Option<Child> {
    let socket = directory.path().join("ldapi").display().to_string().replace('/', "%2F");
    let mut child = program("slapd")
        .arg("-f")
        .arg(directory.path().join("slapd.conf"))
        .arg("-h")
        .arg(format!("ldap://127.0.0.1:{port}/ ldaps://127.0.0.1:{tls_port}/ ldapi://{socket}/"))
        // In the foreground, saying what it always says and nothing more.
        .args(["-d", "none"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let ready = said.by_ref().map_while(Result::ok).any(|line| line.contains("slapd starting"));
    if ready {
        // It binds its ports before it says so, and listens to them after.
        for port in [port, tls_port] {
            while TcpStream::connect(("127.0.0.1", port)).is_err() {
                std::thread::yield_now();
            }
        }
        // Whatever it says later must not fill the pipe.
        std::thread::spawn(move || said.for_each(drop));
        return Some(child);
    }
    child.wait().unwrap();
    None
}

fn certificates(directory: &TempDir, shown: Certificate) {
    let write = |name: &str, text: String| fs::write(directory.path().join(name), text).unwrap();
    let authority = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "throw-away CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        write(name, params.self_signed(&key).unwrap().pem());
        Issuer::new(params, key)
    };
    authority("other-ca.pem");
    let ca = authority("ca.pem");
    let issue = |name: &str, common_name: &str, params: CertificateParams| {
        let key = KeyPair::generate().unwrap();
        let mut params = params;
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        write(&format!("{name}.pem"), params.signed_by(&key, &ca).unwrap().pem());
        write(&format!("{name}.key"), key.serialize_pem());
    };
    let names: &[&str] = match shown {
        Certificate::Valid | Certificate::Expired => {
            &["localhost", "127.0.0.1", "::1", "dc1.corp.example.test"]
        }
        Certificate::WrongName => &["other.example.test"],
    };
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut server = CertificateParams::new(names).unwrap();
    if shown == Certificate::Expired {
        server.not_before = rcgen::date_time_ymd(2020, 1, 1);
        server.not_after = rcgen::date_time_ymd(2020, 2, 1);
    }
    issue("server", "localhost", server);
    issue("client", "seatsync-client", CertificateParams::default());
}

fn configuration(directory: &TempDir, options: &Options) -> String {
    let path = directory.path().display();
    let security = if options.require_tls { "security simple_bind=56" } else { "" };
    let disallow = if options.no_anonymous { "disallow bind_anon" } else { "" };
    let Options { schema, access, overlays, .. } = options;
    let text = format!(
        r#"include {SCHEMA}/core.schema
include {SCHEMA}/cosine.schema
include {SCHEMA}/nis.schema
include {SCHEMA}/inetorgperson.schema
pidfile {path}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
moduleload retcode
moduleload syncprov
moduleload memberof
moduleload refint
threads 4
{schema}
TLSCACertificateFile {path}/ca.pem
TLSCertificateFile {path}/server.pem
TLSCertificateKeyFile {path}/server.key
TLSVerifyClient allow
{security}
{disallow}
authz-regexp "cn=peercred,cn=external,cn=auth$" "cn=reader,{SYSTEM}"
authz-regexp "cn=seatsync-client" "cn=reader,{SYSTEM}"
sizelimit 500
database mdb
suffix "{SUFFIX}"
rootdn "cn=admin,{SUFFIX}"
rootpw admin-pw
directory {path}/db
maxsize 8589934592
dbnosync
index objectClass,entryUUID,uid,cn,member,gidNumber eq
limits dn.exact="cn=reader,{SYSTEM}" size=unlimited time=unlimited size.prtotal=unlimited
limits dn.exact="cn=limited,{SYSTEM}" size.soft=20 size.hard=20 size.prtotal=hard
limits dn.exact="cn=nopage,{SYSTEM}" size=unlimited size.prtotal=disabled
limits dn.exact="cn=slow,{SYSTEM}" size=unlimited time.soft=1 time.hard=1 size.prtotal=unlimited
{access}
access to attrs=userPassword by anonymous auth by * none
access to * by * read
overlay ppolicy
ppolicy_use_lockout
{overlays}

database mdb
suffix "dc=fault"
directory {path}/fault
maxsize 10485760
access to * by * read
overlay retcode
retcode-parent "ou=codes,dc=fault"
retcode-item "cn=busy" 0x33 text="server is busy"
retcode-item "cn=unavailable" 0x34 text="shutting down"
retcode-item "cn=unwilling" 0x35 text="unwilling"
retcode-item "cn=operations" 0x01 text="operations error"
retcode-item "cn=timelimit" 0x03
retcode-item "cn=sizelimit" 0x04
retcode-item "cn=adminlimit" 0x0b
retcode-item "cn=noaccess" 0x32
retcode-item "cn=referral" 0x0a ref="ldap://127.0.0.1:1/dc=x"
retcode-item "cn=other" 0x50 text="internal error"
retcode-item "cn=drop" 0x00 unsolicited=0 flags=pre-disconnect
"#
    );
    text.replace(SUFFIX, options.suffix.unwrap_or(SUFFIX))
}
