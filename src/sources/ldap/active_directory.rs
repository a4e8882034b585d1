//! What Active Directory says of an account: whose it is, whether it may be used, and which addresses it answers to.

use jiff::{SignedDuration, Timestamp};

use crate::sources::ldap::entry::Entry;

/// `ADS_UF_ACCOUNT_DISABLE` of `userAccountControl` (MS-ADTS 2.2.16).
pub const DISABLED: i64 = 0x2;

/// The accounts of trusts, computers and domain controllers: `ADS_UF_INTERDOMAIN_TRUST_ACCOUNT`,
/// `ADS_UF_WORKSTATION_TRUST_ACCOUNT` and `ADS_UF_SERVER_TRUST_ACCOUNT`.
const MACHINES: i64 = 0x800 | 0x1000 | 0x2000;

/// `ADS_GROUP_TYPE_DOMAIN_LOCAL_GROUP` and `ADS_GROUP_TYPE_SECURITY_ENABLED` of `groupType` (MS-ADTS 2.2.12).
const DOMAIN_LOCAL: i64 = 0x4;
const SECURITY_ENABLED: i64 = 0x8000_0000;

/// `accountExpires` of an account that never does; the other such value is 0 (MS-ADA1 2.2).
const NEVER: i64 = i64::MAX;

/// From 1601, where `FILETIME` begins (MS-DTYP 2.3.3), to 1970, in its hundreds of nanoseconds.
const FILETIME_OF_1970: i64 = 116_444_736_000_000_000;

/// What may be done with an account.
///
/// A lockout (`lockoutTime`) and a password that has expired or must be changed take nothing from anybody: both pass within
/// hours, and an attacker who guesses passwords could otherwise cost people their seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Usable,
    Disabled,
    Expired,
    /// It is a machine's.
    Machine,
    /// `userAccountControl` was not shown, which every account has.
    Unknown,
}

/// How an account stands at a time.
pub fn standing(entry: &Entry, now: Timestamp) -> Standing {
    let Some(control) = number(entry, "userAccountControl") else {
        // A contact has no account.
        return if entry.says("objectClass", "user") { Standing::Unknown } else { Standing::Usable };
    };
    if control & MACHINES != 0 {
        Standing::Machine
    } else if control & DISABLED != 0 {
        Standing::Disabled
    } else if expires(entry).is_some_and(|end| end <= now) {
        Standing::Expired
    } else {
        Standing::Usable
    }
}

/// Whether a group may be anybody's primary group, as far as it tells.
pub fn may_be_primary(group: &Entry) -> bool {
    number(group, "groupType").is_none_or(|kind| kind & SECURITY_ENABLED != 0 && kind & DOMAIN_LOCAL == 0)
}

/// The addresses of `proxyAddresses`, the primary one (`SMTP:`) first, and the name one logs on with
/// (`userPrincipalName`), which is mostly the address as well.
pub fn further_addresses(entry: &Entry) -> Vec<&str> {
    let mut proxies: Vec<(bool, &str)> = entry.texts("proxyAddresses").filter_map(proxy).collect();
    proxies.sort_unstable();
    let principal = entry.text("userPrincipalName");
    proxies.into_iter().map(|(_, address)| address).chain(principal).collect()
}

/// Whether it is a secondary address, and the address; `None` of another kind (`X400:`, `sip:`).
fn proxy(value: &str) -> Option<(bool, &str)> {
    let (kind, address) = value.split_once(':')?;
    kind.eq_ignore_ascii_case("smtp").then_some((kind != "SMTP", address))
}

fn expires(entry: &Entry) -> Option<Timestamp> {
    let ticks = number(entry, "accountExpires").filter(|&ticks| ticks > 0 && ticks != NEVER)?;
    let since_1970 = ticks - FILETIME_OF_1970;
    let (seconds, rest) = (since_1970.div_euclid(10_000_000), since_1970.rem_euclid(10_000_000));
    // What lies beyond the years that we can count is as good as never.
    Timestamp::UNIX_EPOCH.checked_add(SignedDuration::new(seconds, i32::try_from(rest * 100).ok()?)).ok()
}

fn number(entry: &Entry, attribute: &str) -> Option<i64> {
    entry.text(attribute)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use crate::sources::ldap::active_directory::{Standing, further_addresses, may_be_primary, standing};
    use crate::sources::ldap::entry::{Entry, EntryAttribute};

    fn user(attributes: &[(&str, &[&str])]) -> Entry {
        let attribute = |(description, values): &(&str, &[&str])| EntryAttribute {
            description: (*description).to_owned(),
            values: values.iter().map(|value| value.as_bytes().to_vec()).collect(),
        };
        let class = attribute(&("objectClass", &["top", "person", "user"]));
        Entry { dn: "cn=x".to_owned(), attributes: attributes.iter().map(attribute).chain([class]).collect() }
    }

    fn at(control: &str, expires: &str, now: &str) -> Standing {
        let entry = user(&[("userAccountControl", &[control]), ("accountExpires", &[expires])]);
        standing(&entry, now.parse().unwrap())
    }

    #[test]
    fn an_account_expires_at_its_moment() {
        // 2020-01-01T00:00:00Z as FILETIME.
        let end = "132223104000000000";
        assert_eq!(at("512", end, "2019-12-31T23:59:59Z"), Standing::Usable);
        assert_eq!(at("512", end, "2020-01-01T00:00:00Z"), Standing::Expired);
    }

    #[test]
    fn an_account_that_never_expires_says_so_in_many_ways() {
        for never in ["0", "9223372036854775807", "9223372036854775806", "-1", "", "soon"] {
            assert_eq!(at("512", never, "2026-11-22T04:00:00Z"), Standing::Usable, "{never}");
        }
    }

    #[test]
    fn the_account_of_a_machine_is_known_by_its_flags_though_its_class_says_user() {
        for control in ["2080", "4096", "532480"] {
            assert_eq!(at(control, "0", "2026-11-22T04:00:00Z"), Standing::Machine, "{control}");
        }
    }

    #[test]
    fn an_account_of_which_nothing_is_shown_is_not_taken_to_be_enabled() {
        assert_eq!(standing(&user(&[]), Timestamp::UNIX_EPOCH), Standing::Unknown);
        assert_eq!(standing(&Entry::default(), Timestamp::UNIX_EPOCH), Standing::Usable);
    }

    #[test]
    fn only_mail_addresses_are_taken_from_proxies() {
        let proxies =
            ["smtp:b@x.test", "X400:c=DE;s=a", "SMTP:a@x.test", "sip:a@x.test", "smtp:a.old@x.test"];
        let entry = user(&[("proxyAddresses", &proxies), ("userPrincipalName", &["a@corp.test"])]);
        assert_eq!(further_addresses(&entry), ["a@x.test", "a.old@x.test", "b@x.test", "a@corp.test"]);
    }

    #[test]
    fn only_security_groups_of_a_whole_domain_are_primary_groups() {
        for (kind, may) in
            [("-2147483646", true), ("-2147483640", true), ("-2147483644", false), ("2", false)]
        {
            assert_eq!(may_be_primary(&user(&[("groupType", &[kind])])), may, "{kind}");
        }
        assert!(may_be_primary(&user(&[])));
    }
}
