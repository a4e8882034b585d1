//! The neighbours of a measured plan, on loopback, each in a process of its own and stopped when dropped.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use crate::bench::company::{ADMIN, PASSWORD, READER, SUFFIX};
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
        let mut child = start(command.stdout(Stdio::null()).stderr(Stdio::piped()))?;
        let said = child.stderr.take();
        first_line(said, "slapd starting").map(|_| Slapd { port, child })
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
        let mut command = program(target().join("dist/simulator"));
        command.args(["--listen", "127.0.0.1:0", "--world"]).arg(folder.join("world.toml"));
        let mut child = start(command.stdout(Stdio::piped()).stderr(Stdio::null()))?;
        let said = child.stdout.take();
        let line = first_line(said, "listens on")?;
        let port = line.rsplit(':').next().and_then(|port| port.parse().ok());
        let port = port.ok_or_else(|| TaskError::Refused(format!("no port in `{line}`")))?;
        Ok(GitLab { port, child })
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

/// A SCIM service provider with so many people and groups.
pub(crate) struct Provider {
    pub(crate) port: u16,
    child: Child,
}

impl Provider {
    pub(crate) fn start(people: usize, groups: usize) -> Result<Provider, TaskError> {
        let mut command = program("/usr/bin/python3");
        command.args(["-u", "-c", include_str!("provider.py"), &people.to_string(), &groups.to_string()]);
        let mut child = start(command.stdout(Stdio::piped()).stderr(Stdio::null()))?;
        let said = child.stdout.take();
        let line = first_line(said, "listens on")?;
        let port = line.rsplit(':').next().and_then(|port| port.parse().ok());
        let port = port.ok_or_else(|| TaskError::Refused(format!("no port in `{line}`")))?;
        Ok(Provider { port, child })
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

fn start(command: &mut Command) -> Result<Child, TaskError> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).spawn().map_err(|cause| TaskError::Start { program, cause })
}

/// The line by which a server says that it is ready. What it says later must not fill the pipe.
fn first_line(said: Option<impl io::Read + Send + 'static>, words: &str) -> Result<String, TaskError> {
    let mut lines = BufReader::new(said.expect("the pipe was asked for")).lines();
    let ready = lines.by_ref().map_while(Result::ok).find(|line| line.contains(words));
    let ready =
        ready.ok_or_else(|| TaskError::Refused(format!("a server ended before it said `{words}`")))?;
    thread::spawn(move || lines.for_each(drop));
    Ok(ready)
}

pub(crate) fn stop(child: &mut Child) {
    // It may be gone already.
    drop(child.kill());
    drop(child.wait());
}

pub(crate) fn free_port() -> Result<u16, TaskError> {
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
         moduleload back_monitor\n\
         moduleload syncprov\n\
         threads 4\n\
         database mdb\n\
         suffix \"{SUFFIX}\"\n\
         rootdn \"{ADMIN}\"\n\
         rootpw {PASSWORD}\n\
         directory {folder}/db\n\
         maxsize 8589934592\n\
         dbnosync\n\
         index objectClass,entryUUID,entryCSN,uid,cn,member eq\n\
         limits dn.exact=\"{READER}\" size=unlimited time=unlimited size.prtotal=unlimited\n\
         access to attrs=userPassword by anonymous auth by * none\n\
         access to * by * read\n\
         overlay syncprov\n\
         syncprov-sessionlog 1000\n\
         database monitor\n\
         access to * by * read\n"
    )
}
