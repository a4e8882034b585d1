//! Following a list from page to page, and believing it only as far as it fits together; pure.

use std::collections::HashSet;

/// How a list is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// `startIndex` and `count` (RFC 7644, section 3.4.2.4).
    Index,
    /// `cursor` and `count` (RFC 9865), where nothing shifts when somebody joins.
    Cursor,
}

/// Which page to ask for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ask {
    Index {
        start: u64,
    },
    /// The first is empty.
    Cursor {
        cursor: String,
    },
}

/// What a page says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub total: Option<u64>,
    pub start_index: Option<u64>,
    pub next_cursor: Option<String>,
}

/// What comes after a page.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    Page(Ask),
    /// All there is has been seen.
    End,
}

/// Why a list is not what it says to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PagingFault {
    #[error("asked for startIndex {asked}, the server answered {answered}: it does not page")]
    OtherPage { asked: u64, answered: u64 },
    #[error("`{id}` came twice")]
    Repeated { id: Box<str> },
    #[error("an entry has no `id`")]
    NoId,
    #[error("the list does not tell its `totalResults`")]
    NoTotal,
    #[error("`totalResults` went from {was} to {is} while the list was read")]
    TotalMoved { was: u64, is: u64 },
    #[error("{seen} of {total} entries came")]
    Short { seen: u64, total: u64 },
    #[error("{seen} entries came of a list of {total}")]
    Long { seen: u64, total: u64 },
    #[error("a cursor came twice")]
    CursorRepeated,
    #[error("the list has more than {MOST} entries")]
    Endless,
}

impl PagingFault {
    /// Whether people who come and go explain it; then it is worth trying once more.
    pub fn may_be_movement(&self) -> bool {
        match self {
            PagingFault::TotalMoved { .. } | PagingFault::Short { .. } | PagingFault::Long { .. } => true,
            PagingFault::OtherPage { .. }
            | PagingFault::Repeated { .. }
            | PagingFault::NoId
            | PagingFault::NoTotal
            | PagingFault::CursorRepeated
            | PagingFault::Endless => false,
        }
    }
}

/// No company has as many; a server that invents entries without end must not hold us for ever.
const MOST: u64 = 5_000_000;

/// One list while it is read.
#[derive(Debug)]
pub struct Chain {
    ask: Ask,
    total: Option<u64>,
    ids: HashSet<Box<str>>,
    cursors: HashSet<String>,
}

impl Chain {
    pub fn new(by: By) -> Chain {
        let ask = match by {
            By::Index => Ask::Index { start: 1 },
            By::Cursor => Ask::Cursor { cursor: String::new() },
        };
        Chain { ask, total: None, ids: HashSet::new(), cursors: HashSet::new() }
    }

    /// The page to ask for now and those behind it, if all are as long as `length`. Behind a cursor nobody knows the next one.
    pub fn asks(&self, length: u64) -> impl Iterator<Item = Ask> {
        let (start, step, total) = match (&self.ask, self.total) {
            (Ask::Index { start }, Some(total)) => (*start, length.max(1), total),
            (Ask::Index { .. } | Ask::Cursor { .. }, _) => (1, 1, 0),
        };
        let behind = (1..).map(move |page| start + page * step).take_while(move |start| *start <= total);
        std::iter::once(self.ask.clone()).chain(behind.map(|start| Ask::Index { start }))
    }

    /// How many entries the list has, as far as it told.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// Takes in the page that was asked for. The next one begins behind what came, not behind what was asked for: a
    /// server may give less.
    pub fn take(
        &mut self,
        told: &Told,
        ids: impl Iterator<Item = Option<Box<str>>>,
    ) -> Result<Next, PagingFault> {
        let (begun, ids): (_, Vec<Option<Box<str>>>) = (self.seen(), ids.collect());
        let is_empty = told.total == Some(0) && ids.is_empty();
        if let (Ask::Index { start }, Some(answered)) = (&self.ask, told.start_index)
            && answered != *start
            && !is_empty
        {
            return Err(PagingFault::OtherPage { asked: *start, answered });
        }
        match (self.total, told.total) {
            (Some(was), Some(is)) if was != is => return Err(PagingFault::TotalMoved { was, is }),
            (_, Some(is)) => self.total = Some(is),
            (_, None) => {}
        }
        for id in ids {
            let id = id.ok_or(PagingFault::NoId)?;
            if let Some(id) = self.ids.replace(id) {
                return Err(PagingFault::Repeated { id });
            }
        }
        let seen = self.seen();
        if seen > MOST {
            return Err(PagingFault::Endless);
        }
        if let Some(total) = self.total.filter(|total| seen > *total) {
            return Err(PagingFault::Long { seen, total });
        }
        match self.ask {
            Ask::Index { start } => {
                let total = self.total.ok_or(PagingFault::NoTotal)?;
                if seen == total {
                    return Ok(Next::End);
                }
                if seen == begun {
                    return Err(PagingFault::Short { seen, total });
                }
                self.ask = Ask::Index { start: start + (seen - begun) };
            }
            Ask::Cursor { .. } => {
                let next = told.next_cursor.as_ref().filter(|cursor| !cursor.is_empty());
                let Some(cursor) = next else {
                    let short = self.total.filter(|total| *total != seen);
                    return short.map_or(Ok(Next::End), |total| Err(PagingFault::Short { seen, total }));
                };
                if !self.cursors.insert(cursor.clone()) {
                    return Err(PagingFault::CursorRepeated);
                }
                self.ask = Ask::Cursor { cursor: cursor.clone() };
            }
        }
        Ok(Next::Page(self.ask.clone()))
    }

    fn seen(&self) -> u64 {
        self.ids.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use crate::sources::scim::paging::{Ask, By, Chain, Next, PagingFault, Told};

    fn told(total: u64, start: Option<u64>) -> Told {
        Told { total: Some(total), start_index: start, next_cursor: None }
    }

    fn cursor(total: Option<u64>, next: Option<&str>) -> Told {
        Told { total, start_index: None, next_cursor: next.map(str::to_owned) }
    }

    fn ids(range: std::ops::Range<u32>) -> impl Iterator<Item = Option<Box<str>>> {
        range.map(|id| Some(id.to_string().into()))
    }

    #[test]
    fn the_next_page_begins_behind_what_came() {
        let mut chain = Chain::new(By::Index);
        assert_eq!(chain.take(&told(250, Some(1)), ids(0..100)), Ok(Next::Page(Ask::Index { start: 101 })));
        assert_eq!(
            chain.take(&told(250, Some(101)), ids(100..130)),
            Ok(Next::Page(Ask::Index { start: 131 }))
        );
        assert_eq!(chain.take(&told(250, None), ids(130..250)), Ok(Next::End));
    }

    #[test]
    fn pages_behind_the_next_one_are_known_by_their_length_alone() {
        let starts = |chain: &Chain, length| -> Vec<Ask> { chain.asks(length).collect() };
        let index = |start| Ask::Index { start };
        let mut chain = Chain::new(By::Index);
        assert_eq!(starts(&chain, 100), [index(1)], "how long the list is, the first page tells");
        chain.take(&told(350, Some(1)), ids(0..100)).unwrap();
        assert_eq!(starts(&chain, 100), [index(101), index(201), index(301)]);
        chain.take(&told(350, Some(101)), ids(100..130)).unwrap();
        assert_eq!(starts(&chain, 100), [index(131), index(231), index(331)]);
        let mut chain = Chain::new(By::Cursor);
        chain.take(&cursor(Some(350), Some("b")), ids(0..100)).unwrap();
        assert_eq!(starts(&chain, 100), [Ask::Cursor { cursor: "b".to_owned() }]);
    }

    #[test]
    fn a_server_that_does_not_page_is_found_out() {
        let mut chain = Chain::new(By::Index);
        chain.take(&told(250, Some(1)), ids(0..20)).unwrap();
        let fault = PagingFault::OtherPage { asked: 21, answered: 1 };
        assert_eq!(fault.to_string(), "asked for startIndex 21, the server answered 1: it does not page");
        assert_eq!(chain.take(&told(250, Some(1)), ids(0..20)), Err(fault));
        let mut silent = Chain::new(By::Index);
        silent.take(&told(250, None), ids(0..20)).unwrap();
        assert_eq!(silent.take(&told(250, None), ids(0..20)), Err(PagingFault::Repeated { id: "0".into() }));
    }

    #[test]
    fn a_list_that_moves_or_ends_early_is_no_list() {
        let mut chain = Chain::new(By::Index);
        chain.take(&told(250, Some(1)), ids(0..100)).unwrap();
        let moved = chain.take(&told(251, Some(101)), ids(99..199));
        assert_eq!(moved, Err(PagingFault::TotalMoved { was: 250, is: 251 }));
        let mut chain = Chain::new(By::Index);
        chain.take(&told(250, Some(1)), ids(0..100)).unwrap();
        let short = PagingFault::Short { seen: 100, total: 250 };
        assert!(short.may_be_movement());
        assert_eq!(chain.take(&told(250, Some(101)), ids(0..0)), Err(short));
        assert_eq!(
            Chain::new(By::Index).take(&told(2, Some(1)), ids(0..3)),
            Err(PagingFault::Long { seen: 3, total: 2 })
        );
        let silent = Told { total: None, start_index: Some(1), next_cursor: None };
        assert_eq!(Chain::new(By::Index).take(&silent, ids(0..3)), Err(PagingFault::NoTotal));
        assert_eq!(Chain::new(By::Index).take(&told(1, None), [None].into_iter()), Err(PagingFault::NoId));
    }

    #[test]
    fn nothing_is_nothing_wherever_the_server_says_it_begins() {
        assert_eq!(Chain::new(By::Index).take(&told(0, Some(0)), ids(0..0)), Ok(Next::End));
    }

    #[test]
    fn cursors_are_followed_to_their_end_and_not_in_circles() {
        let mut chain = Chain::new(By::Cursor);
        assert_eq!(chain.asks(0).next(), Some(Ask::Cursor { cursor: String::new() }));
        let next = chain.take(&cursor(None, Some("b")), ids(0..2));
        assert_eq!(next, Ok(Next::Page(Ask::Cursor { cursor: "b".to_owned() })));
        chain.take(&cursor(None, Some("c")), ids(2..4)).unwrap();
        assert_eq!(chain.take(&cursor(None, None), ids(4..5)), Ok(Next::End));
        let mut circle = Chain::new(By::Cursor);
        circle.take(&cursor(None, Some("b")), ids(0..2)).unwrap();
        assert_eq!(circle.take(&cursor(None, Some("b")), ids(2..4)), Err(PagingFault::CursorRepeated));
        let short = Chain::new(By::Cursor).take(&cursor(Some(3), Some("")), ids(0..2));
        assert_eq!(short, Err(PagingFault::Short { seen: 2, total: 3 }));
    }
}
