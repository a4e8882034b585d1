//! A stage for whole runs: a simulated GitLab, a directory, a configuration, and the real program between them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use jiff::civil::date;
use serde_json::Value;
use simulator::http::faults::{Failure, Fault, Moment, Target};
use simulator::http::server::{Options, Simulator};
use simulator::world::account::{Account, AccountId};
use simulator::world::gitlab::World;
use simulator::world::incident::Incident;
use simulator::world::purchase::{Purchase, PurchaseId};
use simulator::world::token::Token;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::support::company::{Company, SUFFIX, SYSTEM, person_dn};
use crate::support::postgres::ask;
use crate::support::slapd::Slapd;

/// The token of the administrator `root`.
pub const TOKEN: &str = "glpat-the-secret-of-root";

/// The bearer token of the SCIM service providers, and the secret of their OAuth client.
pub const SCIM_TOKEN: &str = "scim-s3cret";

/// The purchase of Duo Enterprise.
pub const ENTERPRISE: PurchaseId = PurchaseId(3);

/// The root fields that change seats.
pub const ASSIGN: &str = "userAddOnAssignmentBulkCreate";
pub const REVOKE: &str = "userAddOnAssignmentBulkRemove";

/// The source `corp` as [`Stage::ldif`] writes it.
pub const LDIF: &str = "[ldif.corp]\npath = \"corp.ldif\"\nschema = \"rfc2307bis\"\n";

/// Whoever is in the group `platform` has a seat of Duo Enterprise, and nobody else for a day longer.
pub const PLATFORM: &str = "[[rule]]\nname = \"platform\"\nadd_on = \"duo_enterprise\"\ngroups = [\"platform\"]\n\n\
                            [add_on.duo_enterprise]\ngrace = \"0d\"\n";

/// In a small company one person is a great part of it: no shrinking is too much.
pub const SMALL: &str = "[limits]\nmax_source_shrink_percent = 100\n";

/// Everything that one run meets. The files of a stage are in a directory of its own.
pub struct Stage {
    pub gitlab: Simulator,
    directory: TempDir,
    runtime: Runtime,
    /// As `[state] url` has it.
    state: String,
}

impl Stage {
    /// A GitLab with these accounts, of the ids 7 and up and with the addresses of [`Company::person`], with `root`, and
    /// with so many seats of Duo Enterprise. The directory is an empty LDIF; the one rule is [`PLATFORM`], and [`SMALL`].
    pub fn new(usernames: &[&str], seats: u32) -> Stage {
        let mut world = World::instance(date(2026, 11, 22));
        world.add_account(Account::admin(1, "root"));
        world.add_token(Token::new(TOKEN, 1, &["api"]));
        world.add_purchase(Purchase::new(ENTERPRISE.0, "DUO_ENTERPRISE", seats));
        for (id, username) in (7..).zip(usernames) {
            let account = Account::human(id, username).with_email(&format!("{username}@example.test"));
            world.add_account(account.with_identity("ldapmain", &person_dn(username)));
        }
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let gitlab = runtime.block_on(Simulator::start(world, Options::default())).unwrap();
        let stage = Stage {
            gitlab,
            directory: TempDir::with_prefix("stage").unwrap(),
            runtime,
            state: "sqlite:state.db".to_owned(),
        };
        stage.configure(LDIF, &format!("{PLATFORM}\n{SMALL}"));
        stage.ldif(&Company::new().ldif);
        stage
    }

    /// A stage on which these people are in the group `platform`, and an apply has given each of them a seat.
    pub fn seated(usernames: &[&str], seats: u32) -> Stage {
        let stage = Stage::new(usernames, seats);
        stage.company(usernames, usernames);
        stage.run("apply --yes").exits(0);
        assert_eq!(stage.holders().len(), usernames.len());
        stage.gitlab.forget_requests();
        stage
    }

    /// Keeps the state there, from the next configuration on.
    pub fn remember_at(&mut self, url: &str) {
        url.clone_into(&mut self.state);
    }

    /// Writes the configuration: how GitLab is reached comes by itself.
    pub fn configure(&self, source: &str, rest: &str) -> &Stage {
        self.configure_gitlab("", source, rest)
    }

    /// The same with more keys of `[gitlab]`. Pauses between attempts are short.
    pub fn configure_gitlab(&self, keys: &str, source: &str, rest: &str) -> &Stage {
        let (url, state) = (self.gitlab.url(), &self.state);
        self.write(
            "seatsync.toml",
            &format!(
                "[gitlab]\nurl = \"{url}\"\ntoken = {{ env = \"GITLAB_TOKEN\" }}\nrequests_per_minute = 100000\n\
                 retry_deadline = \"2s\"\n{keys}\n[state]\nurl = \"{state}\"\n\n{source}\n{rest}"
            ),
        );
        self
    }

    /// Writes the directory of the source [`LDIF`].
    pub fn ldif(&self, ldif: &str) -> &Stage {
        self.write("corp.ldif", ldif);
        self
    }

    /// Writes a directory of these people, of whom some are in the group `platform`.
    pub fn company(&self, people: &[&str], platform: &[&str]) -> &Stage {
        self.ldif(&company(people, platform).ldif)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Every file of the stage and what is in it.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(self.directory.path()).unwrap().map(Result::unwrap);
        entries
            .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
            .collect()
    }

    /// The program with these arguments, blanks between them, ready to be started.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seatsync"));
        command
            .args(arguments.split_whitespace())
            .current_dir(self.directory.path())
            .env_clear()
            .env("GITLAB_TOKEN", TOKEN)
            .env("LDAP_PASSWORD", "reader-pw")
            .env("SCIM_TOKEN", SCIM_TOKEN)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn start(&self, arguments: &str) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &str) -> Ended {
        Ended::of(self.command(arguments).output().unwrap())
    }

    /// The usernames on seats of Duo Enterprise, sorted.
    pub fn holders(&self) -> Vec<String> {
        self.gitlab.world().holder_names(ENTERPRISE).into_iter().map(str::to_owned).collect()
    }

    /// Puts somebody on a seat without asking seatsync, as an administrator may do by hand.
    pub fn give_seat(&self, username: &str) {
        let mut world = self.gitlab.world();
        let id = world.account_by_username(username).unwrap().id;
        assert!(world.seat(ENTERPRISE, id));
    }

    /// Takes somebody's seat without asking seatsync.
    pub fn take_seat(&self, username: &str) {
        let mut world = self.gitlab.world();
        let id = world.account_by_username(username).unwrap().id;
        assert!(world.unseat(ENTERPRISE, id));
    }

    pub fn account(&self, username: &str) -> AccountId {
        self.gitlab.world().account_by_username(username).unwrap().id
    }

    /// The next so many requests for a root field or operation fail, once `after` of them went well.
    pub fn fails(&self, operation: &str, after: u32, times: u32, failure: Failure) {
        let target = Target::Operation(operation.to_owned());
        self.gitlab.faults().add(Fault { target, after, times, failure });
    }

    /// Lets something happen right before the n-th mutation from now.
    pub fn before_mutation(&self, number: u32, incident: Incident) {
        self.gitlab.faults().schedule(Moment::BeforeMutation(number), incident);
    }

    /// Whether a request that could change a seat has arrived.
    pub fn has_written(&self) -> bool {
        let requests = self.gitlab.requests();
        let mut fields = requests.iter().flat_map(|request| &request.root_fields);
        fields.any(|field| field == ASSIGN || field == REVOKE)
    }

    /// The requests that could change a seat, by their root fields, since the last look.
    pub fn writes(&self) -> Vec<String> {
        let requests = self.gitlab.requests();
        self.gitlab.forget_requests();
        let fields = requests.into_iter().flat_map(|request| request.root_fields);
        fields.filter(|field| field.starts_with("userAddOnAssignment")).collect()
    }

    /// The first column, of text, of what the state answers to a question; of an order: nothing.
    pub fn state(&self, sql: &str) -> Vec<String> {
        let file = format!("sqlite:{}", self.path("state.db").display());
        let url = if self.state.starts_with("sqlite:") { &file } else { &self.state };
        self.runtime.block_on(ask(url, sql))
    }

    /// Lets days pass: whatever the state remembers happened so many days earlier.
    pub fn days_pass(&self, days: i64) {
        let microseconds = days * 86_400_000_000;
        for (table, column) in [
            ("runs", "started_at"),
            ("changes", "at"),
            ("holdings", "since"),
            ("grace", "since"),
            ("reclaimed", "at"),
        ] {
            self.state(&format!("UPDATE {table} SET {column} = {column} - {microseconds}"));
        }
    }
}

/// A directory of these people, of whom some are in the group `platform`.
pub fn company(people: &[&str], platform: &[&str]) -> Company {
    let mut company = Company::new();
    for person in people {
        company.person(person);
    }
    company.group("platform", platform);
    company
}

/// The source `corp` on a server, read as one of its accounts.
pub fn ldap(slapd: &Slapd, account: &str) -> String {
    ldap_at(&slapd.url(), account)
}

pub fn ldap_at(url: &str, account: &str) -> String {
    format!(
        "[ldap.corp]\nurls = [\"{url}\"]\nschema = \"rfc2307bis\"\nbase_dn = \"{SUFFIX}\"\ntimeout = \"10s\"\n\
         bind = {{ dn = \"cn={account},{SYSTEM}\", password = {{ env = \"LDAP_PASSWORD\" }} }}\n"
    )
}

/// So many usernames with this beginning.
pub fn names(beginning: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{beginning}{number:04}")).collect()
}

/// Waits for something that the program brings about; looking now and then leaves it the machine meanwhile.
pub fn until(happened: impl Fn() -> bool) {
    while !happened() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// What is left of a run that has ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    pub fn of(output: Output) -> Ended {
        Ended {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub fn exits(self, code: i32) -> Ended {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// The report says this.
    #[track_caller]
    pub fn says(self, words: &str) -> Ended {
        assert!(self.stdout.contains(words), "not said: {words}\n{self}");
        self
    }

    /// Standard error says this.
    #[track_caller]
    pub fn complains(self, words: &str) -> Ended {
        assert!(self.stderr.contains(words), "not complained: {words}\n{self}");
        self
    }

    /// The report as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{self}"))
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "exit {}\n--- stdout\n{}\n--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}
