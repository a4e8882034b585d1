//! Users of a service provider as people; pure.

use serde_json::Value;

use crate::model::person::Person;
use crate::scim_user::attribute_path::AttributePath;
use crate::scim_user::body::UserBody;
use crate::scim_user::person::Reader;
use crate::sources::scim::config::ScimConfig;
use crate::sources::scim::wire::MemberBody;

/// Understands users as the configuration says.
pub struct Decoder<'c> {
    reader: Reader<'c>,
    id: &'c AttributePath,
    include_inactive: bool,
    non_person_member_types: &'c [String],
}

/// What a user is to us.
#[derive(Debug, PartialEq, Eq)]
pub enum Kind {
    Person(Box<Person>),
    /// Not `active`, and so entitled to nothing.
    Inactive,
    Unusable {
        because: String,
    },
}

/// What a group says that a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MemberKind {
    User,
    Group,
    /// It does not say.
    Untold,
    /// A word that we do not know.
    Foreign,
    /// Of a type that the configuration leaves out.
    Skipped,
}

impl<'c> Decoder<'c> {
    pub fn new(config: &'c ScimConfig) -> Decoder<'c> {
        Decoder {
            reader: Reader::new(&config.attributes),
            id: &config.id,
            include_inactive: config.include_inactive,
            non_person_member_types: &config.non_person_member_types,
        }
    }

    pub fn kind(&self, user: &UserBody) -> Kind {
        let unusable = |because: String| Kind::Unusable { because };
        let spoken_of = user.id().unwrap_or_default();
        match is_active(user) {
            Some(active) if !active && !self.include_inactive => return Kind::Inactive,
            Some(_) => {}
            None => return unusable(format!("`active` of user `{spoken_of}` is neither true nor false")),
        }
        let ids = self.id.values(user);
        let [id] = ids.as_slice() else {
            let label = self.id.label();
            return unusable(format!(
                "user `{spoken_of}` has {} values of `{label}`, and not one",
                ids.len()
            ));
        };
        Kind::Person(Box::new(self.reader.person(id.clone(), user)))
    }

    /// The type counts, then the address; a name is no proof of either.
    pub fn member(&self, member: &MemberBody) -> MemberKind {
        match member.kind.as_deref() {
            Some(kind)
                if self.non_person_member_types.iter().any(|skipped| skipped.eq_ignore_ascii_case(kind)) =>
            {
                MemberKind::Skipped
            }
            Some(kind) if kind.eq_ignore_ascii_case("user") => MemberKind::User,
            Some(kind) if kind.eq_ignore_ascii_case("group") => MemberKind::Group,
            Some(_) => MemberKind::Foreign,
            None => {
                let address = member.address.as_deref().unwrap_or_default().to_ascii_lowercase();
                match (address.contains("/users/"), address.contains("/groups/")) {
                    (true, false) => MemberKind::User,
                    (false, true) => MemberKind::Group,
                    (true, true) | (false, false) => MemberKind::Untold,
                }
            }
        }
    }
}

/// Whoever is not said to be inactive is active: the attribute is optional (RFC 7643, section 4.1.1). Some send it as
/// text. `None` where it is neither.
fn is_active(user: &UserBody) -> Option<bool> {
    match user.attribute("active") {
        None => Some(true),
        Some(Value::Bool(active)) => Some(*active),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Some(true),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Some(false),
        Some(Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::scim_user::person::UserAttributes;
    use crate::sources::scim::config::{Login, ScimConfig};
    use crate::sources::scim::decode::{Decoder, Kind, MemberKind};
    use crate::sources::scim::wire::MemberBody;

    fn config() -> ScimConfig {
        let path = |text| crate::scim_user::attribute_path::AttributePath::parse(text).unwrap();
        ScimConfig {
            name: crate::model::person::SourceName::new("idp"),
            url: "https://idp.example.com/scim/v2".parse().unwrap(),
            login: Login::Token("t".into()),
            ca_file: None,
            timeout: std::time::Duration::from_secs(1),
            limits: crate::http::pace::Limits {
                requests_per_minute: 1,
                max_concurrent_requests: 1,
                retry_deadline: std::time::Duration::from_secs(1),
            },
            page_size: 100,
            nested_groups: true,
            include_inactive: false,
            non_person_member_types: vec!["Device".to_owned()],
            id: path("id"),
            attributes: UserAttributes {
                username: path("userName"),
                email: path("emails"),
                name: path("displayName"),
                extra: Vec::new(),
                identity: path("externalId"),
            },
        }
    }

    fn kind(user: &str) -> Kind {
        Decoder::new(&config()).kind(&serde_json::from_str(user).unwrap())
    }

    #[test]
    fn only_who_is_said_to_be_inactive_is() {
        assert_eq!(kind(r#"{"id":"7f","active":false}"#), Kind::Inactive);
        assert_eq!(kind(r#"{"id":"7f","active":"False"}"#), Kind::Inactive);
        assert!(matches!(kind(r#"{"id":"7f"}"#), Kind::Person(_)));
        assert!(matches!(kind(r#"{"id":"7f","active":null}"#), Kind::Person(_)));
        let unclear = kind(r#"{"id":"7f","active":"maybe"}"#);
        let because = "`active` of user `7f` is neither true nor false".to_owned();
        assert_eq!(unclear, Kind::Unusable { because });
        let config = ScimConfig { include_inactive: true, ..config() };
        let user = serde_json::from_str(r#"{"id":"7f","active":false}"#).unwrap();
        assert!(matches!(Decoder::new(&config).kind(&user), Kind::Person(_)));
    }

    #[test]
    fn who_has_no_key_cannot_be_followed() {
        let because = "user `` has 0 values of `id`, and not one".to_owned();
        assert_eq!(kind(r#"{"userName":"ada"}"#), Kind::Unusable { because });
    }

    #[test]
    fn a_member_is_what_its_type_says_and_else_its_address() {
        let config = config();
        let decoder = Decoder::new(&config);
        let member = |kind: Option<&str>, address: Option<&str>| {
            let body = MemberBody { value: None, kind: kind.map(Box::from), address: address.map(Box::from) };
            decoder.member(&body)
        };
        assert_eq!(member(Some("user"), Some("https://x/Groups/1")), MemberKind::User);
        assert_eq!(member(Some("Group"), None), MemberKind::Group);
        assert_eq!(member(None, Some("https://x/scim/v2/Groups/1")), MemberKind::Group);
        assert_eq!(member(None, Some("../Users/1")), MemberKind::User);
        assert_eq!(member(None, None), MemberKind::Untold);
        assert_eq!(member(Some("Robot"), Some("/Users/1")), MemberKind::Foreign);
        assert_eq!(member(Some("device"), None), MemberKind::Skipped);
    }
}
