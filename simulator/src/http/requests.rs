//! The record of requests: what was asked, by whom, and what the answer was.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::world::account::AccountId;

/// One request. It holds ids and counts, no variables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRecord {
    /// Counted from 1, over the whole life of the simulator.
    pub number: u64,
    pub method: String,
    /// The path with its query, as sent.
    pub path: String,
    /// The name of the GraphQL operation.
    pub operation: Option<String>,
    /// The root fields of the GraphQL operation.
    pub root_fields: Vec<String>,
    /// How many account ids the variables carried.
    pub ids: usize,
    /// The account behind the token, where the token is good.
    pub account: Option<AccountId>,
    /// The status of the answer; none while it is under way, and none if the connection was cut.
    pub status: Option<u16>,
}

impl RequestRecord {
    /// The root fields of a GraphQL request, or method and path without its query.
    pub fn kind(&self) -> String {
        if self.root_fields.is_empty() {
            let path = self.path.split('?').next().unwrap_or_default();
            format!("{} {path}", self.method)
        } else {
            self.root_fields.join(" ")
        }
    }
}

/// The requests so far, until they are forgotten.
#[derive(Debug, Default)]
pub(crate) struct Records {
    begun: u64,
    records: Vec<RequestRecord>,
}

impl Records {
    /// Keeps a request that has no answer yet; answers its number.
    pub(crate) fn begin(&mut self, record: RequestRecord) -> u64 {
        self.begun += 1;
        self.records.push(RequestRecord { number: self.begun, ..record });
        self.begun
    }

    pub(crate) fn end(&mut self, number: u64, status: Option<u16>) {
        if let Some(record) = self.records.iter_mut().rev().find(|record| record.number == number) {
            record.status = status;
        }
    }

    pub(crate) fn all(&self) -> &[RequestRecord] {
        &self.records
    }

    pub(crate) fn forget(&mut self) {
        self.records.clear();
    }
}

/// How many requests of each kind there were.
pub fn counts(requests: &[RequestRecord]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for request in requests {
        *counts.entry(request.kind()).or_default() += 1;
    }
    counts
}
