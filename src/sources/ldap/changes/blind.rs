//! What changes without the directory telling: whoever depends on it cannot be read by changes. Pure.

use crate::sources::ldap::config::LdapConfig;

/// Attributes that a server computes, or keeps without a change of the entry: back links, counters and clocks.
const UNTOLD: &[&str] = &[
    "memberOf",
    "isMemberOf",
    "directReports",
    "managedObjects",
    "msDS-MemberOfTransitive",
    "msDS-MembersForAzRoleBL",
    "msDS-PrincipalName",
    "msDS-ResultantPSO",
    "msDS-User-Account-Control-Computed",
    "msDS-UserPasswordExpiryTimeComputed",
    "tokenGroups",
    "tokenGroupsGlobalAndUniversal",
    "tokenGroupsNoGCAcceptable",
    "allowedAttributes",
    "canonicalName",
    "badPasswordTime",
    "badPwdCount",
    "lastLogoff",
    "lastLogon",
    "logonCount",
    "whenChanged",
    "uSNChanged",
    "modifyTimestamp",
    "entryCSN",
    "entryDN",
    "hasSubordinates",
    "numSubordinates",
    "pwdFailureTime",
    "pwdReset",
    "authTimestamp",
    "pwdLastSuccess",
];

/// Why people of this configuration cannot be read by changes: one clause. `None` where they can.
pub fn blind_spot(config: &LdapConfig) -> Option<String> {
    let names = &config.directory.attributes;
    let attributes = [&names.id, &names.username, &names.email, &names.name];
    let attributes = attributes.into_iter().chain(&names.extra).chain(&config.directory.identity_attribute);
    for attribute in attributes {
        if is_untold(attribute) {
            return Some(format!("`{attribute}` changes without the directory telling"));
        }
    }
    let filters = [("person_filter", &config.person_filter), ("group_filter", &config.group_filter)];
    for (key, filter) in filters {
        for item in items(filter.as_deref().unwrap_or_default()) {
            if item.attribute.is_empty() || is_untold(item.attribute) || item.names_an_entry {
                return Some(format!(
                    "what `{key}` says of `{}` changes without the directory telling",
                    item.attribute
                ));
            }
        }
    }
    None
}

/// The attributes that decide whether somebody matches the filter of people.
pub fn filtered_by(config: &LdapConfig) -> Vec<String> {
    let filter = config.person_filter.as_deref().unwrap_or_default();
    items(filter).map(|item| item.attribute.to_owned()).collect()
}

fn is_untold(attribute: &str) -> bool {
    let plain = attribute.split(';').next().unwrap_or_default();
    UNTOLD.iter().any(|untold| untold.eq_ignore_ascii_case(plain))
}

/// One comparison of a filter.
struct Item<'a> {
    /// Empty where it compares with any attribute (`(:dn:=x)`).
    attribute: &'a str,
    /// A name of another entry changes with that one.
    names_an_entry: bool,
}

fn items(filter: &str) -> impl Iterator<Item = Item<'_>> {
    // A parenthesis within a value is escaped (RFC 4515, section 3).
    filter.split('(').filter_map(|item| {
        let (left, value) = item.split_once('=')?;
        let attribute = left.split(':').next().unwrap_or_default();
        let attribute = attribute.trim_end_matches(['~', '<', '>']).trim();
        Some(Item { attribute, names_an_entry: value.contains('=') })
    })
}

#[cfg(test)]
mod tests {
    use crate::sources::ldap::changes::blind::items;

    #[test]
    fn a_filter_is_taken_apart() {
        let told: Vec<(&str, bool)> = items(
            "(&(objectClass=person)(!(employeeType~=x))(userAccountControl:1.2.840.113556.1.4.803:=2)\
             (|(logonCount>=1)(manager=cn=boss,dc=x))(:dn:=x)(mail=*))",
        )
        .map(|item| (item.attribute, item.names_an_entry))
        .collect();
        assert_eq!(
            told,
            [
                ("objectClass", false),
                ("employeeType", false),
                ("userAccountControl", false),
                ("logonCount", false),
                ("manager", true),
                ("", false),
                ("mail", false),
            ]
        );
    }
}
