//! Whether what was signed is said to us, now, and of whom; pure.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::person::{Attribute, Profile};
use crate::model::testimony::{Believed, ProvenGroups, Subject, Testimony, Unsaid};
use crate::sources::saml::config::SamlConfig;
use crate::sources::saml::message::answer::{Assertion, Bearer, NameId, Shell};
use crate::sources::saml::message::names::{MAIL_ADDRESS, SUCCESS, TRANSIENT};
use crate::sources::saml::message::refusal::Refusal;
use crate::sources::saml::message::signature::Signed;

/// How long the way of an assertion by a browser may take.
const LONGEST_WAY: SignedDuration = SignedDuration::from_mins(10);

/// Entra ID sends this claim instead of more groups than it has room for
/// (<https://learn.microsoft.com/entra/identity-platform/reference-saml-tokens>).
const OVERAGE: &str = "groups.link";

/// What an assertion is held against.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    pub config: &'a SamlConfig,
    /// The identity provider.
    pub issuer: &'a str,
    pub way: Way<'a>,
    pub now: Timestamp,
}

/// How an assertion came.
#[derive(Debug, Clone, Copy)]
pub enum Way<'a> {
    /// By a browser, to the assertion consumer service.
    SignOn,
    /// As a file that somebody collected: it is held against the time at which it was issued.
    Handed,
    /// As the answer to this request of ours.
    Query { request: &'a str, subject: &'a str },
}

/// Takes each of the steps in turn; the first that fails is the reason.
pub fn judge(
    shell: &Shell,
    assertion: &Assertion,
    signed: Signed,
    expected: &Expected<'_>,
) -> Result<Believed, Refusal> {
    if shell.status != SUCCESS {
        return Err(Refusal::Status { status: told(&shell.status, signed) });
    }
    issuer(shell, assertion, expected)?;
    destination(shell, signed, expected)?;
    let at = issued(shell, assertion, expected)?;
    conditions(assertion, at, expected)?;
    bearer(assertion, at, expected)?;
    let answers = request(shell, assertion, signed, expected)?;
    let testimony = testimony(assertion, expected)?;
    let span = expected.config.valid_for.saturating_add(expected.config.clock_skew);
    let remember_until = later(assertion.issued_at, span);
    Ok(Believed { testimony, assertion: assertion.id.clone(), remember_until, answers })
}

/// A status that nobody signed is anybody's word.
fn told(status: &str, signed: Signed) -> String {
    match signed {
        Signed::Response => status.rsplit(':').next().unwrap_or_default().to_owned(),
        Signed::Assertion => "its status is no success".to_owned(),
    }
}

fn issuer(shell: &Shell, assertion: &Assertion, expected: &Expected<'_>) -> Result<(), Refusal> {
    let other = [Some(&assertion.issuer), shell.issuer.as_ref()];
    match other.into_iter().flatten().find(|issuer| *issuer != expected.issuer) {
        None => Ok(()),
        Some(found) => Err(Refusal::Issuer { found: found.clone(), expected: expected.issuer.to_owned() }),
    }
}

/// SAML bindings, section 3.5.5.2.
fn destination(shell: &Shell, signed: Signed, expected: &Expected<'_>) -> Result<(), Refusal> {
    let here = expected.config.acs_url.as_str();
    match (&shell.destination, expected.way, signed) {
        (_, Way::Query { .. }, _) | (None, _, Signed::Assertion) => Ok(()),
        (Some(there), Way::SignOn | Way::Handed, _) if there == here => Ok(()),
        (Some(_), Way::SignOn | Way::Handed, _) => Err(Refusal::Destination { expected: here.to_owned() }),
        (None, Way::SignOn | Way::Handed, Signed::Response) => Err(Refusal::NoDestination),
    }
}

/// Neither later than now nor too long ago. Tells the time that the rest is held against.
fn issued(shell: &Shell, assertion: &Assertion, expected: &Expected<'_>) -> Result<Timestamp, Refusal> {
    let Expected { config, now, .. } = *expected;
    let (oldest, at) = match expected.way {
        Way::SignOn | Way::Query { .. } => (LONGEST_WAY, now),
        Way::Handed => (config.valid_for, assertion.issued_at),
    };
    for issued_at in [assertion.issued_at, shell.issued_at] {
        if issued_at > later(now, config.clock_skew) {
            return Err(Refusal::IssuedLater { at: issued_at });
        }
        if later(issued_at, oldest.saturating_add(config.clock_skew)) < now {
            return Err(Refusal::IssuedLongAgo { at: issued_at });
        }
    }
    Ok(at)
}

/// SAML core, section 2.5.1: all of them must hold, and of each restriction one audience.
fn conditions(assertion: &Assertion, at: Timestamp, expected: &Expected<'_>) -> Result<(), Refusal> {
    let conditions = &assertion.conditions;
    let (us, skew) = (&expected.config.entity_id, expected.config.clock_skew);
    if conditions.unknown {
        return Err(Refusal::Condition);
    }
    if conditions.audiences.is_empty() {
        return Err(Refusal::NoAudience);
    }
    if !conditions.audiences.iter().all(|audiences| audiences.contains(us)) {
        return Err(Refusal::Audience { expected: us.clone() });
    }
    match (conditions.not_before, conditions.not_on_or_after) {
        (Some(not_before), _) if later(at, skew) < not_before => Err(Refusal::NotYetValid { at: not_before }),
        (_, Some(end)) if later(end, skew) <= at => Err(Refusal::Expired { at: end }),
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}

/// SAML profiles, section 4.1.4.3: one of the bearers must be whoever brought it. An answer to a query has none.
fn bearer(assertion: &Assertion, at: Timestamp, expected: &Expected<'_>) -> Result<(), Refusal> {
    if let Way::Query { .. } = expected.way {
        return Ok(());
    }
    let mut why = Refusal::NoBearer;
    for bearer in &assertion.bearers {
        match one_bearer(bearer, at, expected) {
            Ok(()) => return Ok(()),
            Err(refusal) => why = refusal,
        }
    }
    Err(why)
}

fn one_bearer(bearer: &Bearer, at: Timestamp, expected: &Expected<'_>) -> Result<(), Refusal> {
    let (here, skew) = (expected.config.acs_url.as_str(), expected.config.clock_skew);
    if bearer.recipient.as_deref() != Some(here) {
        return Err(Refusal::Recipient { expected: here.to_owned() });
    }
    match (bearer.not_before, bearer.not_on_or_after) {
        (Some(not_before), _) if later(at, skew) < not_before => Err(Refusal::NotYetValid { at: not_before }),
        // A bearer without an end could bring it for ever.
        (_, None) => Err(Refusal::NoBearer),
        (_, Some(end)) if later(end, skew) <= at => Err(Refusal::BroughtLate { at: end }),
        (Some(_) | None, Some(_)) => Ok(()),
    }
}

/// The request that both the response and its assertion answer.
fn request(
    shell: &Shell,
    assertion: &Assertion,
    signed: Signed,
    expected: &Expected<'_>,
) -> Result<Option<String>, Refusal> {
    let by_bearers: BTreeSet<Option<&str>> =
        assertion.bearers.iter().map(|bearer| bearer.in_response_to.as_deref()).collect();
    let by_shell = shell.in_response_to.as_deref();
    match expected.way {
        // What is around a signed assertion is anybody's word; then the assertion itself must say it.
        Way::Query { request, .. }
            if by_shell == Some(request)
                && (signed == Signed::Response || by_bearers.contains(&Some(request))) =>
        {
            Ok(None)
        }
        Way::Query { .. } => Err(Refusal::InResponseTo),
        Way::SignOn | Way::Handed if by_bearers.iter().any(|by_bearer| *by_bearer != by_shell) => {
            Err(Refusal::InResponseToDiffers)
        }
        // Whoever collected it had asked for it, and is who knows what.
        Way::Handed => Ok(None),
        Way::SignOn if by_shell.is_none() && !expected.config.idp_initiated => Err(Refusal::Unsolicited),
        Way::SignOn => Ok(by_shell.map(str::to_owned)),
    }
}

fn testimony(assertion: &Assertion, expected: &Expected<'_>) -> Result<Testimony, Refusal> {
    let names = &expected.config.attributes;
    let name_id = assertion.name_id.as_ref().filter(|name_id| (1..=1024).contains(&name_id.value.len()));
    if let Way::Query { subject, .. } = expected.way
        && name_id.is_none_or(|name_id| name_id.value != subject)
    {
        return Err(Refusal::OtherSubject);
    }
    let id = match (&names.id, name_id) {
        (Some(attribute), _) => {
            let no_id = || Refusal::NoId { attribute: attribute.clone() };
            first(assertion, attribute).map(str::to_owned).ok_or_else(no_id)?
        }
        (None, None) => return Err(Refusal::NoSubject),
        (None, Some(name_id)) if name_id.format.as_deref() == Some(TRANSIENT) => {
            return Err(Refusal::Transient);
        }
        // A NameID is unique where it was issued.
        (None, Some(name_id)) => format!("{}!{}", expected.issuer, name_id.value),
    };
    let optional = |name: &Option<String>| name.as_deref().and_then(|name| first(assertion, name)).map(owned);
    let lasting = name_id.filter(|name_id| name_id.format.as_deref() != Some(TRANSIENT));
    let emails = match &names.email {
        Some(name) => texts(assertion, name).map(owned).collect(),
        None => name_id
            .filter(|name_id| is_address(name_id))
            .map(|name_id| owned(&name_id.value))
            .into_iter()
            .collect(),
    };
    let identity = match &expected.config.identity_attribute {
        Some(name) => first(assertion, name),
        None => lasting.map(|name_id| &*name_id.value),
    };
    let mut attributes: Vec<Attribute> = names
        .extra
        .iter()
        .map(|name| Attribute {
            name: Arc::from(&**name),
            values: texts(assertion, name).map(Box::from).collect(),
        })
        .filter(|attribute| !attribute.values.is_empty())
        .collect();
    attributes.sort_by(|a, b| a.name.cmp(&b.name));
    let person = Profile {
        id: Cow::Owned(id),
        username: optional(&names.username),
        name: optional(&names.name),
        emails,
        identity: identity.map(owned),
        attributes,
    };
    let subject =
        lasting.map(|name_id| Subject { format: name_id.format.clone(), value: name_id.value.clone() });
    Ok(Testimony { said_at: assertion.issued_at, person, subject, groups: groups(assertion, &names.groups) })
}

/// An attribute without values says that there are none; one that is missing, or whose values are no texts, says nothing.
fn groups(assertion: &Assertion, name: &str) -> ProvenGroups {
    if assertion.attributes.iter().any(|attribute| attribute.name.ends_with(OVERAGE)) {
        return ProvenGroups::Unknown(Unsaid::TooMany);
    }
    let sent: Vec<_> = assertion.attributes.iter().filter(|attribute| attribute.name == name).collect();
    let values: Option<Vec<&str>> =
        sent.iter().flat_map(|attribute| &attribute.values).map(Option::as_deref).collect();
    match values {
        Some(values) if !sent.is_empty() && values.iter().all(|value| !value.is_empty()) => {
            ProvenGroups::Known(values.into_iter().map(str::to_owned).collect())
        }
        Some(_) | None => ProvenGroups::Unknown(Unsaid::NotSent),
    }
}

fn texts<'a>(assertion: &'a Assertion, name: &'a str) -> impl Iterator<Item = &'a str> {
    let named = assertion.attributes.iter().filter(move |attribute| attribute.name == name);
    named
        .flat_map(|attribute| attribute.values.iter().flatten())
        .map(String::as_str)
        .filter(|text| !text.is_empty())
}

fn first<'a>(assertion: &'a Assertion, name: &'a str) -> Option<&'a str> {
    texts(assertion, name).next()
}

fn is_address(name_id: &NameId) -> bool {
    name_id.format.as_deref() == Some(MAIL_ADDRESS)
}

fn owned(text: &str) -> Cow<'static, str> {
    Cow::Owned(text.to_owned())
}

/// A span that reaches beyond the calendar never ends.
fn later(time: Timestamp, span: SignedDuration) -> Timestamp {
    time.checked_add(span).unwrap_or(Timestamp::MAX)
}
