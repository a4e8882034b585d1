//! Telling people of runs: what there is to tell goes into the outbox, and a postman of our own empties it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::app::config::Config;
use crate::app::serve::ballot_box::Waiting;
use crate::app::wiring;
use crate::model::account::AccountId;
use crate::model::notice::{Notice, NoticeKind, NoticePolicy, Parcel};
use crate::notify::delivery::deliver;
use crate::planning::notices::{Happened, notices, of_votes};
use crate::ports::{AccountReader, Carrier, Clock, EdgeError, Outbox as _};
use crate::report::letter::{TemplateError, Templates};
use crate::store::outbox::StoredOutbox;
use crate::store::place::Place;

/// How soon an outbox that could not be opened is tried again.
const TROUBLE: Duration = Duration::from_secs(60);

/// How long is waited, when we end, for the parcel that is on its way.
const FAREWELL: Duration = Duration::from_secs(10);

/// Tells whom the configuration names.
pub struct Telling {
    config: Arc<Config>,
    policy: NoticePolicy,
    /// The kinds of personal notice that somebody is to get.
    people: BTreeSet<NoticeKind>,
    templates: Templates,
    carriers: Vec<Arc<dyn Carrier>>,
    clock: Arc<dyn Clock>,
    news: Arc<Notify>,
    end: watch::Sender<bool>,
    postman: JoinHandle<()>,
}

/// Why nobody can be told.
#[derive(Debug, thiserror::Error)]
pub enum TellingError {
    #[error("failed to read the template `{}`", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    #[error("the templates in `{}` cannot be used", path.display())]
    Unusable {
        path: PathBuf,
        #[source]
        cause: TemplateError,
    },
}

impl Telling {
    /// `None` where nobody is to be told anything. The postman begins when that of `before` has ended.
    pub fn begin(
        config: &Arc<Config>,
        clock: &Arc<dyn Clock>,
        before: Option<Telling>,
    ) -> Result<Option<Telling>, EdgeError> {
        let Some(notify) = &config.notify else { return Ok(None) };
        let templates = templates(notify.templates.as_deref()).map_err(EdgeError::new)?;
        let carriers = wiring::carriers(notify, clock)?;
        let (news, end) = (Arc::new(Notify::new()), watch::Sender::new(false));
        let postman = Postman {
            place: config.state.place.clone(),
            carriers: carriers.clone(),
            clock: Arc::clone(clock),
            news: Arc::clone(&news),
            end: end.subscribe(),
        };
        let postman = tokio::spawn(async move {
            if let Some(before) = before {
                before.end().await;
            }
            postman.work().await;
        });
        Ok(Some(Telling {
            policy: notify.policy.clone(),
            people: notify.mail.iter().flat_map(|mail| mail.people.iter().copied()).collect(),
            config: Arc::clone(config),
            clock: Arc::clone(clock),
            templates,
            carriers,
            news,
            end,
            postman,
        }))
    }

    /// Whether it tells as this configuration says.
    pub fn is_of(&self, config: &Arc<Config>) -> bool {
        Arc::ptr_eq(&self.config, config)
    }

    /// Writes down what there is to tell; that it cannot be told is no failure of the run. `gitlab` is asked for the
    /// addresses that the directory no longer tells.
    pub async fn tell(&self, happened: Happened<'_>, gitlab: &impl AccountReader) {
        if let Err(error) = self.post(happened, gitlab).await {
            tracing::error!(error = error.chain(), hint = error.hint, "notices could not be written down");
        }
        self.news.notify_one();
    }

    async fn post(&self, happened: Happened<'_>, gitlab: &impl AccountReader) -> Result<(), EdgeError> {
        let now = self.clock.now();
        let outbox = StoredOutbox::open(&self.config.state.place).await?;
        let (mut notices, watch) = notices(happened, &self.policy, &outbox.watch().await?, now);
        notices.retain(|notice| notice.recipient().is_none() || self.people.contains(&notice.kind()));
        let notices = addressed(notices, gitlab).await;
        outbox.post(now, &self.parcels(&notices, now)?, &watch).await?;
        outbox.close().await;
        Ok(())
    }

    /// The same of votes on the plan that waits.
    pub async fn tell_of_votes(&self, plan: &Waiting) {
        let at_least = self.config.policy.approval.at_least;
        let notices = of_votes(&plan.about.digest, &plan.votes, &plan.standing, at_least, &self.policy);
        if let Err(error) = self.post_beside_runs(&notices).await {
            tracing::error!(error = error.chain(), hint = error.hint, "votes could not be told of");
        }
        self.news.notify_one();
    }

    async fn post_beside_runs(&self, notices: &[Notice]) -> Result<(), EdgeError> {
        let now = self.clock.now();
        let outbox = StoredOutbox::open(&self.config.state.place).await?;
        let watch = outbox.watch().await?;
        outbox.post(now, &self.parcels(notices, now)?, &watch).await?;
        outbox.close().await;
        Ok(())
    }

    fn parcels(&self, notices: &[Notice], now: Timestamp) -> Result<Vec<Parcel>, EdgeError> {
        let mut parcels = Vec::new();
        for notice in notices {
            let letter =
                self.templates.letter(notice, self.config.gitlab.url.as_str()).map_err(EdgeError::new)?;
            parcels.extend(self.carriers.iter().filter_map(|carrier| carrier.pack(notice, &letter, now)));
        }
        Ok(parcels)
    }

    /// Ends the postman, after the parcel that is on its way.
    pub async fn end(self) {
        self.end.send_replace(true);
        if tokio::time::timeout(FAREWELL, self.postman).await.is_err() {
            tracing::warn!("a notice was on its way when seatsync ended: it may have arrived");
        }
    }
}

/// Whoever has left the groups that rules name is no longer seen by their directory, but has an account.
async fn addressed(notices: Vec<Notice>, gitlab: &impl AccountReader) -> Vec<Notice> {
    let unknown: BTreeSet<AccountId> = notices
        .iter()
        .filter_map(|notice| notice.recipient())
        .filter(|to| to.email.is_none())
        .map(|to| to.account)
        .collect();
    let unknown: Vec<AccountId> = unknown.into_iter().collect();
    let accounts = match gitlab.numbered(&unknown).await {
        Ok(accounts) => accounts,
        Err(error) => {
            tracing::warn!(error = error.chain(), "the addresses of people to tell could not be read");
            return notices;
        }
    };
    let address = |account: AccountId| {
        let account = accounts.iter().find(|known| known.id == account)?;
        account.emails().next().map(str::to_owned)
    };
    let addressed = |notice: Notice| {
        let to = notice.recipient().filter(|to| to.email.is_none()).map(|to| to.account);
        match to.and_then(address) {
            Some(email) => Notice { matter: notice.matter.addressed(&email), ..notice },
            None => notice,
        }
    };
    notices.into_iter().map(addressed).collect()
}

/// Reads those templates that there are.
pub fn templates(folder: Option<&Path>) -> Result<Templates, TellingError> {
    let mut own = BTreeMap::new();
    for name in folder.iter().flat_map(|_| Templates::names()) {
        let path = folder.map(|folder| folder.join(&name)).unwrap_or_default();
        match std::fs::read_to_string(&path) {
            Ok(text) => drop(own.insert(name, text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(cause) => return Err(TellingError::Unreadable { path, cause }),
        }
    }
    let path = folder.unwrap_or(Path::new("")).to_owned();
    Templates::new(&own).map_err(|cause| TellingError::Unusable { path, cause })
}

/// Empties the outbox whenever there is news, or something is to be tried again.
struct Postman {
    place: Place,
    carriers: Vec<Arc<dyn Carrier>>,
    clock: Arc<dyn Clock>,
    news: Arc<Notify>,
    end: watch::Receiver<bool>,
}

impl Postman {
    async fn work(mut self) {
        let mut is_first = true;
        while !self.is_over() {
            let next = self.round(is_first).await;
            let pause = match &next {
                Ok(due) => due.map(|due| self.clock.now().duration_until(due).unsigned_abs()),
                Err(error) => {
                    tracing::error!(error = error.chain(), hint = error.hint, "notices cannot be delivered");
                    Some(TROUBLE)
                }
            };
            is_first &= next.is_err();
            let due = async {
                match pause {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => {}
                () = self.news.notified() => {}
                _ = self.end.wait_for(|end| *end) => {}
            }
        }
    }

    /// Whether it was asked to end, or whoever began it is gone.
    fn is_over(&self) -> bool {
        *self.end.borrow() || self.end.has_changed().is_err()
    }

    /// When the next one is due.
    async fn round(&self, is_first: bool) -> Result<Option<Timestamp>, EdgeError> {
        let outbox = StoredOutbox::open(&self.place).await?;
        if is_first {
            outbox.recover(self.clock.now()).await?;
        }
        deliver(&outbox, &self.carriers, self.clock.as_ref(), || self.is_over()).await?;
        let next = outbox.next_due().await?;
        outbox.close().await;
        Ok(next)
    }
}
