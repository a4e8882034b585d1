//! GUIDs of Active Directory, whose stored bytes are not in the order in which they are written.

/// Where each byte of the text form lies in the stored form, and the other way round.
const GUID_ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

/// The bytes of a GUID as Active Directory stores it: its first three fields are little-endian (MS-DTYP 2.3.4.2).
/// `None` where the text is no GUID.
pub fn bytes(text: &str) -> Option<[u8; 16]> {
    let digits: String = text.trim_matches(['{', '}']).chars().filter(|&c| c != '-').collect();
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()?;
    let bytes: [u8; 16] = bytes.try_into().ok()?;
    Some(GUID_ORDER.map(|at| bytes[at]))
}

/// The text form, in lower case, of a GUID as stored.
pub fn text(stored: &[u8; 16]) -> String {
    let hex = data_encoding::HEXLOWER.encode(&GUID_ORDER.map(|at| stored[at]));
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use crate::sources::ldap::guid;

    #[test]
    fn a_guid_is_written_as_microsoft_writes_it() {
        let stored: [u8; 16] = std::array::from_fn(|at| at.to_be_bytes()[7]);
        let text = "03020100-0504-0706-0809-0a0b0c0d0e0f";
        assert_eq!(guid::text(&stored), text);
        assert_eq!(guid::bytes(text).unwrap(), stored);
        assert_eq!(guid::bytes("{03020100-0504-0706-0809-0A0B0C0D0E0F}").unwrap(), stored);
        assert_eq!(guid::bytes("platform"), None);
    }
}
