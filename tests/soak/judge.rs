//! Judges every run by what GitLab and the state show afterwards, without asking the planner.

use std::collections::BTreeSet;

use jiff::Timestamp;
use seatsync::model::audit::{AuditLine, GENESIS};
use serde_json::Value;
use simulator::world::account::AccountId;

use crate::Came;
use crate::site::{Site, USABLE};

/// What was so before the run.
pub(crate) struct Judge {
    holders: BTreeSet<AccountId>,
    head: String,
    lines: i64,
    runs: usize,
    /// Changes sent so far, by the record.
    sent: usize,
}

impl Judge {
    pub(crate) fn new() -> Judge {
        Judge { holders: BTreeSet::new(), head: GENESIS.to_owned(), lines: 0, runs: 0, sent: 0 }
    }

    /// The company went on: what GitLab shows now is what the run begins with.
    pub(crate) fn look(&mut self, site: &Site) {
        self.holders = site.holders();
    }

    /// What is wrong with a run that has just ended.
    pub(crate) async fn faults(&mut self, site: &Site, came: &Came) -> Vec<String> {
        let mut faults = Vec::new();
        let mut must = |holds: bool, what: &str| {
            if !holds {
                faults.push(what.to_owned());
            }
        };
        let (before, after) = (std::mem::take(&mut self.holders), site.holders());
        let gained: BTreeSet<_> = after.difference(&before).copied().collect();
        let lost: BTreeSet<_> = before.difference(&after).copied().collect();
        let entitled = site.entitled();
        must(lost.is_disjoint(&entitled), "somebody lost a seat they are entitled to");
        must(gained.is_subset(&entitled), "a seat was given to a stranger");
        must(after.len() <= USABLE, "more seats are held than may be handed out");

        let lines = self.new_lines(site).await;
        must(self.follows(&lines), "the record does not hold");
        let sent = |change: &str| sent(&lines, change);
        must(gained.is_subset(&sent("assign")), "a seat was given that the record does not show");
        must(lost.is_subset(&sent("revoke")), "a seat was taken that the record does not show");
        let kinds = |kind: &str| lines.iter().filter(|line| line.kind == kind).count();
        let runs = site.state("SELECT CAST(id AS TEXT) FROM runs").await.len();
        let begun = runs - self.runs;
        self.runs = runs;
        let told = (kinds("observed"), kinds("planned"), kinds("approved"));
        must(told == (begun, begun, begun), "the record does not show how a run began");
        match came {
            Came::Done { .. } => must(begun == 1, "a run is not in the journal"),
            Came::Refused { .. } => {
                must(begun == 0 && kinds("refused") == 1, "a refusal is not in the record")
            }
            Came::Failed(_) => must(before == after, "a run failed and changed something"),
            Came::Killed => {}
        }
        self.sent +=
            lines.iter().filter(|line| line.kind == "sent").map(|line| entries(line).len()).sum::<usize>();
        if let Some(last) = lines.last() {
            (self.head, self.lines) = (last.hash.clone(), last.seq);
        }
        faults
    }

    /// What is wrong after a run on which nothing weighed.
    pub(crate) async fn settled(&self, site: &Site, before: &BTreeSet<AccountId>) -> Vec<String> {
        let (holders, entitled) = (site.holders(), site.entitled());
        let mut faults = Vec::new();
        let mut must = |holds: bool, what: &str| {
            if !holds {
                faults.push(what.to_owned());
            }
        };
        must(holders.is_subset(&entitled), "somebody holds a seat whom no rule entitles");
        must(holders.len() == entitled.len().min(USABLE), "a seat is free that somebody is entitled to");
        must(before.intersection(&entitled).all(|held| holders.contains(held)), "a holder lost their place");
        let open = site.state("SELECT change FROM changes WHERE outcome IS NULL").await;
        must(open.is_empty(), "something is still in flight");
        let ours = site.state("SELECT CAST(account AS TEXT) FROM holdings").await;
        let ours: BTreeSet<AccountId> = ours.iter().map(|id| AccountId(id.parse().unwrap())).collect();
        must(ours == holders, "the state knows other seats than GitLab");
        let intents = site.state("SELECT CAST(id AS TEXT) FROM changes WHERE because IS NOT NULL").await;
        must(intents.len() == self.sent, "the record and the journal differ in what was sent");
        faults
    }

    /// Runs in the journal, and lines of the record.
    pub(crate) fn figures(&self) -> (usize, i64) {
        (self.runs, self.lines)
    }

    pub(crate) fn head(&self) -> &str {
        &self.head
    }

    async fn new_lines(&self, site: &Site) -> Vec<AuditLine> {
        let sql = format!(
            "SELECT seq || ' ' || at || ' ' || kind || ' ' || previous || ' ' || hash || ' ' || body
             FROM audit WHERE seq > {} ORDER BY seq",
            self.lines
        );
        site.state(&sql).await.iter().map(|row| line(row)).collect()
    }

    fn follows(&self, lines: &[AuditLine]) -> bool {
        let (mut seq, mut head) = (self.lines, &self.head);
        lines.iter().all(|line| {
            let holds = line.seq == seq + 1 && line.previous == *head && line.sealed() == line.hash;
            (seq, head) = (line.seq, &line.hash);
            holds
        })
    }
}

fn line(row: &str) -> AuditLine {
    let mut parts = row.splitn(6, ' ');
    let mut next = || parts.next().unwrap().to_owned();
    let (seq, at) = (next().parse().unwrap(), Timestamp::from_microsecond(next().parse().unwrap()).unwrap());
    AuditLine { seq, at, kind: next(), previous: next(), hash: next(), body: next() }
}

fn entries(line: &AuditLine) -> Vec<Value> {
    let body: Value = serde_json::from_str(&line.body).unwrap();
    body["changes"].as_array().unwrap().clone()
}

/// The accounts of the changes that were sent, of one kind.
fn sent(lines: &[AuditLine], change: &str) -> BTreeSet<AccountId> {
    let entries = lines.iter().filter(|line| line.kind == "sent").flat_map(entries);
    let wanted = entries.filter(|entry| entry["change"] == change);
    wanted.map(|entry| AccountId(entry["account"].as_u64().unwrap())).collect()
}
