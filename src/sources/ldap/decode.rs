//! What an entry means: a group, a person, or neither. Pure, and the same for a server and a file.

use std::sync::Arc;

use crate::model::group::Group;
use crate::model::person::{Attribute, Person, PersonId};
use crate::sources::ldap::config::{Directory, Schema};
use crate::sources::ldap::entry::Entry;

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Group(GroupEntry),
    Person(Person),
    /// A disabled account, while those are left out.
    Disabled,
    /// A machine: no person, though Active Directory's schema derives it from one.
    Machine,
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
        Person {
            id: PersonId::new(id),
            username: entry.text(&names.username).map(Box::from),
            name: entry.text(&names.name).map(Box::from),
            emails: entry.texts(&names.email).filter(|text| !text.trim().is_empty()).map(Box::from).collect(),
            identity: match &self.directory.identity_attribute {
                Some(attribute) => entry.text(attribute).map(Box::from),
                None => Some(entry.dn.as_str().into()),
            },
            attributes,
        }
    }
}

/// Whether an entry is a group, of whatever schema.
pub fn is_group(entry: &Entry) -> bool {
    entry
        .texts("objectClass")
        .any(|held| GROUP_CLASSES.iter().any(|(class, _)| class.eq_ignore_ascii_case(held)))
}

/// The unchanging key in its usual spelling: a GUID of Active Directory as Microsoft writes it, anything else as it is.
pub fn id(entry: &Entry, attribute: &str) -> Option<String> {
    let value = entry.values(attribute).next()?;
    if attribute.eq_ignore_ascii_case("objectGUID") && value.len() == 16 {
        return Some(guid_text(value));
    }
    let text = std::str::from_utf8(value).ok()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The bytes of a GUID as Active Directory stores it: its first three fields are little-endian (MS-DTYP 2.3.4.2).
/// `None` where the text is no GUID.
pub fn guid_bytes(text: &str) -> Option<[u8; 16]> {
    let digits: String = text.trim_matches(['{', '}']).chars().filter(|&c| c != '-').collect();
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()?;
    let bytes: [u8; 16] = bytes.try_into().ok()?;
    Some(GUID_ORDER.map(|at| bytes[at]))
}

/// Where each byte of the text form lies in the stored form, and the other way round.
const GUID_ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

fn guid_text(stored: &[u8]) -> String {
    let hex = data_encoding::HEXLOWER.encode(&GUID_ORDER.map(|at| stored[at]));
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
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
