//! The seats of one add-on as bars: who holds them before and after, what is kept in reserve, who waits.

use serde::Serialize;

use crate::model::plan::AddOnSummary;
use crate::report::words::Counts;

/// Two bars on one scale, in percent of the width.
#[derive(Debug, Serialize)]
pub struct Picture {
    pub before: Vec<Part>,
    pub after: Vec<Part>,
    /// Where the purchased seats end.
    pub purchased_at: String,
}

/// One part of a bar.
#[derive(Debug, Serialize)]
pub struct Part {
    pub kind: &'static str,
    pub x: String,
    pub width: String,
    pub title: String,
}

impl Picture {
    pub fn of(summary: &AddOnSummary, counts: Counts) -> Picture {
        let purchased = summary.purchase.as_ref().map_or(0, |purchase| purchase.purchased) as usize;
        let (before, after) = (summary.held_before as usize, summary.held_after as usize);
        let (stays, gets) = (before.saturating_sub(counts.revoke), counts.assign);
        let reserve = (summary.reserve as usize).min(purchased.saturating_sub(after));
        let free = purchased.saturating_sub(after + reserve);
        let end = purchased.max(after);
        // Whoever waits stands behind the last seat: where a thousand wait for ten, the seats stay visible.
        let waiting = counts.wait.min(end.max(4));
        let scale = Scale { whole: (end.max(before) + waiting).max(1) };
        Picture {
            before: scale.bar(0, &[("stays", stays, "keep a seat"), ("revoke", counts.revoke, "lose it")]),
            after: [
                scale.bar(
                    0,
                    &[
                        ("stays", stays, "keep a seat"),
                        ("assign", gets, "get one"),
                        ("free", free, "free"),
                        ("reserve", reserve, "in reserve"),
                    ],
                ),
                scale
                    .bar(end, &[("wait", waiting, "wait")])
                    .into_iter()
                    .map(|part| Part { title: format!("{} wait", counts.wait), ..part })
                    .collect(),
            ]
            .into_iter()
            .flatten()
            .collect(),
            purchased_at: scale.percent(purchased),
        }
    }
}

struct Scale {
    whole: usize,
}

impl Scale {
    /// Parts side by side; those of nothing are left out.
    fn bar(&self, from: usize, parts: &[(&'static str, usize, &str)]) -> Vec<Part> {
        let mut at = from;
        let mut bar = Vec::new();
        for (kind, count, words) in parts.iter().filter(|(_, count, _)| *count > 0) {
            let title = format!("{count} {words}");
            bar.push(Part { kind, x: self.percent(at), width: self.percent(*count), title });
            at += count;
        }
        bar
    }

    fn percent(&self, seats: usize) -> String {
        // In hundredths of a percent, without floating point: the same picture on every machine.
        let hundredths = seats * 10_000 / self.whole;
        format!("{}.{:02}%", hundredths / 100, hundredths % 100)
    }
}
