//! The key by which a server tells of an entry's changes, whatever `attributes.id` says.

use crate::sources::ldap::config::Schema;
use crate::sources::ldap::entry::Entry;

/// `objectGUID` of Active Directory or `entryUUID` (RFC 4530), as bytes: an entry keeps it for life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub [u8; 16]);

impl Key {
    /// The attribute that holds it.
    pub fn attribute(schema: Schema) -> &'static str {
        match schema {
            Schema::ActiveDirectory => "objectGUID",
            Schema::Rfc2307bis | Schema::Rfc2307 => "entryUUID",
        }
    }

    /// The key of an entry; `None` where it is not shown.
    pub fn of(entry: &Entry, schema: Schema) -> Option<Key> {
        let value = entry.values(Key::attribute(schema)).next()?;
        match schema {
            Schema::ActiveDirectory => Key::stored(value),
            Schema::Rfc2307bis | Schema::Rfc2307 => {
                let digits: Vec<u8> = value.iter().copied().filter(|&byte| byte != b'-').collect();
                Key::stored(&data_encoding::HEXLOWER_PERMISSIVE.decode(&digits).ok()?)
            }
        }
    }

    /// The key as sixteen bytes, which is how changes name it.
    pub fn stored(bytes: &[u8]) -> Option<Key> {
        bytes.try_into().ok().map(Key)
    }
}
