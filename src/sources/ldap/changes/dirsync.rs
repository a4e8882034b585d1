//! DirSync of Active Directory (MS-ADTS 3.1.1.3.4.1.3): its control, and what its entries mean. Pure.

use lber::structures::{ASNTag as _, Integer, OctetString, Sequence, Tag};
use ldap3::controls::RawControl;

use crate::model::distinguished_name::DistinguishedName;
use crate::sources::ldap::changes::key::Key;
use crate::sources::ldap::config::Schema;
use crate::sources::ldap::entry::Entry;
use crate::sources::ldap::wire::{constructed, primitive};

/// `LDAP_SERVER_DIRSYNC_OID`.
pub const DIRSYNC: &str = "1.2.840.113556.1.4.841";

/// `LDAP_DIRSYNC_OBJECT_SECURITY`: only what the account may see, which needs no right besides. What it does not show are
/// deletions; it need not, since Active Directory takes whoever is deleted out of its groups.
const OBJECT_SECURITY: i64 = 1;

/// How many bytes one answer may have; the server may take less for the most.
const MOST_BYTES: i64 = 4 << 20;

/// What tells of a rename or a move, which nothing else in an entry does.
pub const WHEREABOUTS: [&str; 3] = ["name", "parentGUID", "isDeleted"];

/// Asks for everything since a cookie. It is critical: a server that knows nothing of it is not to answer an ordinary
/// search instead.
pub fn request(cookie: &[u8]) -> RawControl {
    let integer = |inner| Tag::Integer(Integer { inner, ..Integer::default() });
    let cookie = Tag::OctetString(OctetString { inner: cookie.to_vec(), ..OctetString::default() });
    let parts = vec![integer(OBJECT_SECURITY), integer(MOST_BYTES), cookie];
    let sequence = Tag::Sequence(Sequence { inner: parts, ..Sequence::default() }).into_structure();
    let mut value = Default::default();
    lber::write::encode_into(&mut value, sequence).expect("memory takes every byte");
    RawControl { ctype: DIRSYNC.to_owned(), crit: true, val: Some(value.to_vec()) }
}

/// Whether there is more, and the cookie to ask for it. `None` where the server sent no such control or a malformed one.
pub fn answer(controls: &[RawControl]) -> Option<(bool, Vec<u8>)> {
    let value = controls.iter().find(|control| control.ctype == DIRSYNC)?.val.as_deref()?;
    let (_, tag) = lber::parse::parse_tag(value).ok()?;
    let mut parts = constructed(tag)?.into_iter();
    let more = primitive(parts.next()?)?.iter().any(|&byte| byte != 0);
    primitive(parts.next()?)?;
    Some((more, primitive(parts.next()?)?))
}

/// The key of a changed entry, and its name unless it was deleted. `None` where it has no key.
pub fn touched(entry: &Entry) -> Option<(Key, Option<DistinguishedName>)> {
    let key = Key::of(entry, Schema::ActiveDirectory)?;
    let deleted = entry.says("isDeleted", "TRUE");
    let name = DistinguishedName::parse(&entry.dn).filter(|_| !deleted);
    Some((key, name))
}

#[cfg(test)]
mod tests {
    use ldap3::controls::RawControl;

    use crate::sources::ldap::changes::dirsync::{DIRSYNC, answer, request, touched};
    use crate::sources::ldap::changes::key::Key;
    use crate::sources::ldap::entry::{Entry, EntryAttribute};

    fn entry(dn: &str, attributes: &[(&str, &[u8])]) -> Entry {
        let attribute = |(description, value): &(&str, &[u8])| EntryAttribute {
            description: (*description).to_owned(),
            values: vec![value.to_vec()],
        };
        Entry { dn: dn.to_owned(), attributes: attributes.iter().map(attribute).collect() }
    }

    #[test]
    fn the_control_is_spelt_as_the_specification_says() {
        let control = request(b"ck");
        assert!(control.crit);
        assert_eq!(control.val.unwrap(), b"\x30\x0c\x02\x01\x01\x02\x03\x40\x00\x00\x04\x02ck");
    }

    #[test]
    fn an_answer_tells_whether_there_is_more() {
        let told = |value: &[u8]| {
            answer(&[RawControl { ctype: DIRSYNC.to_owned(), crit: false, val: Some(value.to_vec()) }])
        };
        assert_eq!(told(b"\x30\x09\x02\x01\x01\x02\x01\x00\x04\x01c"), Some((true, b"c".to_vec())));
        assert_eq!(told(b"\x30\x09\x02\x01\x00\x02\x01\x00\x04\x01c"), Some((false, b"c".to_vec())));
        assert_eq!(told(b"\x30\x03\x02\x01\x00"), None);
        assert_eq!(answer(&[]), None);
    }

    #[test]
    fn whoever_is_deleted_has_no_name() {
        let guid: (&str, &[u8]) = ("objectGUID", &[7; 16]);
        let (key, name) = touched(&entry("CN=Ada,DC=x", &[guid])).unwrap();
        assert_eq!((key, name.unwrap().as_str()), (Key([7; 16]), "cn=ada,dc=x"));
        let tomb = entry("CN=Ada\\0ADEL:1,CN=Deleted Objects,DC=x", &[guid, ("isDeleted", b"TRUE")]);
        assert_eq!(touched(&tomb).unwrap(), (Key([7; 16]), None));
        assert_eq!(touched(&entry("CN=Ada,DC=x", &[])), None);
    }
}
