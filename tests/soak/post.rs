//! The mail of the runs, carried by somebody who may refuse it, or take our process with him.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use seatsync::app::clock::FixedClock;
use seatsync::model::notice::{Letter, Notice, NoticePolicy, Parcel};
use seatsync::notify::delivery::deliver;
use seatsync::planning::notices::{Happened, notices};
use seatsync::ports::{Carrier, NotCarried, Outbox as _};
use seatsync::report::letter::Templates;
use seatsync::store::outbox::StoredOutbox;
use tokio::sync::Notify;

use crate::Came;
use crate::site::Site;
use crate::weather::MailMood;

pub(crate) struct Post {
    carrier: Arc<Postman>,
    templates: Templates,
    policy: NoticePolicy,
}

struct Postman {
    mood: Mutex<MailMood>,
    /// The keys of the parcels that arrived; and of those that arrived twice.
    arrived: Mutex<(BTreeSet<String>, Vec<String>)>,
    died: Notify,
}

impl Post {
    pub(crate) fn new() -> Post {
        Post {
            carrier: Arc::new(Postman {
                mood: Mutex::new(MailMood::Takes),
                arrived: Mutex::default(),
                died: Notify::new(),
            }),
            templates: Templates::new(&BTreeMap::new()).unwrap(),
            policy: NoticePolicy {
                source_partial_after: SignedDuration::from_hours(2),
                seats_low: 2,
                trials: BTreeMap::new(),
                page: None,
            },
        }
    }

    /// Tells of a run that its process has survived, and delivers whatever is due.
    pub(crate) async fn tell(&self, site: &Site, came: &Came, mood: MailMood, now: Timestamp) {
        *self.carrier.mood.lock().unwrap() = mood;
        let outbox = StoredOutbox::open(site.place()).await.unwrap();
        outbox.recover(now).await.unwrap();
        let watch = outbox.watch().await.unwrap();
        let happened = match came {
            Came::Done { plan, outcomes } => Happened::Applied { plan, outcomes },
            Came::Refused { plan } => Happened::Waits { plan },
            Came::Failed(because) => Happened::Failed { because },
            Came::Killed => return,
        };
        let (notices, watch) = notices(happened, &self.policy, &watch, now);
        let parcels: Vec<Parcel> = notices
            .iter()
            .filter_map(|notice| {
                let letter = self.templates.letter(notice, site.config.gitlab.url.as_str()).unwrap();
                self.carrier.pack(notice, &letter, now)
            })
            .collect();
        outbox.post(now, &parcels, &watch).await.unwrap();
        let (carriers, clock) = ([Arc::clone(&self.carrier) as Arc<dyn Carrier>], FixedClock(now));
        tokio::select! {
            delivered = deliver(&outbox, &carriers, &clock, || false) => delivered.unwrap(),
            () = self.carrier.died.notified() => {}
        }
    }

    pub(crate) fn arrived(&self) -> usize {
        self.carrier.arrived.lock().unwrap().0.len()
    }

    pub(crate) fn faults(&self) -> Vec<String> {
        let arrived = self.carrier.arrived.lock().unwrap();
        arrived.1.iter().map(|key| format!("a notice arrived twice: {key}")).collect()
    }
}

impl Carrier for Postman {
    fn channel(&self) -> &str {
        "mail"
    }

    fn pack(&self, notice: &Notice, letter: &Letter, _: Timestamp) -> Option<Parcel> {
        Some(Parcel { key: notice.key.clone(), channel: "mail".into(), body: letter.text.clone() })
    }

    fn carry<'a>(&'a self, parcel: &'a Parcel) -> BoxFuture<'a, Result<(), NotCarried>> {
        Box::pin(async move {
            let mood = *self.mood.lock().unwrap();
            if mood == MailMood::Refuses {
                return Err(NotCarried { because: "the mail server is gone".to_owned(), again: true });
            }
            {
                let mut arrived = self.arrived.lock().unwrap();
                if !arrived.0.insert(parcel.key.clone()) {
                    arrived.1.push(parcel.key.clone());
                }
            }
            if mood == MailMood::DiesTaking {
                self.died.notify_one();
                std::future::pending::<()>().await;
            }
            Ok(())
        })
    }
}
