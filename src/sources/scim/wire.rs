//! What service providers answer, as it comes: lists, groups, errors; pure.

use serde::Deserialize;
use serde_json::Value;

use crate::scim_user::folded::{Folded, array, identifier};

/// What an answer that is a SCIM error says of itself (RFC 7644, section 3.12).
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// One page of a list (RFC 7644, section 3.4.2; RFC 9865).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase", bound = "T: Deserialize<'de>")]
pub struct Page<T> {
    #[serde(rename = "totalresults")]
    pub total: Option<u64>,
    #[serde(rename = "startindex")]
    pub start_index: Option<u64>,
    #[serde(rename = "nextcursor")]
    pub next_cursor: Option<String>,
    #[serde(default, deserialize_with = "array")]
    pub resources: Vec<T>,
}

/// A group without its members.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GroupHead {
    #[serde(default, deserialize_with = "identifier")]
    pub id: Option<Box<str>>,
    #[serde(rename = "displayname")]
    pub name: Option<Box<str>>,
    #[serde(rename = "externalid", default, deserialize_with = "identifier")]
    pub external_id: Option<Box<str>>,
}

/// A group with its members.
#[derive(Debug, Deserialize)]
pub struct GroupBody {
    #[serde(default, deserialize_with = "identifier")]
    pub id: Option<Box<str>>,
    #[serde(rename = "displayname")]
    pub name: Option<Box<str>>,
    #[serde(default, deserialize_with = "array")]
    pub members: Vec<Folded<MemberBody>>,
}

/// What a group says of a member.
#[derive(Debug, Deserialize)]
pub struct MemberBody {
    #[serde(default, deserialize_with = "identifier")]
    pub value: Option<Box<str>>,
    /// `User`, `Group`, something else, or nothing at all.
    #[serde(rename = "type")]
    pub kind: Option<Box<str>>,
    /// The address of the member.
    #[serde(rename = "$ref")]
    pub address: Option<Box<str>>,
}

/// Why a service provider refused.
#[derive(Debug, Default, Deserialize)]
pub struct Refusal {
    #[serde(default, deserialize_with = "array")]
    schemas: Vec<Value>,
    #[serde(default)]
    status: Value,
    pub detail: Option<String>,
    #[serde(rename = "scimtype")]
    pub kind: Option<String>,
}

impl Refusal {
    /// The refusal in a body; `None` where it is none of SCIM's, but that of a gateway on the way, say.
    pub fn read(body: &[u8]) -> Option<Refusal> {
        let Folded(refusal) = serde_json::from_slice::<Folded<Refusal>>(body).ok()?;
        let is_named = refusal.schemas.iter().any(|schema| schema.as_str() == Some(ERROR));
        let is_numbered = refusal.status.is_number()
            || refusal.status.as_str().is_some_and(|status| status.parse::<u16>().is_ok());
        (is_named || is_numbered).then_some(refusal)
    }
}

#[cfg(test)]
mod tests {
    use crate::scim_user::folded::Folded;
    use crate::sources::scim::wire::{GroupBody, GroupHead, Page, Refusal};

    #[test]
    fn keys_are_read_however_they_are_spelt() {
        let page = r#"{"TotalResults":1,"startindex":1,"resources":[{"ID":7,"DisplayName":"Dev","Members":[{"VALUE":"a","$REF":"x"}]}]}"#;
        let Folded(page) = serde_json::from_str::<Folded<Page<Folded<GroupBody>>>>(page).unwrap();
        assert_eq!((page.total, page.start_index), (Some(1), Some(1)));
        let Folded(group) = &page.resources[0];
        assert_eq!((group.id.as_deref(), group.name.as_deref()), (Some("7"), Some("Dev")));
        assert_eq!(group.members[0].0.value.as_deref(), Some("a"));
    }

    #[test]
    fn members_spelt_twice_or_without_end_are_no_answer() {
        let group =
            |text: &str| serde_json::from_str::<Folded<GroupBody>>(text).map(|group| group.0.members.len());
        assert!(group(r#"{"members":[],"Members":[]}"#).is_err());
        assert!(group(&format!(r#"{{"members":[{}{{}}]}}"#, "{},".repeat(1_000_000))).is_err());
        assert_eq!(group(r#"{"members":null}"#).unwrap(), 0);
        assert!(group(r#"{"members":"ada"}"#).is_err());
    }

    #[test]
    fn the_head_of_a_group_skips_its_members() {
        let head =
            r#"{"id":"9b1c","displayName":"Dev","externalId":"e","members":[{"value":"a"}],"meta":{}}"#;
        let Folded(head) = serde_json::from_str::<Folded<GroupHead>>(head).unwrap();
        assert_eq!(head.external_id.as_deref(), Some("e"));
    }

    #[test]
    fn a_gateway_s_refusal_is_not_the_service_provider_s() {
        let of_scim = |body: &str| Refusal::read(body.as_bytes()).is_some();
        assert!(of_scim(r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"404"}"#));
        assert!(of_scim(r#"{"status":404,"detail":"no such user"}"#));
        assert!(!of_scim(r#"{"message":"no Route matched with those values"}"#));
        assert!(!of_scim("<html>") && !of_scim(""));
    }
}
