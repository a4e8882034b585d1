//! What is asked of a server, in BER (RFC 4511).

use lber::structures::ASNTag as _;
use ldap3::Scope;
use ldap3::controls::RawControl;

/// A `SearchRequest` (section 4.5.1) without limits, that follows no alias. `None` where the filter is malformed.
pub fn search(base: &str, scope: Scope, filter: &str, attributes: &[String]) -> Option<Vec<u8>> {
    let scope = match scope {
        Scope::Base => 0,
        Scope::OneLevel => 1,
        Scope::Subtree => 2,
    };
    let attributes: Vec<u8> = attributes.iter().flat_map(|name| tlv(0x04, name.as_bytes())).collect();
    let never = tlv(0x0A, &[0]);
    let unlimited = tlv(0x02, &[0]);
    let values_too = tlv(0x01, &[0]);
    let parts = [
        tlv(0x04, base.as_bytes()),
        tlv(0x0A, &[scope]),
        never,
        unlimited.clone(),
        unlimited,
        values_too,
        encoded(filter)?,
        tlv(0x30, &attributes),
    ];
    Some(tlv(0x63, &parts.concat()))
}

/// An `AbandonRequest` (section 4.11).
pub fn abandon(id: u32) -> Vec<u8> {
    tlv(0x50, &integer(id))
}

/// The `LDAPMessage` (section 4.1.1) around an operation.
pub fn message(id: u32, operation: &[u8], controls: &[RawControl]) -> Vec<u8> {
    let mut parts = [&tlv(0x02, &integer(id)), operation].concat();
    if !controls.is_empty() {
        let controls: Vec<u8> = controls.iter().flat_map(control).collect();
        parts.extend(tlv(0xA0, &controls));
    }
    tlv(0x30, &parts)
}

/// One tag, its length and its content.
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(content.len() + 6);
    bytes.push(tag);
    match u8::try_from(content.len()) {
        Ok(length) if length < 0x80 => bytes.push(length),
        Ok(_) | Err(_) => {
            let length = u32::try_from(content.len()).expect("nothing that we send is as long as that");
            bytes.push(0x84);
            bytes.extend(length.to_be_bytes());
        }
    }
    bytes.extend(content);
    bytes
}

/// Without leading zeros, save one where it would be negative otherwise (X.690, section 8.3).
fn integer(number: u32) -> Vec<u8> {
    let bytes = u64::from(number).to_be_bytes();
    let first = bytes.iter().position(|&byte| byte != 0).unwrap_or(bytes.len() - 1);
    bytes[if bytes[first] < 0x80 { first } else { first - 1 }..].to_vec()
}

fn control(control: &RawControl) -> Vec<u8> {
    let mut parts = tlv(0x04, control.ctype.as_bytes());
    if control.crit {
        parts.extend(tlv(0x01, &[0xFF]));
    }
    parts.extend(control.val.iter().flat_map(|value| tlv(0x04, value)));
    tlv(0x30, &parts)
}

fn encoded(filter: &str) -> Option<Vec<u8>> {
    let filter = ldap3::parse_filter(filter).ok()?.into_structure();
    let mut bytes = Default::default();
    lber::write::encode_into(&mut bytes, filter).expect("memory takes it");
    Some(bytes.to_vec())
}

#[cfg(test)]
mod tests {
    use ldap3::Scope;
    use ldap3::controls::RawControl;

    use crate::sources::ldap::request::{abandon, message, search};

    #[test]
    fn a_search_is_written_as_the_standard_says() {
        let operation = search("dc=x", Scope::Subtree, "(cn=a)", &["mail".to_owned()]).unwrap();
        let control = RawControl { ctype: "1.2".to_owned(), crit: true, val: Some(vec![9]) };
        let expected = [
            &[0x30, 58, 2, 1, 7, 0x63, 38, 4, 4][..],
            b"dc=x",
            &[10, 1, 2, 10, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 0, 0xA3, 7, 4, 2],
            b"cn",
            &[4, 1, b'a', 0x30, 6, 4, 4],
            b"mail",
            &[0xA0, 13, 0x30, 11, 4, 3],
            b"1.2",
            &[1, 1, 0xFF, 4, 1, 9],
        ];
        assert_eq!(message(7, &operation, &[control]), expected.concat());
        assert_eq!(search("", Scope::Base, "(", &[]), None);
    }

    #[test]
    fn a_number_takes_as_many_bytes_as_it_needs() {
        let written = |id| abandon(id)[2..].to_vec();
        assert_eq!(written(0), [0]);
        assert_eq!(written(0x7F), [0x7F]);
        assert_eq!(written(0x80), [0, 0x80]);
        assert_eq!(written(0x1234), [0x12, 0x34]);
        assert_eq!(written(u32::MAX), [0, 0xFF, 0xFF, 0xFF, 0xFF]);
    }
}
