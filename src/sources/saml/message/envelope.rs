//! What of a message stands where. An attacker who wraps a genuine assertion into a message of their own must put one of
//! the two where it does not belong: so nothing that counts may be anywhere but at its place.

use std::collections::BTreeSet;

use crate::sources::saml::message::names::{ASSERTION, DSIG, PROTOCOL, SOAP, SUCCESS};
use crate::sources::saml::message::refusal::{Algorithm, Part, Refusal};
use crate::sources::saml::message::xml::Element;

const RSA_SHA2: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha";
const ECDSA_SHA2: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha";
const HMAC: &str = "http://www.w3.org/2000/09/xmldsig#hmac-sha1";
const HMAC_SHA2: &str = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha";
const SHA2_LENGTHS: [&str; 3] = ["256", "384", "512"];
const DIGESTS: [&str; 3] = [
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512",
];

const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const CANONICAL: [&str; 4] = [
    EXCLUSIVE,
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
];

/// A message whose parts are at their places.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    pub response: &'a Element,
    pub content: Content<'a>,
    /// Of the response as a whole.
    pub response_signature: Option<&'a Element>,
    /// Of the assertion alone.
    pub assertion_signature: Option<&'a Element>,
}

/// What a response holds.
#[derive(Debug, Clone, Copy)]
pub enum Content<'a> {
    Assertion(&'a Element),
    Encrypted(&'a Element),
}

/// Opens a response that came by a browser or a file.
pub fn open(root: &Element) -> Result<Envelope<'_>, Refusal> {
    if !root.is(PROTOCOL, "Response") {
        return Err(Refusal::NoResponse);
    }
    let only = |namespace, local, part| {
        let mut found = root.named(namespace, local);
        let first = found.next();
        if found.next().is_some() { Err(Refusal::Several { part }) } else { Ok(first) }
    };
    let plain = only(ASSERTION, "Assertion", Part::Assertion)?;
    let encrypted = only(ASSERTION, "EncryptedAssertion", Part::Assertion)?;
    let response_signature = only(DSIG, "Signature", Part::Signature)?;
    let assertion_signature = match plain {
        Some(assertion) => sole_signature(assertion)?,
        None => None,
    };
    let at_their_places = [plain, encrypted, response_signature, assertion_signature];
    nothing_else(root, &at_their_places)?;
    unique_ids(root)?;
    let content = match (plain, encrypted) {
        (Some(assertion), None) => Content::Assertion(assertion),
        (None, Some(encrypted)) => Content::Encrypted(encrypted),
        (Some(_), Some(_)) => return Err(Refusal::Several { part: Part::Assertion }),
        (None, None) => return Err(without_assertion(root)),
    };
    for (signature, signed) in [(response_signature, Some(root)), (assertion_signature, plain)] {
        if let (Some(signature), Some(signed)) = (signature, signed) {
            examine(signature, signed)?;
        }
    }
    Ok(Envelope { response: root, content, response_signature, assertion_signature })
}

/// Opens an assertion that was decrypted and stands alone; whether it is signed.
pub fn open_assertion(root: &Element) -> Result<Option<&Element>, Refusal> {
    if !root.is(ASSERTION, "Assertion") {
        return Err(Refusal::NoAssertion);
    }
    let signature = sole_signature(root)?;
    nothing_else(root, &[signature])?;
    unique_ids(root)?;
    if let Some(signature) = signature {
        examine(signature, root)?;
    }
    Ok(signature)
}

/// The response in an answer to a query over SOAP.
pub fn unpack(root: &Element) -> Result<&Element, Refusal> {
    let body = root.child(SOAP, "Body").filter(|_| root.is(SOAP, "Envelope"));
    let mut within = body.into_iter().flat_map(Element::elements);
    match (within.next(), within.next()) {
        (Some(response), None) if root.elements().count() == 1 => Ok(response),
        (Some(_) | None, _) => Err(Refusal::NoResponse),
    }
}

fn sole_signature(signed: &Element) -> Result<Option<&Element>, Refusal> {
    let mut found = signed.named(DSIG, "Signature");
    let first = found.next();
    if found.next().is_some() { Err(Refusal::Several { part: Part::Signature }) } else { Ok(first) }
}

/// Refuses what bears the name of a part anywhere else, whatever namespace it claims.
fn nothing_else(root: &Element, at_their_places: &[Option<&Element>]) -> Result<(), Refusal> {
    for element in root.descendants() {
        let part = match &*element.name.local {
            "Response" => Part::Response,
            "Assertion" | "EncryptedAssertion" => Part::Assertion,
            "Signature" => Part::Signature,
            "Object" => Part::Object,
            _ => continue,
        };
        let is_there = |place: &&Element| std::ptr::eq(*place, element);
        if !std::ptr::eq(root, element) && !at_their_places.iter().flatten().any(is_there) {
            return Err(Refusal::Misplaced { part });
        }
    }
    Ok(())
}

/// Whatever another reader might take for an ID is one.
fn unique_ids(root: &Element) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    for element in root.descendants() {
        for (name, value) in &element.attributes {
            if name.local.eq_ignore_ascii_case("id") && !seen.insert(value) {
                return Err(Refusal::DuplicateId);
            }
        }
    }
    Ok(())
}

/// Whoever was refused by the identity provider is told so.
fn without_assertion(response: &Element) -> Refusal {
    let code = response.child(PROTOCOL, "Status").and_then(|status| status.child(PROTOCOL, "StatusCode"));
    match code.and_then(|code| code.attribute("Value")) {
        Some(SUCCESS) | None => Refusal::NoAssertion,
        // Nobody has signed it, so it is not repeated.
        Some(_) => Refusal::Status { status: "it sent no assertion".to_owned() },
    }
}

/// Refuses a signature that covers anything but the element that it stands in, or in any but the usual way.
fn examine(signature: &Element, signed: &Element) -> Result<(), Refusal> {
    let form = |because| Refusal::SignatureForm { because };
    let mut infos = signature.named(DSIG, "SignedInfo");
    let (Some(info), None) = (infos.next(), infos.next()) else {
        return Err(form("it has not one `SignedInfo`"));
    };
    let mut references = info.named(DSIG, "Reference");
    let (Some(reference), None) = (references.next(), references.next()) else {
        return Err(form("it has not one `Reference`"));
    };
    let algorithm = |element: &Element, local| {
        element
            .child(DSIG, local)
            .and_then(|child| child.attribute("Algorithm"))
            .unwrap_or_default()
            .to_owned()
    };
    weigh(&algorithm(info, "SignatureMethod"), &algorithm(reference, "DigestMethod"))?;
    if !CANONICAL.contains(&&*algorithm(info, "CanonicalizationMethod")) {
        return Err(form("it is canonicalized in an unusual way"));
    }
    let id = signed.attribute("ID").filter(|id| !id.is_empty()).ok_or(Refusal::ReferenceElsewhere)?;
    if reference.attribute("URI").and_then(|uri| uri.strip_prefix('#')) != Some(id) {
        return Err(Refusal::ReferenceElsewhere);
    }
    let transforms = reference.child(DSIG, "Transforms").into_iter().flat_map(Element::elements);
    let transforms: Vec<&str> =
        transforms.map(|transform| transform.attribute("Algorithm").unwrap_or_default()).collect();
    match &*transforms {
        [ENVELOPED] => Ok(()),
        [ENVELOPED, canonical] if CANONICAL.contains(canonical) => Ok(()),
        [..] => Err(form("it transforms what it signs in an unusual way")),
    }
}

fn weigh(signature: &str, digest: &str) -> Result<(), Refusal> {
    let is_sha2 =
        |family: &str| signature.strip_prefix(family).is_some_and(|rest| SHA2_LENGTHS.contains(&rest));
    let refused = |algorithm| Err(Refusal::Algorithm { algorithm });
    match () {
        () if signature.starts_with(HMAC) || signature.starts_with(HMAC_SHA2) => refused(Algorithm::Hmac),
        () if signature.ends_with("sha1") || digest.ends_with("sha1") => refused(Algorithm::Sha1),
        () if !(is_sha2(RSA_SHA2) || is_sha2(ECDSA_SHA2)) || !DIGESTS.contains(&digest) => {
            refused(Algorithm::Other)
        }
        () => Ok(()),
    }
}
