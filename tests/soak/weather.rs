//! What goes wrong in one run: in the directory, in GitLab, in the state, with the process, and with the mail.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use seatsync::model::group::GroupRef;
use seatsync::model::person::{Person, SourceName};
use seatsync::model::snapshot::{Coverage, GroupState, Snapshot, SourceKind};
use seatsync::ports::{EdgeError, Probe, Source};
use simulator::http::faults::{Failure, Fault, Target};

use crate::site::Site;
use crate::support::chance::Chance;
use crate::support::stage::{ASSIGN, REVOKE};

/// All of one run.
#[derive(Debug, Clone)]
pub(crate) struct Weather {
    pub(crate) mood: Mood,
    pub(crate) gitlab: Vec<Fault>,
    pub(crate) somebody_is_blocked: bool,
    /// The state takes so many more lines of the record, and then none.
    pub(crate) full_after: Option<u64>,
    /// Somebody else has the state.
    pub(crate) taken: bool,
    /// The process ends then, wherever it is.
    pub(crate) killed_after: Option<Duration>,
    pub(crate) mail: MailMood,
}

/// What a directory does with a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Honest,
    Fails,
    /// Half of the members came, and it is known that they are not all.
    HalfRead,
    /// Half of the people are gone, and nothing tells.
    Shrunk,
    Empty,
    Unread,
    Missing,
}

/// What a mail server does with a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MailMood {
    Takes,
    Refuses,
    /// It takes one, and is gone before it says so: our process with it.
    DiesTaking,
}

impl Weather {
    pub(crate) fn fair() -> Weather {
        Weather {
            mood: Mood::Honest,
            gitlab: Vec::new(),
            somebody_is_blocked: false,
            full_after: None,
            taken: false,
            killed_after: None,
            mail: MailMood::Takes,
        }
    }

    pub(crate) fn of(chance: &mut Chance) -> Weather {
        use Mood::{Empty, Fails, HalfRead, Honest, Missing, Shrunk, Unread};
        let moods = [Honest, Honest, Honest, Honest, Honest, Fails, HalfRead, Shrunk, Empty, Unread, Missing];
        let mails = [MailMood::Takes, MailMood::Takes, MailMood::Refuses, MailMood::DiesTaking];
        Weather {
            mood: *chance.of(&moods),
            gitlab: (0..chance.below(3)).map(|_| fault(chance)).collect(),
            somebody_is_blocked: chance.once_in(6),
            full_after: chance.once_in(5).then(|| chance.below(10)),
            taken: chance.once_in(20),
            killed_after: chance.once_in(5).then(|| Duration::from_micros(chance.below(60_000))),
            mail: *chance.of(&mails),
        }
    }

    /// Lets it come over the site, as far as it does not concern our own process.
    pub(crate) async fn strikes(&self, site: &Site, chance: &mut Chance) {
        for fault in &self.gitlab {
            site.gitlab.faults().add(fault.clone());
        }
        if self.somebody_is_blocked {
            site.somebody_is_blocked_meanwhile(chance);
        }
        if let Some(lines) = self.full_after {
            let last = site.state("SELECT CAST(coalesce(max(seq), 0) AS TEXT) FROM audit").await.remove(0);
            site.state(&format!(
                "CREATE TRIGGER full BEFORE INSERT ON audit WHEN NEW.seq > {last} + {lines}
                 BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
            ))
            .await;
        }
    }

    pub(crate) async fn passes(&self, site: &Site) {
        site.gitlab.faults().clear();
        site.gitlab.forget_requests();
        if self.full_after.is_some() {
            site.state("DROP TRIGGER full").await;
        }
    }
}

fn fault(chance: &mut Chance) -> Fault {
    let operation = |name: &str| Target::Operation(name.to_owned());
    let targets = [operation(ASSIGN), operation(ASSIGN), operation(REVOKE), operation(REVOKE), Target::Any];
    let login = Failure::Answer {
        status: 200,
        content_type: "text/html".to_owned(),
        body: "<html>Sign in</html>".to_owned(),
    };
    let failures = [
        Failure::InternalError,
        Failure::BadGateway,
        Failure::TimedOut,
        Failure::DropConnection,
        Failure::LoseResponse,
        Failure::LoseResponse,
        Failure::Limited { retry_after: None },
        Failure::Throttled { retry_after: 60 },
        login,
    ];
    let target = chance.of(&targets).clone();
    // A run asks for few changes, and reads much.
    let after = if let Target::Operation(_) = target { chance.below(2) } else { chance.below(6) };
    let [after, times] = [after, 1 + chance.below(8)].map(|count| u32::try_from(count).unwrap());
    Fault { target, after, times, failure: chance.of(&failures).clone() }
}

/// A directory with a mood.
pub(crate) struct Fickle {
    pub(crate) inner: Arc<dyn Source>,
    pub(crate) mood: Mood,
}

impl Source for Fickle {
    fn name(&self) -> &SourceName {
        self.inner.name()
    }

    fn kind(&self) -> SourceKind {
        self.inner.kind()
    }

    fn read<'a>(&'a self, wanted: &'a [GroupRef]) -> BoxFuture<'a, Result<Snapshot, EdgeError>> {
        Box::pin(async move {
            if self.mood == Mood::Fails {
                return Err(EdgeError::new(io::Error::other("the directory is on fire")));
            }
            let mut snapshot = self.inner.read(wanted).await?;
            spoil(&mut snapshot, self.mood);
            Ok(snapshot)
        })
    }

    fn find<'a>(&'a self, asked: &'a str) -> BoxFuture<'a, Result<Vec<Arc<Person>>, EdgeError>> {
        self.inner.find(asked)
    }

    fn probe(&self) -> BoxFuture<'_, Result<Probe, EdgeError>> {
        self.inner.probe()
    }
}

fn spoil(snapshot: &mut Snapshot, mood: Mood) {
    let half = snapshot.people.len() / 2;
    let left = match mood {
        Mood::Honest | Mood::Fails | Mood::Unread | Mood::Missing => snapshot.people.len(),
        Mood::HalfRead | Mood::Shrunk => half,
        Mood::Empty => 0,
    };
    snapshot.people.truncate(left);
    for reading in &mut snapshot.groups {
        if let GroupState::Found { members, coverage, .. } = &mut reading.state {
            members.retain(|member| (member.person as usize) < left);
            if mood == Mood::HalfRead {
                *coverage = Coverage::Partial { because: "a page did not arrive".to_owned() };
            }
        }
        match mood {
            Mood::Unread => reading.state = GroupState::Unread { because: "it hung up".to_owned() },
            Mood::Missing => reading.state = GroupState::Missing,
            Mood::Honest | Mood::Fails | Mood::HalfRead | Mood::Shrunk | Mood::Empty => {}
        }
    }
}
