//! Real identity providers on loopback, of two makes; stopped when dropped.

use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::mint::Mint;

const PYSAML2: &str = include_str!("pysaml2.py");
const SIMPLESAMLPHP: &str = include_str!("simplesamlphp.php");
const BROWSER: &str = include_str!("browser.py");

/// The Python that Debian's packages are for.
const PYTHON: &str = "/usr/bin/python3";

/// A running identity provider.
pub(crate) struct Party {
    child: Child,
    folder: TempDir,
    /// What it publishes of itself.
    pub(crate) metadata: String,
}

/// Where the service provider is, and which people there are with which groups.
pub(crate) struct Site<'a> {
    pub(crate) entity_id: &'a str,
    pub(crate) acs: &'a str,
    /// Its metadata.
    pub(crate) metadata: &'a str,
    pub(crate) people: &'a [(&'a str, &'a str)],
}

impl Party {
    /// An identity provider of pysaml2 that signs "response", "assertion" or "both".
    pub(crate) fn pysaml2(mint: &Mint, site: &Site<'_>, sign: &str) -> Party {
        let (folder, port) = prepared(mint, site);
        fs::write(folder.path().join("idp.py"), PYSAML2).unwrap();
        let mut command = Command::new(PYTHON);
        command.arg(folder.path().join("idp.py")).arg(port.to_string()).arg(folder.path()).env("SIGN", sign);
        Party::started(command, folder, &format!("http://127.0.0.1:{port}/metadata"))
    }

    /// An identity provider of SimpleSAMLphp that signs both, and encrypts with this algorithm if with any, to that certificate.
    pub(crate) fn simplesamlphp(mint: &Mint, site: &Site<'_>, encrypt: Option<&str>, to: &str) -> Party {
        let (folder, port) = prepared(mint, site);
        fs::write(folder.path().join("sp.crt"), to).unwrap();
        let place = folder.path().display().to_string();
        let text = SIMPLESAMLPHP.replace("FOLDER", &place).replace("PORT", &port.to_string());
        let text = text.replace("'ACS'", &format!("'{}'", site.acs)).replace("ENTITY", site.entity_id);
        for name in ["config", "authsources", "saml20-idp-hosted", "saml20-sp-remote", "router"] {
            fs::write(folder.path().join(format!("{name}.php")), &text).unwrap();
        }
        let mut command = Command::new("php");
        command
            .args(["-d", "error_reporting=0", "-d", "display_errors=0", "-S", &format!("127.0.0.1:{port}")])
            .arg(folder.path().join("router.php"))
            .env("SIMPLESAMLPHP_CONFIG_DIR", folder.path())
            .envs(encrypt.map(|algorithm| ("ENCRYPT", algorithm)));
        Party::started(command, folder, &format!("http://127.0.0.1:{port}/simplesaml/saml2/idp/metadata.php"))
    }

    /// What the browser of this person would post, having begun there.
    pub(crate) fn signed_on(&self, begin: &str, person: &str) -> String {
        let script = self.folder.path().join("browser.py");
        let output = Command::new(PYTHON).arg(script).arg(begin).arg(person).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// From now on it says that this person is in these groups.
    pub(crate) fn says(&self, person: &str, groups: &str) {
        fs::write(self.folder.path().join(format!("{person}.groups")), groups).unwrap();
    }

    fn started(mut command: Command, folder: TempDir, metadata: &str) -> Party {
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        let child = child.expect("the identity provider starts; install it with `cargo xtask setup`");
        let mut party = Party { child, folder, metadata: String::new() };
        let patience = Instant::now() + Duration::from_secs(60);
        while party.metadata.is_empty() {
            let log = || fs::read_to_string(party.folder.path().join("log")).unwrap_or_default();
            assert!(
                party.child.try_wait().unwrap().is_none(),
                "it ended; install it with `cargo xtask setup`\n{}",
                log()
            );
            assert!(Instant::now() < patience, "it does not answer\n{}", log());
            party.metadata = fetched(metadata).unwrap_or_default();
        }
        party
    }
}

impl Drop for Party {
    fn drop(&mut self) {
        // One that has ended already is not there to be killed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn prepared(mint: &Mint, site: &Site<'_>) -> (TempDir, u16) {
    let folder = TempDir::with_prefix("idp").unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("idp.key", &mint.key_pem());
    write("idp.crt", &mint.certificate_pem());
    write("sp.xml", site.metadata);
    write("browser.py", BROWSER);
    for (person, groups) in site.people {
        write(&format!("{person}.groups"), groups);
    }
    (folder, TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port())
}

fn fetched(address: &str) -> Option<String> {
    let script = "import sys, urllib.request as r; \
                  print(r.build_opener(r.ProxyHandler({})).open(sys.argv[1], timeout=10).read().decode())";
    let output = Command::new(PYTHON).args(["-c", script, address]).output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
}
