//! From the bytes of a message to what may be believed of it.

use openssl::pkey::{PKey, Private};

use crate::model::testimony::Believed;
use crate::sources::saml::message::envelope::{self, Content, Envelope};
use crate::sources::saml::message::judge::{Expected, judge};
use crate::sources::saml::message::refusal::Refusal;
use crate::sources::saml::message::signature::{Signed, SigningKey, verify, verify_element};
use crate::sources::saml::message::xml::{Element, MESSAGE, parse};
use crate::sources::saml::message::{answer, decrypt};

/// The keys with which a message is read.
#[derive(Clone, Copy)]
pub struct Keys<'a> {
    /// One of them must have signed it.
    pub signing: &'a [SigningKey],
    /// Opens what was encrypted for us.
    pub decryption: Option<&'a PKey<Private>>,
}

/// Reads a response that came by a browser or a file.
pub fn response(xml: &[u8], keys: Keys<'_>, expected: &Expected<'_>) -> Result<Believed, Refusal> {
    let root = parse(xml, MESSAGE)?;
    read(xml, envelope::open(&root)?, keys, expected)
}

/// Reads the answer to a query.
pub fn soap(xml: &[u8], keys: Keys<'_>, expected: &Expected<'_>) -> Result<Believed, Refusal> {
    let root = parse(xml, MESSAGE)?;
    read(xml, envelope::open(envelope::unpack(&root)?)?, keys, expected)
}

/// What a browser brings is base64, perhaps in lines.
pub fn decoded(field: &str) -> Result<Vec<u8>, Refusal> {
    if field.len() > MESSAGE.bytes * 2 {
        return Err(Refusal::Base64);
    }
    let packed: Vec<u8> = field.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    data_encoding::BASE64.decode(&packed).map_err(|_| Refusal::Base64)
}

fn read(
    xml: &[u8],
    envelope: Envelope<'_>,
    keys: Keys<'_>,
    expected: &Expected<'_>,
) -> Result<Believed, Refusal> {
    let text = str::from_utf8(xml).map_err(|_| Refusal::NotUnderstood { what: "its encoding" })?;
    match envelope.content {
        Content::Assertion(assertion) => {
            let signed = verify(text, &envelope, keys.signing)?;
            judged(&envelope, assertion, signed, expected)
        }
        Content::Encrypted(encrypted) => {
            // What was encrypted and then signed is opened once the signature is seen to be right.
            let outer =
                envelope.response_signature.map(|_| verify(text, &envelope, keys.signing)).transpose()?;
            let opened = decrypt::decrypt(encrypted, keys.decryption.ok_or(Refusal::Encrypted)?)?;
            let assertion = parse(&opened, MESSAGE).map_err(|_| Refusal::Undecipherable)?;
            let inner = envelope::open_assertion(&assertion)?;
            if inner.is_some() {
                let text = str::from_utf8(&opened).map_err(|_| Refusal::Undecipherable)?;
                verify_element(text, &assertion, keys.signing)?;
            }
            let signed = match (outer, inner) {
                (Some(outer), _) => outer,
                (None, Some(_)) => Signed::Assertion,
                (None, None) => return Err(Refusal::Unsigned),
            };
            judged(&envelope, &assertion, signed, expected)
        }
    }
}

fn judged(
    envelope: &Envelope<'_>,
    assertion: &Element,
    signed: Signed,
    expected: &Expected<'_>,
) -> Result<Believed, Refusal> {
    judge(&answer::shell(envelope.response)?, &answer::assertion(assertion)?, signed, expected)
}
