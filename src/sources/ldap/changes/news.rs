//! What a server said has changed since a cookie.

use std::collections::{HashMap, HashSet};

use crate::model::distinguished_name::DistinguishedName;
use crate::sources::ldap::changes::key::Key;

/// The changes below one base. That an entry is in it means that it may have changed, no more.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct News {
    /// The entries that were told of, with their names of today; `None` for those that are gone.
    pub touched: HashMap<Key, Option<DistinguishedName>>,
    /// The usernames of those, folded.
    pub usernames: HashSet<String>,
    /// Where the server lists what is still there instead of what is gone (RFC 4533, section 3.3.1): whatever is neither
    /// here nor touched is gone.
    pub present: Option<HashSet<Key>>,
    /// The server's word that nothing below it was written at all, not even where its changes do not tell.
    pub untouched: bool,
}
