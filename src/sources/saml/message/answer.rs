//! What a response and its assertion say, taken from the tree and not judged yet.

use jiff::Timestamp;

use crate::sources::saml::message::names::{ASSERTION, BEARER, PROTOCOL};
use crate::sources::saml::message::refusal::Refusal;
use crate::sources::saml::message::xml::{Element, Name};

const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// What the response around an assertion says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shell {
    pub issued_at: Timestamp,
    pub issuer: Option<String>,
    pub destination: Option<String>,
    pub in_response_to: Option<String>,
    pub status: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    pub id: String,
    pub issued_at: Timestamp,
    pub issuer: String,
    pub name_id: Option<NameId>,
    pub bearers: Vec<Bearer>,
    pub conditions: Conditions,
    pub attributes: Vec<Attribute>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameId {
    pub format: Option<String>,
    pub value: String,
}

/// A way in which a bearer may bring it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    pub recipient: Option<String>,
    pub in_response_to: Option<String>,
    pub not_before: Option<Timestamp>,
    pub not_on_or_after: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conditions {
    pub not_before: Option<Timestamp>,
    pub not_on_or_after: Option<Timestamp>,
    /// One of each must be us.
    pub audiences: Vec<Vec<String>>,
    /// There is one that nobody here knows.
    pub unknown: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    pub name: String,
    /// `None` for a value that is no text.
    pub values: Vec<Option<String>>,
}

pub fn shell(response: &Element) -> Result<Shell, Refusal> {
    version(response)?;
    let code = response.child(PROTOCOL, "Status").and_then(|status| status.child(PROTOCOL, "StatusCode"));
    let status = code.and_then(|code| code.attribute("Value"));
    let issuer = response.child(ASSERTION, "Issuer").map(|issuer| text(issuer, "its issuer")).transpose()?;
    Ok(Shell {
        issued_at: issued_at(response)?,
        issuer,
        // An empty one says as much as none.
        destination: response.attribute("Destination").filter(|there| !there.is_empty()).map(str::to_owned),
        in_response_to: response.attribute("InResponseTo").map(str::to_owned),
        status: status.ok_or(Refusal::NotUnderstood { what: "its status" })?.to_owned(),
    })
}

pub fn assertion(assertion: &Element) -> Result<Assertion, Refusal> {
    version(assertion)?;
    let not_understood = |what| Refusal::NotUnderstood { what };
    let id = assertion.attribute("ID").filter(|id| (1..=256).contains(&id.len()));
    let issuer = sole(assertion, "Issuer", "its issuer")?.ok_or(not_understood("its issuer"))?;
    let subject = sole(assertion, "Subject", "its subject")?;
    let name_id = subject.map(|subject| sole(subject, "NameID", "its subject")).transpose()?.flatten();
    let conditions = sole(assertion, "Conditions", "its conditions")?;
    let confirmations =
        subject.into_iter().flat_map(|subject| subject.named(ASSERTION, "SubjectConfirmation"));
    let bearers = confirmations.filter(|confirmation| confirmation.attribute("Method") == Some(BEARER));
    let statements = assertion.named(ASSERTION, "AttributeStatement");
    Ok(Assertion {
        id: id.ok_or(not_understood("its ID"))?.to_owned(),
        issued_at: issued_at(assertion)?,
        issuer: text(issuer, "its issuer")?,
        name_id: name_id.map(named).transpose()?,
        bearers: bearers.map(bearer).collect::<Result<_, _>>()?,
        conditions: conditions.map(conditioned).transpose()?.unwrap_or_default(),
        attributes: statements
            .flat_map(|statement| statement.named(ASSERTION, "Attribute"))
            .map(attribute)
            .collect::<Result<_, _>>()?,
    })
}

fn named(element: &Element) -> Result<NameId, Refusal> {
    let value = text(element, "its NameID")?;
    Ok(NameId { format: element.attribute("Format").map(str::to_owned), value })
}

fn bearer(confirmation: &Element) -> Result<Bearer, Refusal> {
    let data = sole(confirmation, "SubjectConfirmationData", "its bearer")?;
    let said = |name| data.and_then(|data| data.attribute(name)).map(str::to_owned);
    let time = |name| data.map_or(Ok(None), |data| optional_time(data, name));
    Ok(Bearer {
        recipient: said("Recipient"),
        in_response_to: said("InResponseTo"),
        not_before: time("NotBefore")?,
        not_on_or_after: time("NotOnOrAfter")?,
    })
}

fn conditioned(element: &Element) -> Result<Conditions, Refusal> {
    let mut audiences = Vec::new();
    for restriction in element.named(ASSERTION, "AudienceRestriction") {
        let named = restriction.named(ASSERTION, "Audience").map(|audience| text(audience, "its audience"));
        audiences.push(named.collect::<Result<_, _>>()?);
    }
    // What these two ask for is done anyway: it is used once, and nothing is issued from it.
    let known = |element: &Element| {
        ["AudienceRestriction", "OneTimeUse", "ProxyRestriction"]
            .iter()
            .any(|name| element.is(ASSERTION, name))
    };
    Ok(Conditions {
        not_before: optional_time(element, "NotBefore")?,
        not_on_or_after: optional_time(element, "NotOnOrAfter")?,
        audiences,
        unknown: !element.elements().all(known),
    })
}

fn attribute(element: &Element) -> Result<Attribute, Refusal> {
    let name =
        element.attribute("Name").ok_or(Refusal::NotUnderstood { what: "an attribute without a name" })?;
    let nil = Name { namespace: SCHEMA_INSTANCE.to_owned(), local: "nil".to_owned() };
    let values = element.named(ASSERTION, "AttributeValue");
    let values =
        values.filter(|value| !matches!(value.attributes.get(&nil).map(String::as_str), Some("true" | "1")));
    Ok(Attribute {
        name: name.to_owned(),
        values: values.map(|value| value.text().map(str::to_owned)).collect(),
    })
}

fn version(element: &Element) -> Result<(), Refusal> {
    if element.attribute("Version") == Some("2.0") { Ok(()) } else { Err(Refusal::NoResponse) }
}

fn sole<'a>(
    element: &'a Element,
    local: &'a str,
    what: &'static str,
) -> Result<Option<&'a Element>, Refusal> {
    let mut found = element.named(ASSERTION, local);
    let first = found.next();
    if found.next().is_some() { Err(Refusal::NotUnderstood { what }) } else { Ok(first) }
}

fn text(element: &Element, what: &'static str) -> Result<String, Refusal> {
    element.text().map(str::to_owned).ok_or(Refusal::NotUnderstood { what })
}

fn issued_at(element: &Element) -> Result<Timestamp, Refusal> {
    optional_time(element, "IssueInstant")?.ok_or(Refusal::NotUnderstood { what: "when it was issued" })
}

/// Times of SAML are in UTC (core, section 1.3.3).
fn optional_time(element: &Element, name: &str) -> Result<Option<Timestamp>, Refusal> {
    let not_understood = |_| Refusal::NotUnderstood { what: "one of its times" };
    element.attribute(name).map(|time| time.parse().map_err(not_understood)).transpose()
}
