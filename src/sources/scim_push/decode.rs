//! Entries of a roster as people; pure.

use crate::model::person::Person;
use crate::model::roster::Entry;
use crate::scim_user::person::Reader;
use crate::sources::scim_push::config::ScimPushConfig;

/// What an entry is to us.
#[derive(Debug, PartialEq, Eq)]
pub enum Decoded {
    Person(Box<Person>),
    /// Not `active`, and so entitled to nothing.
    Inactive,
    /// Its text in the state is not what we wrote.
    Broken,
}

/// Understands entries as the configuration says.
pub struct Decoder<'c> {
    reader: Reader<'c>,
    include_inactive: bool,
}

impl<'c> Decoder<'c> {
    pub fn new(config: &'c ScimPushConfig) -> Decoder<'c> {
        Decoder { reader: Reader::new(&config.attributes), include_inactive: config.include_inactive }
    }

    pub fn decoded(&self, entry: &Entry) -> Decoded {
        if !entry.description.active && !self.include_inactive {
            return Decoded::Inactive;
        }
        match serde_json::from_str(&entry.description.body) {
            Ok(user) => Decoded::Person(Box::new(self.reader.person(entry.id.as_str().into(), &user))),
            Err(_) => Decoded::Broken,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use crate::model::person::SourceName;
    use crate::model::roster::{Description, Entry, EntryKind, Patience};
    use crate::scim_user::attribute_path::AttributePath;
    use crate::scim_user::person::UserAttributes;
    use crate::sources::scim_push::config::ScimPushConfig;
    use crate::sources::scim_push::decode::{Decoded, Decoder};

    fn decoded(body: &str, active: bool) -> Decoded {
        let path = |text| AttributePath::parse(text).unwrap();
        let config = ScimPushConfig {
            name: SourceName::new("entra"),
            patience: Patience { stale_after: SignedDuration::ZERO, settle_after: SignedDuration::ZERO },
            nested_groups: true,
            include_inactive: false,
            attributes: UserAttributes {
                username: path("userName"),
                email: path("emails"),
                name: path("displayName"),
                extra: Vec::new(),
                identity: path("externalId"),
            },
        };
        Decoder::new(&config).decoded(&Entry {
            kind: EntryKind::Person,
            id: "7f".to_owned(),
            description: Description {
                external_id: None,
                name: "ada".to_owned(),
                active,
                body: body.to_owned(),
            },
            version: 1,
            created_at: Timestamp::UNIX_EPOCH,
            modified_at: Timestamp::UNIX_EPOCH,
        })
    }

    #[test]
    fn an_entry_is_a_person_by_the_id_that_we_gave() {
        let Decoded::Person(ada) = decoded(r#"{"id":"theirs","userName":"ada","externalId":"E7"}"#, true)
        else {
            panic!("she is one")
        };
        assert_eq!((ada.id(), ada.username(), ada.identity()), ("7f", Some("ada"), Some("E7")));
    }

    #[test]
    fn who_is_not_active_counts_for_nobody_and_what_is_broken_is_unknown() {
        assert_eq!(decoded(r#"{"userName":"ada"}"#, false), Decoded::Inactive);
        assert_eq!(decoded("{", true), Decoded::Broken);
    }
}
