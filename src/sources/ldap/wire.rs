//! Answers, from BER to what they hold. `ldap3` can do so too, but it panics on an odd answer, keeps one of two
//! attributes of the same name, and sorts values into text and binary by chance.

use lber::structure::{PL, StructureTag};
use ldap3::controls::RawControl;

use crate::sources::ldap::entry::{Entry, EntryAttribute};

/// What is in an `LDAPMessage` (RFC 4511, section 4.1.1), but for its id.
pub struct Decoded {
    pub operation: StructureTag,
    pub controls: Vec<RawControl>,
}

/// A message that has been vetted. `None` where it is malformed all the same.
pub fn message(bytes: &[u8]) -> Option<Decoded> {
    let (_, message) = lber::parse::parse_tag(bytes).ok()?;
    let mut parts = constructed(message)?.into_iter().skip(1);
    let operation = parts.next()?;
    let controls = parts.next().and_then(constructed).unwrap_or_default();
    Some(Decoded { operation, controls: controls.into_iter().filter_map(control).collect() })
}

fn control(tag: StructureTag) -> Option<RawControl> {
    let mut parts = constructed(tag)?.into_iter();
    let ctype = text(parts.next()?)?;
    let val = parts.find(|part| part.id == 4).and_then(primitive);
    Some(RawControl { ctype, crit: false, val })
}

/// `SearchResultEntry` (RFC 4511, section 4.5.2). `None` where it is malformed.
pub fn entry(tag: StructureTag) -> Option<Entry> {
    let mut parts = constructed(tag)?.into_iter();
    let dn = text(parts.next()?)?;
    let attributes = constructed(parts.next()?)?
        .into_iter()
        .map(|attribute| {
            let mut parts = constructed(attribute)?.into_iter();
            let description = text(parts.next()?)?;
            let values =
                constructed(parts.next()?)?.into_iter().map(primitive).collect::<Option<Vec<Vec<u8>>>>()?;
            Some(EntryAttribute { description, values })
        })
        .collect::<Option<Vec<EntryAttribute>>>()?;
    Some(Entry { dn, attributes })
}

/// The URLs of a `SearchResultReference`. Those that are no text are shown as such.
pub fn reference(tag: StructureTag) -> Vec<String> {
    let urls = constructed(tag).unwrap_or_default();
    urls.into_iter().map(|url| text(url).unwrap_or_else(|| "unreadable".to_owned())).collect()
}

/// The cookie in the value of a paged-results control (RFC 2696), empty after the last page. `None` where the value
/// is malformed.
pub fn page_cookie(value: &[u8]) -> Option<Vec<u8>> {
    let (_, tag) = lber::parse::parse_tag(value).ok()?;
    let mut parts = constructed(tag)?.into_iter();
    primitive(parts.next()?)?;
    primitive(parts.next()?)
}

/// The parts of a constructed value.
pub fn constructed(tag: StructureTag) -> Option<Vec<StructureTag>> {
    match tag.payload {
        PL::C(parts) => Some(parts),
        PL::P(_) => None,
    }
}

/// The bytes of a primitive value.
pub fn primitive(tag: StructureTag) -> Option<Vec<u8>> {
    match tag.payload {
        PL::P(bytes) => Some(bytes),
        PL::C(_) => None,
    }
}

/// The text in a primitive value.
pub fn text(tag: StructureTag) -> Option<String> {
    String::from_utf8(primitive(tag)?).ok()
}
