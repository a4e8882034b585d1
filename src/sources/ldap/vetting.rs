//! Whether what a server sent may be decoded: one LDAP message, whole and within bounds, looked at without recursion.

/// No message may be longer. The longest that directories send is a group with all its members: a million of them, by
/// names of a hundred bytes, fit.
pub const LONGEST: usize = 128 << 20;

/// No message may have more parts: each takes some fifty bytes of memory once it is decoded, however short it is.
const MOST_PARTS: usize = 4 << 20;

/// No message may be nested deeper. A search entry takes 6 levels (RFC 4511, section 4.5.2), a control 4.
const DEEPEST: usize = 16;

/// Answers that a client of ours can get (RFC 4511, section 4.2 to 4.13).
pub const BIND: u8 = 0x61;
pub const ENTRY: u8 = 0x64;
pub const DONE: u8 = 0x65;
pub const REFERENCE: u8 = 0x73;
pub const EXTENDED: u8 = 0x78;
pub const INTERMEDIATE: u8 = 0x79;

/// A message that may be decoded: no decoder of ours or of `ldap3` panics or overflows over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// How many bytes it takes.
    pub length: usize,
    /// The request that it answers; 0 is unasked for.
    pub id: u32,
    /// The tag of what it is.
    pub operation: u8,
}

/// Why bytes are not decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the server sent something that is no LDAP message")]
    NoMessage,
    #[error("the server sent a message of more than {} MiB", LONGEST >> 20)]
    TooLong,
    #[error("the server sent a message of more than {MOST_PARTS} parts")]
    TooManyParts,
    #[error("the server sent a message nested more than {DEEPEST} deep")]
    TooDeep,
    #[error("the server sent a malformed message")]
    Malformed,
}

/// Judges the message at the start of `bytes`. `None` where it has not arrived whole; what follows it is not looked at.
pub fn vet(bytes: &[u8]) -> Result<Option<Message>, Fault> {
    if bytes.first().is_some_and(|&tag| tag != 0x30) {
        return Err(Fault::NoMessage);
    }
    let Some(outer) = part(bytes, 0)? else { return Ok(None) };
    if outer.end > LONGEST {
        return Err(Fault::TooLong);
    }
    let Some(message) = bytes.get(..outer.end) else { return Ok(None) };
    check_nesting(message)?;
    let (id, operation) = check_shape(message, outer).ok_or(Fault::Malformed)?;
    Ok(Some(Message { length: message.len(), id, operation }))
}

/// One tag and where its content lies.
#[derive(Clone, Copy)]
pub struct Part {
    pub tag: u8,
    pub start: usize,
    pub end: usize,
}

impl Part {
    fn is_constructed(self) -> bool {
        self.tag & 0x20 != 0
    }
}

/// The part that begins at `at`; its content may lie beyond the end of `bytes`. `None` where even its head does. Lengths
/// are definite (RFC 4511, section 5.1), of at most eight bytes, and tags of one.
pub fn part(bytes: &[u8], at: usize) -> Result<Option<Part>, Fault> {
    let (Some(&tag), Some(&first)) = (bytes.get(at), bytes.get(at + 1)) else { return Ok(None) };
    if tag & 0x1F == 0x1F {
        return Err(Fault::Malformed);
    }
    let start = at + 2;
    if first < 0x80 {
        return Ok(Some(Part { tag, start, end: start + usize::from(first) }));
    }
    let digits = usize::from(first & 0x7F);
    if digits == 0 || digits > 8 {
        return Err(Fault::Malformed);
    }
    let Some(written) = bytes.get(start..start + digits) else { return Ok(None) };
    let length = written.iter().fold(0_u64, |length, &byte| (length << 8) | u64::from(byte));
    let start = start + digits;
    let end = usize::try_from(length).ok().and_then(|length| start.checked_add(length));
    Ok(Some(Part { tag, start, end: end.ok_or(Fault::TooLong)? }))
}

fn check_nesting(message: &[u8]) -> Result<(), Fault> {
    let mut ends = [0; DEEPEST];
    let (mut depth, mut at, mut parts) = (0, 0, 0);
    loop {
        while depth > 0 && ends[depth - 1] == at {
            depth -= 1;
        }
        if at == message.len() {
            return Ok(());
        }
        let inner = part(message, at)?.ok_or(Fault::Malformed)?;
        let outer_end = if depth == 0 { message.len() } else { ends[depth - 1] };
        if inner.end > outer_end {
            return Err(Fault::Malformed);
        }
        parts += 1;
        if parts > MOST_PARTS {
            return Err(Fault::TooManyParts);
        }
        if inner.is_constructed() {
            *ends.get_mut(depth).ok_or(Fault::TooDeep)? = inner.end;
            depth += 1;
            at = inner.start;
        } else {
            at = inner.end;
        }
    }
}

/// The id and the operation of a message whose parts lie within each other. What `ldap3` takes for granted is checked: it
/// panics where it is not so.
fn check_shape(message: &[u8], outer: Part) -> Option<(u32, u8)> {
    let mut parts = Parts { bytes: message, at: outer.start, end: outer.end };
    let id = parts.next().filter(|id| id.tag == 0x02 && (1..=4).contains(&(id.end - id.start)))?;
    let id = message[id.start..id.end].iter().fold(0, |id, &byte| (id << 8) | u32::from(byte));
    let operation = parts.next()?;
    match operation.tag {
        BIND | DONE | EXTENDED => check_result(message, operation)?,
        ENTRY | REFERENCE | INTERMEDIATE => {}
        _ => return None,
    }
    match parts.next() {
        None => {}
        Some(controls) if controls.tag == 0xA0 => check_controls(message, controls)?,
        // Active Directory puts the name of a notice of disconnection behind it instead of into it.
        Some(name) if name.tag == 0x8A && operation.tag == EXTENDED => {}
        Some(_) => return None,
    }
    parts.next().is_none().then_some((id, operation.tag))
}

/// `LDAPResult` (RFC 4511, section 4.1.9) and what binds and extended operations add to it.
fn check_result(message: &[u8], result: Part) -> Option<()> {
    let mut parts = Parts { bytes: message, at: result.start, end: result.end };
    parts.next().filter(|code| code.tag == 0x0A && (1..=4).contains(&(code.end - code.start)))?;
    for _ in 0..2 {
        let text = parts.next().filter(|text| text.tag == 0x04)?;
        text_of(message, text)?;
    }
    for more in parts {
        match more.tag & 0x1F {
            3 if more.tag == 0xA3 => {
                for url in (Parts { bytes: message, at: more.start, end: more.end }) {
                    (url.tag == 0x04).then_some(())?;
                    text_of(message, url)?;
                }
            }
            10 if more.tag == 0x8A => text_of(message, more).map(drop)?,
            7 | 11 if !more.is_constructed() => {}
            3 | 7 | 10 | 11 => return None,
            _ => {}
        }
    }
    Some(())
}

/// `Controls` (RFC 4511, section 4.1.11).
fn check_controls(message: &[u8], controls: Part) -> Option<()> {
    for control in (Parts { bytes: message, at: controls.start, end: controls.end }) {
        (control.tag == 0x30).then_some(())?;
        let mut parts = Parts { bytes: message, at: control.start, end: control.end };
        let name = parts.next().filter(|name| name.tag == 0x04)?;
        text_of(message, name)?;
        let mut next = parts.next();
        if next.is_some_and(|part| part.tag == 0x01) {
            next.filter(|critical| critical.end > critical.start)?;
            next = parts.next();
        }
        next.is_none_or(|value| value.tag == 0x04).then_some(())?;
        parts.next().is_none().then_some(())?;
    }
    Some(())
}

fn text_of(message: &[u8], part: Part) -> Option<&str> {
    std::str::from_utf8(message.get(part.start..part.end)?).ok()
}

/// The parts of a part, in a message whose nesting has been checked.
struct Parts<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

impl Iterator for Parts<'_> {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        if self.at >= self.end {
            return None;
        }
        let part = part(self.bytes, self.at).ok().flatten()?;
        self.at = part.end;
        Some(part)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::sources::ldap::vetting::{DONE, ENTRY, Fault, LONGEST, Message, vet};

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![tag, 0x84];
        bytes.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
        bytes.extend(content);
        bytes
    }

    fn message(operation: &[u8]) -> Vec<u8> {
        tlv(0x30, &[tlv(2, &[7]), operation.to_vec()].concat())
    }

    fn done(text: &[u8]) -> Vec<u8> {
        tlv(DONE, &[tlv(10, &[0]), tlv(4, b""), tlv(4, text)].concat())
    }

    fn entry(values: usize, length: usize) -> Vec<u8> {
        let values = tlv(4, &vec![b'x'; length]).repeat(values);
        let attribute = tlv(0x30, &[tlv(4, b"mail"), tlv(0x31, &values)].concat());
        tlv(ENTRY, &[tlv(4, b"dc=x"), tlv(0x30, &attribute)].concat())
    }

    #[test]
    fn the_first_message_is_told_from_what_follows() {
        let bytes = [message(&entry(2, 3)), message(&done(b"")), vec![0xFF]].concat();
        let first = Message { length: message(&entry(2, 3)).len(), id: 7, operation: ENTRY };
        assert_eq!(vet(&bytes), Ok(Some(first)));
    }

    #[test]
    fn what_is_not_ldap_is_told_at_its_first_byte() {
        // An alert of TLS.
        assert_eq!(vet(&[0x15, 3, 3]), Err(Fault::NoMessage));
        assert_eq!(vet(b"HTTP/1.1 400"), Err(Fault::NoMessage));
    }

    #[test]
    fn bounds_are_kept() {
        let nested = |depth: usize| (0..depth).fold(Vec::new(), |inner, _| tlv(0x30, &inner));
        assert_eq!(vet(&message(&nested(17))), Err(Fault::TooDeep));
        assert_eq!(vet(&message(&tlv(ENTRY, &[4, 0].repeat(4 << 20)))), Err(Fault::TooManyParts));
        let announced = [&[0x30, 0x84][..], &u32::try_from(LONGEST).unwrap().to_be_bytes()].concat();
        assert_eq!(vet(&announced), Err(Fault::TooLong), "before any of it has arrived");
        assert_eq!(vet(&[0x30, 0x88, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]), Err(Fault::TooLong));
    }

    #[test]
    fn what_a_decoder_would_trip_over_is_malformed() {
        let with_control =
            |control: &[u8]| tlv(0x30, &[tlv(2, &[7]), done(b""), tlv(0xA0, control)].concat());
        let cases = [
            ("an indefinite length", vec![0x30, 0x80, 0, 0]),
            ("a tag of several bytes", message(&[0x7F, 0x20, 0])),
            ("an inner length beyond the outer", vec![0x30, 7, 2, 1, 7, 0x64, 0x20, 4, 0]),
            ("no id", tlv(0x30, &done(b""))),
            ("nothing but an id", message(&[])),
            ("an operation nobody asked for", message(&tlv(0x67, &done(b"")))),
            ("an entry that is no sequence", message(&tlv(0x44, b"x"))),
            ("a result without a code", message(&tlv(DONE, &tlv(4, b"")))),
            ("a text that is none", message(&done(b"\xFF"))),
            ("a control that is no sequence", with_control(&tlv(4, b"1.2"))),
            ("a control without a name", with_control(&tlv(0x30, b""))),
            (
                "a control whose importance is empty",
                with_control(&tlv(0x30, &[tlv(4, b"1"), tlv(1, b"")].concat())),
            ),
            (
                "something after the controls",
                tlv(0x30, &[tlv(2, &[7]), done(b""), tlv(0xA0, b""), tlv(4, b"")].concat()),
            ),
        ];
        for (what, bytes) in cases {
            assert_eq!(vet(&bytes), Err(Fault::Malformed), "{what}");
        }
    }

    proptest! {
        #[test]
        fn a_message_is_whole_exactly_when_its_last_byte_is_there(values in 0..9_usize, length in 0..300_usize) {
            let whole = message(&entry(values, length));
            for cut in 0..whole.len() {
                prop_assert_eq!(vet(&whole[..cut]), Ok(None));
            }
            prop_assert_eq!(vet(&whole).unwrap().unwrap().length, whole.len());
        }

        #[test]
        fn whatever_passes_can_be_decoded(bytes in proptest::collection::vec(any::<u8>(), 0..64), id in 1..5_u8) {
            let operations = [0x61, 0x64, 0x65, 0x73, 0x78, 0x79];
            let operation = tlv(operations[usize::from(id)], &bytes);
            let candidate = message(&operation);
            if let Ok(Some(vetted)) = vet(&candidate) {
                prop_assert!(lber::parse::parse_tag(&candidate[..vetted.length]).is_ok());
            }
        }

        #[test]
        fn a_byte_changed_anywhere_never_makes_a_decoder_fail_over_what_passed(
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let mut bytes = message(&entry(3, 20));
            *at.get_mut(&mut bytes) = byte;
            if let Ok(Some(vetted)) = vet(&bytes) {
                prop_assert!(lber::parse::parse_tag(&bytes[..vetted.length]).is_ok());
            }
        }
    }
}
