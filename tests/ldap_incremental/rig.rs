//! A source that is read by its changes, beside the same one that is read whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use seatsync::app::clock::FixedClock;
use seatsync::model::group::GroupRef;
use seatsync::model::snapshot::Snapshot;
use seatsync::ports::{Remembered, Source as _};
use seatsync::sources::ldap::config::LdapConfig;
use seatsync::sources::ldap::source::LdapSource;
use seatsync::sync::notebook::Notebook;

/// What a reading took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Whole,
    Changes,
}

pub(crate) struct Rig {
    pub(crate) config: LdapConfig,
    pub(crate) groups: Vec<String>,
    pub(crate) now: Timestamp,
    pub(crate) kept: Option<Remembered>,
}

impl Rig {
    pub(crate) fn new(config: LdapConfig, groups: &[&str]) -> Rig {
        Rig {
            config: LdapConfig { incremental: true, ..config },
            groups: groups.iter().map(ToString::to_string).collect(),
            now: "2026-11-22T04:00:00Z".parse().unwrap(),
            kept: None,
        }
    }

    pub(crate) fn later(&mut self, hours: i64) {
        self.now += SignedDuration::from_hours(hours);
    }

    /// Reads, keeps what is left for the next time, and makes sure that a whole reading brings the same.
    pub(crate) async fn read(&mut self) -> (How, Snapshot) {
        let (how, snapshot) = self.look().await;
        let whole = self.whole().await;
        let plain = Snapshot { read_whole_at: None, ..snapshot.clone() };
        assert_eq!(plain, whole, "read by {how:?}");
        (how, snapshot)
    }

    /// How a reading went that brought what a whole one brings.
    pub(crate) async fn how(&mut self) -> How {
        self.read().await.0
    }

    /// Reads without comparing.
    pub(crate) async fn look(&mut self) -> (How, Snapshot) {
        let name = self.config.name.clone();
        let before: BTreeMap<_, _> = self.kept.clone().map(|kept| (name.clone(), kept)).into_iter().collect();
        let notebook = Arc::new(Notebook::new(before));
        let source = LdapSource::new(self.config.clone(), Arc::new(FixedClock(self.now)), None).unwrap();
        let source = source.remembering(Arc::clone(&notebook) as _);
        let snapshot = source.read(&self.wanted()).await.unwrap();
        if let Some(left) = notebook.left().get(&name) {
            self.kept = Some(Remembered::clone(left));
        }
        let how = if snapshot.read_whole_at.is_some() { How::Changes } else { How::Whole };
        (how, snapshot)
    }

    async fn whole(&self) -> Snapshot {
        let source = LdapSource::new(self.config.clone(), Arc::new(FixedClock(self.now)), None).unwrap();
        source.read(&self.wanted()).await.unwrap()
    }

    fn wanted(&self) -> Vec<GroupRef> {
        self.groups.iter().map(|text| GroupRef::parse(text)).collect()
    }
}
