//! The neighbours of a measured plan, on loopback, each in a process of its own and stopped when dropped.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::bench::company::{READER, SUFFIX};
use crate::process::{TaskError, program, run, target};

/// OpenLDAP, filled from `people.ldif`.
pub(crate) struct Slapd {
    pub(crate) port: u16,
    child: Child,
}

impl Slapd {
    pub(crate) fn start(folder: &Path) -> Result<Slapd, TaskError> {
        let (config, database) = (folder.join("slapd.conf"), folder.join("db"));
        let text = configuration(&folder.display().to_string());
        fs::create_dir_all(&database)
            .and_then(|()| fs::write(&config, text))
            .map_err(|cause| TaskError::File { doing: "write", path: config.clone(), cause })?;
        run(program("/usr/sbin/slapadd")
            .args(["-q", "-b", SUFFIX, "-f"])
            .arg(&config)
            .arg("-l")
            .arg(folder.join("people.ldif")))?;
        let port = free_port()?;
        let mut command = program("/usr/sbin/slapd");
        command.arg("-f").arg(&config).args(["-h", &format!("ldap://127.0.0.1:{port}/"), "-d", "none"]);
        Ok(Slapd { port, child: listening(&mut command, port)? })
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

/// The simulator, beginning with `world.toml`.
pub(crate) struct GitLab {
    pub(crate) port: u16,
    child: Child,
}

impl GitLab {
    pub(crate) fn start(folder: &Path) -> Result<GitLab, TaskError> {
        let port = free_port()?;
        let mut command = program(target().join("release/simulator"));
        command.args(["--listen", &format!("127.0.0.1:{port}"), "--world"]).arg(folder.join("world.toml"));
        Ok(GitLab { port, child: listening(&mut command, port)? })
    }

    /// How many requests it has had since the last were forgotten.
    pub(crate) fn calls(&self) -> Result<usize, TaskError> {
        let answer = self.ask("GET")?;
        let total = answer.split_once("\"total\":").map_or("", |(_, total)| total);
        let end = total.find(|char: char| !char.is_ascii_digit()).unwrap_or(total.len());
        total[..end]
            .parse()
            .map_err(|_| TaskError::Refused("the simulator does not count its requests".to_owned()))
    }

    pub(crate) fn forget_calls(&self) -> Result<(), TaskError> {
        self.ask("DELETE").map(drop)
    }

    fn ask(&self, method: &str) -> Result<String, TaskError> {
        let exchange = || -> io::Result<String> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
            write!(
                stream,
                "{method} /simulator/requests HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
            )?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        exchange().map_err(|cause| TaskError::Start { program: "simulator".to_owned(), cause })
    }
}

impl Drop for GitLab {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

/// Starts a server and waits until it takes connections.
fn listening(command: &mut Command, port: u16) -> Result<Child, TaskError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|cause| TaskError::Start { program: program.clone(), cause })?;
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if began.elapsed() > Duration::from_secs(60) || child.try_wait().is_ok_and(|exit| exit.is_some()) {
            stop(&mut child);
            return Err(TaskError::Refused(format!("`{program}` does not listen on port {port}")));
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(child)
}

fn stop(child: &mut Child) {
    // It may be gone already.
    drop(child.kill());
    drop(child.wait());
}

fn free_port() -> Result<u16, TaskError> {
    let bound = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    bound
        .map(|address| address.port())
        .map_err(|cause| TaskError::Start { program: "a server".to_owned(), cause })
}

fn configuration(folder: &str) -> String {
    format!(
        "include /etc/ldap/schema/core.schema\n\
         include /etc/ldap/schema/cosine.schema\n\
         include /etc/ldap/schema/inetorgperson.schema\n\
         modulepath /usr/lib/ldap\n\
         moduleload back_mdb\n\
         threads 4\n\
         database mdb\n\
         suffix \"{SUFFIX}\"\n\
         rootdn \"cn=admin,{SUFFIX}\"\n\
         directory {folder}/db\n\
         maxsize 8589934592\n\
         dbnosync\n\
         index objectClass,entryUUID,uid,cn,member eq\n\
         limits dn.exact=\"{READER}\" size=unlimited time=unlimited size.prtotal=unlimited\n\
         access to attrs=userPassword by anonymous auth by * none\n\
         access to * by * read\n"
    )
}
