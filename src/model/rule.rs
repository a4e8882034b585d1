//! Rules: who should have a seat, as the configuration means it.

use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;

use crate::model::add_on::AddOn;
use crate::model::group::GroupRef;
use crate::model::person::SourceName;

/// The name of a rule, unique in a configuration and shown wherever the rule decides something. One word wide: it stands in
/// every decision.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleName(Arc<Box<str>>);

impl RuleName {
    pub fn new(name: &str) -> RuleName {
        RuleName(Arc::new(name.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One `[[rule]]`: the people of these groups are entitled to a seat of this add-on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub name: RuleName,
    pub add_on: AddOn,
    pub source: SourceName,
    /// Any of these; never empty.
    pub groups: Vec<GroupRef>,
    pub except_groups: Vec<GroupRef>,
    /// The text of a CEL expression that was seen to compile.
    pub condition: Option<String>,
    /// Lower is served first.
    pub rank: i64,
    pub max_seats: Option<u32>,
    pub reserved_seats: u32,
    /// The last day of the entitlement, in UTC.
    pub until: Option<Date>,
}
