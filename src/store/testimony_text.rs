//! A testimony as the state keeps it: one JSON object.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::person::{Attribute, Profile};
use crate::model::testimony::{ProvenGroups, Subject, Testimony, Unsaid};

#[derive(Serialize, Deserialize)]
struct Body<'a> {
    id: Cow<'a, str>,
    username: Option<Cow<'a, str>>,
    name: Option<Cow<'a, str>>,
    emails: Vec<Cow<'a, str>>,
    identity: Option<Cow<'a, str>>,
    attributes: BTreeMap<Cow<'a, str>, Vec<Cow<'a, str>>>,
    subject: Option<Named<'a>>,
    /// Where they are known.
    groups: Option<BTreeSet<Cow<'a, str>>>,
    /// Where they are not.
    unsaid: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
struct Named<'a> {
    format: Option<Cow<'a, str>>,
    value: Cow<'a, str>,
}

pub fn written(testimony: &Testimony) -> String {
    let Testimony { said_at: _, person, subject, groups } = testimony;
    let borrowed = |text: &'_ str| Cow::Owned(text.to_owned());
    let attribute = |attribute: &Attribute| {
        let values = attribute.values.iter().map(|value| borrowed(value));
        (borrowed(&attribute.name), values.collect())
    };
    let body = Body {
        id: person.id.clone(),
        username: person.username.clone(),
        name: person.name.clone(),
        emails: person.emails.clone(),
        identity: person.identity.clone(),
        attributes: person.attributes.iter().map(attribute).collect(),
        subject: subject.as_ref().map(|Subject { format, value }| Named {
            format: format.as_deref().map(Cow::Borrowed),
            value: Cow::Borrowed(value),
        }),
        groups: match groups {
            ProvenGroups::Known(groups) => Some(groups.iter().map(|group| Cow::Borrowed(&**group)).collect()),
            ProvenGroups::Unknown(_) => None,
        },
        unsaid: match groups {
            ProvenGroups::Known(_) => None,
            ProvenGroups::Unknown(unsaid) => Some(Cow::Borrowed(unsaid.key())),
        },
    };
    serde_json::to_string(&body).expect("texts are always written")
}

/// `None` for what no seatsync wrote.
pub fn read(text: &str, said_at: Timestamp) -> Option<Testimony> {
    let body: Body<'_> = serde_json::from_str(text).ok()?;
    let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
    let groups = match (body.groups, body.unsaid) {
        (Some(groups), None) => ProvenGroups::Known(groups.into_iter().map(Cow::into_owned).collect()),
        (None, Some(unsaid)) => ProvenGroups::Unknown(Unsaid::from_key(&unsaid)?),
        (Some(_), Some(_)) | (None, None) => return None,
    };
    let attribute = |(name, values): (Cow<'_, str>, Vec<Cow<'_, str>>)| Attribute {
        name: Arc::from(&*name),
        values: values.iter().map(|value| Box::from(&**value)).collect(),
    };
    let person = Profile {
        id: owned(body.id),
        username: body.username.map(owned),
        name: body.name.map(owned),
        emails: body.emails.into_iter().map(owned).collect(),
        identity: body.identity.map(owned),
        attributes: body.attributes.into_iter().map(attribute).collect(),
    };
    let subject = body
        .subject
        .map(|named| Subject { format: named.format.map(Cow::into_owned), value: named.value.into_owned() });
    Some(Testimony { said_at, person, subject, groups })
}
