//! Search answers, from BER to entries. `ldap3` can do so too, but it panics on an odd answer, keeps one of two
//! attributes of the same name, and sorts values into text and binary by chance.

use lber::structure::{PL, StructureTag};

use crate::sources::ldap::entry::{Entry, EntryAttribute};

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

fn text(tag: StructureTag) -> Option<String> {
    String::from_utf8(primitive(tag)?).ok()
}
