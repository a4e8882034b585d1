//! What an entry means: a group, a person, or neither. Pure, and the same for a server and a file.

use std::borrow::Cow;
use std::sync::Arc;

use crate::model::group::Group;
use crate::model::person::{Attribute, Person, Profile};
use crate::sources::ldap::config::{Directory, Schema};
use crate::sources::ldap::entry::Entry;
use crate::sources::ldap::guid;

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Group(GroupEntry),
    Person(Person),
    /// A disabled account, while those are left out.
    Disabled,
    /// A machine: no person, though Active Directory's schema derives it from one.
    Machine,
    /// Active Directory's stand-in for somebody of another forest (`foreignSecurityPrincipal`).
    Foreign,
    /// A person who cannot be followed.
    Unusable {
        because: String,
    },
}

/// A group and whom it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupEntry {
    pub group: Group,
    /// DNs, spelt as the group spells them.
    pub members: Vec<Box<str>>,
    /// RFC 2307: usernames.
    pub usernames: Vec<Box<str>>,
    /// The attribute and value by which people claim this as their primary group.
    pub primary: Option<Primary>,
    /// Why the members above may not be all.
    pub flaw: Option<String>,
}

/// See [`GroupEntry::primary`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Primary {
    pub attribute: &'static str,
    /// The object class of those who claim.
    pub class: &'static str,
    pub value: Box<str>,
}

/// The object classes of groups. Each of those marked must have a member: without one, we were not shown it.
const GROUP_CLASSES: &[(&str, bool)] = &[
    ("group", false),
    ("groupOfNames", true),
    ("groupOfUniqueNames", true),
    ("groupOfMembers", false),
    ("groupOfEntries", false),
    ("posixGroup", false),
];

/// `ACCOUNTDISABLE` of `userAccountControl` (MS-ADTS 2.2.16).
const ACCOUNT_DISABLED: i64 = 2;

/// The date by which slapo-ppolicy(5) locks an account until somebody unlocks it.
const LOCKED_FOR_GOOD: &str = "000001010000Z";

/// The object classes that make an entry a group of this schema.
pub fn group_classes(schema: Schema) -> &'static [&'static str] {
    match schema {
        Schema::ActiveDirectory => &["group"],
        Schema::Rfc2307bis => &["groupOfNames", "groupOfUniqueNames", "groupOfMembers", "posixGroup"],
        Schema::Rfc2307 => &["posixGroup"],
    }
}

/// The attributes of a group that hold its name.
pub fn group_names(schema: Schema) -> &'static [&'static str] {
    match schema {
        Schema::ActiveDirectory => &["cn", "sAMAccountName"],
        Schema::Rfc2307bis | Schema::Rfc2307 => &["cn"],
    }
}

/// What `attributes.id` says where people are known by their DN alone.
pub const BY_NAME: &str = "dn";

/// The attributes that hold members' DNs.
pub fn member_attributes(schema: Schema) -> &'static [&'static str] {
    match schema {
        Schema::ActiveDirectory => &["member"],
        Schema::Rfc2307bis => &["member", "uniqueMember"],
        Schema::Rfc2307 => &[],
    }
}

/// Every attribute that a [`Decoder`] looks at: what is asked of a server, and kept of a file.
pub fn attributes(directory: &Directory) -> Vec<String> {
    let names = &directory.attributes;
    let mut wanted: Vec<&str> = vec!["objectClass", &names.id, &names.username, &names.email, &names.name];
    wanted.extend(names.extra.iter().map(String::as_str));
    wanted.extend(directory.identity_attribute.as_deref());
    wanted.extend(group_names(directory.schema));
    wanted.extend(member_attributes(directory.schema));
    match directory.schema {
        Schema::ActiveDirectory => {
            wanted.push("userAccountControl");
            if directory.primary_group {
                wanted.extend(["primaryGroupToken", "primaryGroupID"]);
            }
        }
        Schema::Rfc2307bis => wanted.extend(["pwdAccountLockedTime", "nsAccountLock"]),
        Schema::Rfc2307 => wanted.extend(["memberUid", "gidNumber", "pwdAccountLockedTime", "nsAccountLock"]),
    }
    let mut distinct: Vec<String> = Vec::with_capacity(wanted.len());
    for name in wanted {
        if !distinct.iter().any(|held| held.eq_ignore_ascii_case(name)) {
            distinct.push(name.to_owned());
        }
    }
    distinct
}

/// Reads entries as one directory means them.
#[derive(Debug)]
pub struct Decoder {
    pub directory: Directory,
    /// The names of the extra attributes, shared by all people.
    extra: Vec<Arc<str>>,
}

impl Decoder {
    pub fn new(directory: &Directory) -> Decoder {
        let mut extra: Vec<Arc<str>> =
            directory.attributes.extra.iter().map(|name| Arc::from(name.as_str())).collect();
        extra.sort_unstable();
        extra.dedup();
        Decoder { directory: directory.clone(), extra }
    }

    /// Reads an entry.
    pub fn kind(&self, entry: &Entry) -> Kind {
        if is_group(entry) {
            return Kind::Group(group(entry, &self.directory));
        }
        if entry.says("objectClass", "computer") {
            return Kind::Machine;
        }
        if entry.says("objectClass", "foreignSecurityPrincipal") {
            return Kind::Foreign;
        }
        if !self.directory.include_disabled && disabled(entry) {
            return Kind::Disabled;
        }
        let attribute = &self.directory.attributes.id;
        match id(entry, attribute) {
            Some(id) => Kind::Person(self.person(entry, &id)),
            None => Kind::Unusable {
                because: format!("attribute `{attribute}` of `{}` is not readable", entry.dn),
            },
        }
    }

    fn person(&self, entry: &Entry, id: &str) -> Person {
        let names = &self.directory.attributes;
        let attributes = self
            .extra
            .iter()
            .map(|name| Attribute { name: name.clone(), values: entry.texts(name).map(Box::from).collect() })
            .filter(|attribute| !attribute.values.is_empty())
            .collect();
        Person::from(Profile {
            id: id.into(),
            username: entry.text(&names.username).map(Cow::from),
            name: entry.text(&names.name).map(Cow::from),
            emails: entry.texts(&names.email).filter(|text| !text.trim().is_empty()).map(Cow::from).collect(),
            identity: match &self.directory.identity_attribute {
                Some(attribute) => entry.text(attribute).map(Cow::from),
                None => Some(entry.dn.as_str().into()),
            },
            attributes,
        })
    }
}

/// Whether an entry is a group, of whatever schema.
pub fn is_group(entry: &Entry) -> bool {
    entry
        .texts("objectClass")
        .any(|held| GROUP_CLASSES.iter().any(|(class, _)| class.eq_ignore_ascii_case(held)))
}

/// The unchanging key in its usual spelling: a GUID of Active Directory as Microsoft writes it, anything else as it is.
/// `dn` means the name itself, for an export that holds no key.
pub fn id(entry: &Entry, attribute: &str) -> Option<String> {
    if attribute == BY_NAME {
        return Some(entry.dn.clone());
    }
    let value = entry.values(attribute).next()?;
    if attribute.eq_ignore_ascii_case("objectGUID") {
        return value.try_into().ok().map(guid::text);
    }
    let text = std::str::from_utf8(value).ok()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn group(entry: &Entry, directory: &Directory) -> GroupEntry {
    let schema = directory.schema;
    let mut flaw = None;
    let mut members: Vec<Box<str>> = Vec::new();
    for &attribute in member_attributes(schema) {
        if entry.attributes.iter().any(|held| held.is(attribute) && held.range().is_some()) {
            flaw = Some(format!("the server handed out only a part of `{attribute}` of `{}`", entry.dn));
        }
        for value in entry.values(attribute) {
            match std::str::from_utf8(value) {
                Ok(name) if attribute == "uniqueMember" => members.push(without_unique_id(name).into()),
                Ok(name) => members.push(name.into()),
                Err(_) => flaw = Some(format!("`{attribute}` of `{}` holds what is no text", entry.dn)),
            }
        }
    }
    // The empty name is how administrators satisfy a schema that asks for a member; it names nobody.
    let named_nobody = members.is_empty();
    members.retain(|name| !name.trim().is_empty());
    let must_have_members =
        GROUP_CLASSES.iter().any(|&(class, required)| required && entry.says("objectClass", class));
    if named_nobody && must_have_members && flaw.is_none() && !member_attributes(schema).is_empty() {
        flaw = Some(format!("the server shows no member of `{}`, though its kind always has one", entry.dn));
    }
    let usernames = match schema {
        Schema::Rfc2307 => entry.texts("memberUid").map(Box::from).collect(),
        Schema::ActiveDirectory | Schema::Rfc2307bis => Vec::new(),
    };
    GroupEntry {
        group: Group {
            id: id(entry, &directory.attributes.id).unwrap_or_else(|| entry.dn.clone()).into(),
            name: entry.text("cn").unwrap_or(&entry.dn).into(),
        },
        members,
        usernames,
        primary: primary(entry, directory),
        flaw,
    }
}

fn primary(entry: &Entry, directory: &Directory) -> Option<Primary> {
    let (token, attribute, class) = match directory.schema {
        Schema::ActiveDirectory => ("primaryGroupToken", "primaryGroupID", "user"),
        Schema::Rfc2307 => ("gidNumber", "gidNumber", "posixAccount"),
        Schema::Rfc2307bis => return None,
    };
    let value = directory.primary_group.then(|| entry.text(token)).flatten()?;
    Some(Primary { attribute, class, value: value.into() })
}

/// `uid=ada,dc=x#'0101'B` of `uniqueMember` (RFC 4517, section 3.3.21) without its bit string.
fn without_unique_id(name: &str) -> &str {
    match name.rsplit_once('#') {
        Some((dn, bits)) if bits.starts_with('\'') && bits.ends_with("'B") => dn,
        Some(_) | None => name,
    }
}

fn disabled(entry: &Entry) -> bool {
    let control = entry.text("userAccountControl").and_then(|text| text.trim().parse::<i64>().ok());
    control.is_some_and(|flags| flags & ACCOUNT_DISABLED != 0)
        || entry.says("pwdAccountLockedTime", LOCKED_FOR_GOOD)
        || entry.says("nsAccountLock", "TRUE")
}

#[cfg(test)]
mod tests {
    use crate::sources::ldap::config::{AttributeNames, Directory, Schema};
    use crate::sources::ldap::decode::{Decoder, GroupEntry, Kind};
    use crate::sources::ldap::entry::{Entry, EntryAttribute};

    fn directory(schema: Schema) -> Directory {
        Directory {
            schema,
            nested_groups: true,
            primary_group: true,
            include_disabled: false,
            attributes: AttributeNames::of(schema),
            identity_attribute: None,
        }
    }

    fn entry(attributes: &[(&str, &[&str])]) -> Entry {
        let attribute = |(description, values): &(&str, &[&str])| EntryAttribute {
            description: (*description).to_owned(),
            values: values.iter().map(|value| value.as_bytes().to_vec()).collect(),
        };
        Entry { dn: "cn=x,dc=y".to_owned(), attributes: attributes.iter().map(attribute).collect() }
    }

    fn group(schema: Schema, attributes: &[(&str, &[&str])]) -> GroupEntry {
        let Kind::Group(group) = Decoder::new(&directory(schema)).kind(&entry(attributes)) else { panic!() };
        group
    }

    #[test]
    fn a_guid_whose_bytes_are_text_is_still_a_guid() {
        let person = entry(&[("objectGUID", &["0123456789abcdef"]), ("objectClass", &["user"])]);
        let Kind::Person(person) = Decoder::new(&directory(Schema::ActiveDirectory)).kind(&person) else {
            panic!()
        };
        assert_eq!(person.id(), "33323130-3534-3736-3839-616263646566");
    }

    #[test]
    fn accounts_are_disabled_in_three_ways() {
        for (attribute, value) in [
            ("userAccountControl", "514"),
            ("pwdAccountLockedTime", "000001010000Z"),
            ("nsAccountLock", "true"),
        ] {
            let person = entry(&[("objectClass", &["user"]), (attribute, &[value])]);
            assert_eq!(
                Decoder::new(&directory(Schema::Rfc2307bis)).kind(&person),
                Kind::Disabled,
                "{attribute}"
            );
        }
    }

    #[test]
    fn a_lock_that_passes_disables_nobody() {
        let locked = ("pwdAccountLockedTime", &["20260101000000Z"] as &[&str]);
        let person = entry(&[("objectClass", &["person"]), ("entryUUID", &["1"]), locked]);
        assert!(matches!(Decoder::new(&directory(Schema::Rfc2307bis)).kind(&person), Kind::Person(_)));
    }

    #[test]
    fn a_machine_is_no_person() {
        let machine = entry(&[("objectClass", &["top", "person", "user", "computer"])]);
        assert_eq!(Decoder::new(&directory(Schema::ActiveDirectory)).kind(&machine), Kind::Machine);
    }

    #[test]
    fn somebody_of_another_forest_is_foreign() {
        let stand_in =
            entry(&[("objectClass", &["top", "foreignSecurityPrincipal"]), ("objectGUID", &["x"])]);
        assert_eq!(Decoder::new(&directory(Schema::ActiveDirectory)).kind(&stand_in), Kind::Foreign);
    }

    #[test]
    fn the_name_of_nobody_fills_a_group_that_must_have_a_member() {
        let empty = group(Schema::Rfc2307bis, &[("objectClass", &["groupOfNames"]), ("member", &[""])]);
        assert_eq!((empty.members.len(), empty.flaw), (0, None));
        let hidden = group(Schema::Rfc2307bis, &[("objectClass", &["groupOfNames"])]);
        assert!(hidden.flaw.is_some());
        let may_be_empty = group(Schema::ActiveDirectory, &[("objectClass", &["group"])]);
        assert_eq!(may_be_empty.flaw, None);
    }

    #[test]
    fn a_range_left_over_is_a_flaw() {
        let cut = group(
            Schema::ActiveDirectory,
            &[("objectClass", &["group"]), ("member", &[]), ("member;range=0-1", &["cn=a", "cn=b"])],
        );
        assert!(cut.flaw.unwrap().contains("only a part of `member`"));
    }

    #[test]
    fn unique_members_lose_their_bit_string() {
        let names = ["cn=a,dc=y#'0101'B", "cn=#b,dc=y"];
        let unique =
            group(Schema::Rfc2307bis, &[("objectClass", &["groupOfUniqueNames"]), ("uniqueMember", &names)]);
        assert_eq!(unique.members, ["cn=a,dc=y".into(), "cn=#b,dc=y".into()]);
    }

    #[test]
    fn extra_attributes_are_sorted_and_absent_ones_left_out() {
        let mut directory = directory(Schema::Rfc2307bis);
        directory.attributes.extra = ["title", "department", "pager", "title"].map(str::to_owned).to_vec();
        let person = entry(&[("Title", &["b", "a"]), ("department", &["R&D"]), ("entryUUID", &["1"])]);
        let Kind::Person(person) = Decoder::new(&directory).kind(&person) else { panic!() };
        let names: Vec<&str> = person.attributes().iter().map(|attribute| &*attribute.name).collect();
        assert_eq!(names, ["department", "title"]);
        assert_eq!(person.attribute("title"), ["b".into(), "a".into()]);
    }
}
