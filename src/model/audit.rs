//! The record of what was observed, planned, approved and changed: a chain of which no line can be altered, dropped or moved
//! without the lines after it telling.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

/// What the first line follows.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    /// Counts from 1.
    pub seq: i64,
    pub at: Timestamp,
    /// `observed`, `planned`, `approved`, `sent`, `settled`, `ended`, `refused` or `voted`.
    pub kind: String,
    /// A JSON object, its keys sorted, without blanks: ids, digests and counts, no names; of a vote also the comment.
    pub body: String,
    /// The hash of the line before.
    pub previous: String,
    /// See [`AuditLine::sealed`].
    pub hash: String,
}

/// Where the chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Break {
    #[error("line {seq} was altered: its hash is not that of what it says")]
    Altered { seq: i64 },
    #[error("line {seq} does not follow line {before}: one of them was replaced, or moved")]
    Unfollowed { seq: i64, before: i64 },
    #[error("lines {first} to {last} are missing")]
    Missing { first: i64, last: i64 },
    #[error("the head {head} is not in it: lines were cut off its end, or it is another record")]
    HeadAbsent { head: String },
}

impl AuditLine {
    /// SHA-256 over the hash of the line before, a line feed, and [`AuditLine::canonical`]; in hexadecimal.
    pub fn sealed(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(format!("{}\n{}", self.previous, self.canonical()));
        data_encoding::HEXLOWER.encode(&hasher.finalize())
    }

    /// `{"at":…,"body":…,"kind":…,"seq":…}`: JSON with sorted keys and without blanks.
    pub fn canonical(&self) -> String {
        let AuditLine { seq, at, kind, body, .. } = self;
        format!(r#"{{"at":"{at}","body":{body},"kind":"{kind}","seq":{seq}}}"#)
    }

    /// The line for whoever keeps it elsewhere: the canonical form, with both hashes.
    pub fn exported(&self) -> String {
        let AuditLine { seq, at, kind, body, previous, hash } = self;
        format!(
            r#"{{"at":"{at}","body":{body},"hash":"{hash}","kind":"{kind}","previous":"{previous}","seq":{seq}}}"#
        )
    }
}

/// Every place where a chain does not hold; the lines as they are stored, sorted by their number. That its end was cut off,
/// only somebody who kept the hash of an earlier last line can tell.
pub fn breaks(lines: &[AuditLine], expected_head: Option<&str>) -> Vec<Break> {
    let mut breaks = Vec::new();
    let (mut before, mut previous) = (0, GENESIS);
    for line in lines {
        if line.seq > before + 1 {
            breaks.push(Break::Missing { first: before + 1, last: line.seq - 1 });
        } else if line.previous != previous {
            breaks.push(Break::Unfollowed { seq: line.seq, before });
        }
        if line.sealed() != line.hash {
            breaks.push(Break::Altered { seq: line.seq });
        }
        (before, previous) = (line.seq, &line.hash);
    }
    if let Some(head) = expected_head.filter(|head| lines.iter().all(|line| line.hash != **head)) {
        breaks.push(Break::HeadAbsent { head: head.to_owned() });
    }
    breaks
}

#[cfg(test)]
mod tests {
    use crate::model::audit::{AuditLine, Break, GENESIS, breaks};

    fn chain(length: i64) -> Vec<AuditLine> {
        let mut lines: Vec<AuditLine> = Vec::new();
        for seq in 1..=length {
            let mut line = AuditLine {
                seq,
                at: "2026-11-22T04:00:00Z".parse().unwrap(),
                kind: "sent".to_owned(),
                body: format!("{{\"run\":{seq}}}"),
                previous: lines.last().map_or(GENESIS.to_owned(), |last| last.hash.clone()),
                hash: String::new(),
            };
            line.hash = line.sealed();
            lines.push(line);
        }
        lines
    }

    fn after(edit: impl FnOnce(&mut Vec<AuditLine>)) -> Vec<Break> {
        let mut lines = chain(5);
        edit(&mut lines);
        breaks(&lines, None)
    }

    #[test]
    fn an_untouched_chain_holds_and_an_empty_one_too() {
        assert_eq!(breaks(&chain(5), None), []);
        assert_eq!(breaks(&[], None), []);
    }

    #[test]
    fn any_line_that_is_altered_is_named() {
        assert_eq!(after(|lines| lines[2].body = "{}".to_owned()), [Break::Altered { seq: 3 }]);
        assert_eq!(after(|lines| lines[4].kind = "ended".to_owned()), [Break::Altered { seq: 5 }]);
        // Sealed again by somebody who knows how: the line after it tells.
        let resealed = after(|lines| {
            lines[2].body = "{}".to_owned();
            lines[2].hash = lines[2].sealed();
        });
        assert_eq!(resealed, [Break::Unfollowed { seq: 4, before: 3 }]);
    }

    #[test]
    fn lines_that_are_dropped_or_moved_are_named() {
        assert_eq!(after(|lines| drop(lines.drain(1..3))), [Break::Missing { first: 2, last: 3 }]);
        assert_eq!(after(|lines| drop(lines.remove(0))), [Break::Missing { first: 1, last: 1 }]);
        let moved = after(|lines| {
            lines.swap(1, 2);
            (lines[1].seq, lines[2].seq) = (2, 3);
        });
        assert!(moved.contains(&Break::Altered { seq: 2 }) && moved.contains(&Break::Altered { seq: 3 }));
    }

    #[test]
    fn an_end_that_was_cut_off_is_known_to_whoever_kept_a_head() {
        let whole = chain(5);
        let head = whole[4].hash.as_str();
        assert_eq!(breaks(&whole[..3], None), []);
        assert_eq!(breaks(&whole[..3], Some(head)), [Break::HeadAbsent { head: head.to_owned() }]);
        // It has grown since: that is no harm.
        assert_eq!(breaks(&whole, Some(&whole[2].hash)), []);
    }
}
