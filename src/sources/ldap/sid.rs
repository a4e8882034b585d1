//! Security identifiers of Windows, as names spell them and as directories store them.

use crate::sources::ldap::entry::Entry;

/// The attribute that holds an entry's own.
pub const OBJECT_SID: &str = "objectSid";

/// A SID as Active Directory stores it in `objectSid` (MS-DTYP 2.4.2.2).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sid(pub Box<[u8]>);

/// The first sub-authority of SIDs that a domain handed out; others, such as those of `Authenticated Users`, are nobody's
/// in particular (MS-DTYP 2.4.2.4).
const OF_A_DOMAIN: u32 = 21;

impl Sid {
    /// The SID for which a `foreignSecurityPrincipal` stands, which is its name (MS-ADTS 6.1.1.4.10); `None` where the DN
    /// is another's, or the SID is of no domain.
    pub fn of_stand_in(dn: &str) -> Option<Sid> {
        let (name, container) = dn.split_once(',')?;
        let (attribute, text) = name.split_once('=')?;
        let stands_in = attribute.trim().eq_ignore_ascii_case("cn")
            && container.trim_start().to_lowercase().starts_with("cn=foreignsecurityprincipals,");
        if stands_in { Sid::parse(text.trim()) } else { None }
    }

    /// That of an entry, where it is shown.
    pub fn of(entry: &Entry) -> Option<Sid> {
        entry.values(OBJECT_SID).next().map(|bytes| Sid(bytes.into()))
    }

    fn parse(text: &str) -> Option<Sid> {
        let mut numbers = text.to_ascii_uppercase().strip_prefix("S-1-5-")?.to_owned();
        numbers.push('-');
        let subs: Vec<u32> = numbers.split_terminator('-').map(str::parse).collect::<Result<_, _>>().ok()?;
        if subs.first() != Some(&OF_A_DOMAIN) || subs.len() > 15 {
            return None;
        }
        // Revision 1, the count, and the authority, which is the only number in network order.
        let mut bytes = vec![1, u8::try_from(subs.len()).ok()?, 0, 0, 0, 0, 0, 5];
        bytes.extend(subs.iter().flat_map(|sub| sub.to_le_bytes()));
        Some(Sid(bytes.into()))
    }
}

#[cfg(test)]
mod tests {
    use crate::sources::ldap::sid::Sid;

    #[test]
    fn a_stand_in_is_named_by_the_sid_it_stands_for() {
        let stored = [1, 4, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 1, 0, 0, 0, 2, 1, 0, 0, 80, 4, 0, 0];
        let dn = "CN=S-1-5-21-1-258-1104,CN=ForeignSecurityPrincipals,DC=corp,DC=test";
        assert_eq!(Sid::of_stand_in(dn), Some(Sid(stored.into())));
    }

    #[test]
    fn nobody_in_particular_stands_behind_other_names() {
        let elsewhere = "CN=ForeignSecurityPrincipals,DC=corp,DC=test";
        for name in ["CN=S-1-5-11", "CN=S-1-5-21-x", "CN=S-1-5-", "CN=S-1-5-21-4294967296", "CN=ada", "x"] {
            assert_eq!(Sid::of_stand_in(&format!("{name},{elsewhere}")), None, "{name}");
        }
        assert_eq!(Sid::of_stand_in("CN=S-1-5-21-1-2-3,OU=People,DC=corp,DC=test"), None);
    }
}
