//! What it costs to take in what an identity provider pushes over SCIM, and to plan with it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::bench::company::{self, Company, username};
use crate::bench::measure::{Measured, best, peak};
use crate::bench::servers::{GitLab, free_port, stop};
use crate::bench::{ROUNDS, fresh_folder, plan, seatsync, write};
use crate::process::{TaskError, run};

const GROUPS: usize = 1_000;

/// People in each group: everybody is in three.
const MEMBERS: usize = 300;

/// Members in one request, as Entra ID sends them in parts.
const PART: usize = 100;

/// Requests under way at once.
const CONNECTIONS: usize = 4;

/// What was measured.
pub(crate) struct Pushed {
    pub(crate) people: usize,
    pub(crate) groups: usize,
    pub(crate) memberships: usize,
    pub(crate) requests: usize,
    pub(crate) push: Duration,
    /// Of `seatsync serve`, at most.
    pub(crate) peak_kib: u64,
    pub(crate) read: Duration,
    pub(crate) plan: Measured,
}

/// Pushes a company into a sidecar on an empty state, one request for each person, then groups, then their members.
pub(crate) fn pushed(company: &Company) -> Result<Pushed, TaskError> {
    let folder = fresh_folder(company)?;
    let gitlab = GitLab::start(&folder)?;
    let port = free_port()?;
    let config = folder.join("seatsync.toml");
    write(&config, &configuration(&folder, gitlab.port, port))?;
    let mut sidecar = Sidecar::start(&config, port)?;

    let began = Instant::now();
    let people = in_turns(port, company.people, |number| {
        let name = username(number);
        let user = format!(
            "{{\"userName\":\"{name}\",\"externalId\":\"{number}\",\"active\":true,\"displayName\":\"{name}\",\
             \"emails\":[{{\"type\":\"work\",\"primary\":true,\"value\":\"{name}@example.test\"}}]}}"
        );
        vec![("POST", "/Users".to_owned(), user)]
    })?;
    let groups = in_turns(port, GROUPS, |number| {
        vec![("POST", "/Groups".to_owned(), format!("{{\"displayName\":\"group {number}\"}}"))]
    })?;
    let members = |ids: &mut dyn Iterator<Item = &String>| {
        let members: Vec<String> = ids.map(|id| format!("{{\"value\":\"{id}\"}}")).collect();
        format!(
            "{{\"Operations\":[{{\"op\":\"Add\",\"path\":\"members\",\"value\":[{}]}}]}}",
            members.join(",")
        )
    };
    in_turns(port, GROUPS, |number| {
        let places = (0..MEMBERS).map(|at| (number * company.people / GROUPS + at) % company.people);
        let places: Vec<usize> = places.collect();
        let path = format!("/Groups/{}", groups[number]);
        let part = |part: &[usize]| ("PATCH", path.clone(), members(&mut part.iter().map(|at| &people[*at])));
        places.chunks(PART).map(part).collect()
    })?;
    let all = members(&mut groups.iter());
    let everybody = ask(&mut connect(port)?, "POST", "/Groups", "{\"displayName\":\"everybody\"}")?;
    ask(&mut connect(port)?, "PATCH", &format!("/Groups/{}", id(&everybody)), &all)?;
    let push = began.elapsed();
    let peak_kib = peak(&format!("/proc/{}/status", sidecar.0.id())).unwrap_or_default();
    sidecar.end();

    run(&mut seatsync(&["roster", "entra", "--complete"], &config))?;
    let plans: Vec<Measured> = (0..ROUNDS).map(|_| plan(&config, &folder)).collect::<Result<_, _>>()?;
    Ok(Pushed {
        people: company.people,
        groups: GROUPS + 1,
        memberships: GROUPS * MEMBERS + GROUPS,
        requests: company.people + GROUPS + GROUPS * MEMBERS / PART + 2,
        push,
        peak_kib,
        read: plans.iter().filter_map(Measured::source_read).min().unwrap_or_default(),
        plan: best(plans),
    })
}

fn configuration(folder: &Path, gitlab: u16, port: u16) -> String {
    let state = folder.join("pushed.db");
    format!(
        "[gitlab]\nurl = \"http://127.0.0.1:{gitlab}\"\ntoken = {{ env = \"BENCH_TOKEN\" }}\n\
         requests_per_minute = 1000000\n\n[state]\nurl = \"sqlite:{}\"\n\n\
         [scim_push.entra]\ntokens = [{{ env = \"BENCH_PUSH\" }}]\n\n\
         [[rule]]\nname = \"everybody\"\nadd_on = \"duo_enterprise\"\ngroups = [\"everybody\"]\n\n\
         [serve]\nlisten = \"127.0.0.1:{port}\"\n\n[[schedule]]\nname = \"never\"\ncron = \"0 0 1 1 *\"\n",
        state.display()
    )
}

/// Its first rows are there once it leads.
struct Sidecar(Child);

impl Sidecar {
    fn start(config: &Path, port: u16) -> Result<Sidecar, TaskError> {
        let mut command = seatsync(&["serve"], config);
        let started = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn();
        let sidecar =
            Sidecar(started.map_err(|cause| TaskError::Start { program: "seatsync".to_owned(), cause })?);
        let patience = Instant::now() + Duration::from_secs(20);
        let nobody = "/Users?filter=userName%20eq%20%22x%22";
        while !connect(port).is_ok_and(|mut stream| ask(&mut stream, "GET", nobody, "").is_ok()) {
            if Instant::now() > patience {
                return Err(TaskError::Refused("the sidecar takes nothing".to_owned()));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(sidecar)
    }

    fn end(&mut self) {
        stop(&mut self.0);
    }
}

impl Drop for Sidecar {
    fn drop(&mut self) {
        self.end();
    }
}

/// Sends the requests for each number, over a few connections; gives the id of the last answer to each.
fn in_turns(
    port: u16,
    count: usize,
    requests: impl Fn(usize) -> Vec<(&'static str, String, String)> + Sync,
) -> Result<Vec<String>, TaskError> {
    let requests = &requests;
    let lane = |lane: usize| -> Result<Vec<(usize, String)>, TaskError> {
        let mut stream = connect(port)?;
        let mut ids = Vec::new();
        for number in (lane..count).step_by(CONNECTIONS) {
            let mut answer = String::new();
            for (method, path, body) in requests(number) {
                answer = ask(&mut stream, method, &path, &body)?;
            }
            ids.push((number, id(&answer)));
        }
        Ok(ids)
    };
    let mut ids = thread::scope(|scope| {
        let lanes: Vec<_> = (0..CONNECTIONS).map(|number| scope.spawn(move || lane(number))).collect();
        let ended = lanes.into_iter().map(|lane| lane.join().expect("a lane does not panic"));
        ended.collect::<Result<Vec<_>, _>>()
    })?
    .concat();
    ids.sort_unstable();
    Ok(ids.into_iter().map(|(_, id)| id).collect())
}

fn connect(port: u16) -> Result<BufReader<TcpStream>, TaskError> {
    TcpStream::connect(("127.0.0.1", port)).map(BufReader::new).map_err(no_answer)
}

/// The body of the answer.
fn ask(stream: &mut BufReader<TcpStream>, method: &str, path: &str, body: &str) -> Result<String, TaskError> {
    let request = format!(
        "{method} /scim/v2/entra{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/scim+json\r\nContent-Length: {}\r\n\r\n{body}",
        company::PUSH,
        body.len()
    );
    stream.get_mut().write_all(request.as_bytes()).map_err(no_answer)?;
    let (mut status, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).map_err(no_answer)?;
        let line = line.trim_end();
        if status.is_empty() {
            line.clone_into(&mut status);
        }
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).map_err(no_answer)?;
    if !status.contains(" 20") {
        return Err(TaskError::Refused(format!("the sidecar answered `{status}` to {method} {path}")));
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn no_answer(cause: std::io::Error) -> TaskError {
    TaskError::Start { program: "a request to the sidecar".to_owned(), cause }
}

fn id(answer: &str) -> String {
    let rest = answer.split_once("\"id\":\"").map_or("", |(_, rest)| rest);
    rest.split('"').next().unwrap_or_default().to_owned()
}
