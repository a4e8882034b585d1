//! What an entry means: a group, a person, or neither. Pure, and the same for a server and a file.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::group::Group;
use crate::model::person::{Attribute, Person, Profile};
use crate::sources::ldap::active_directory::{self, Standing};
use crate::sources::ldap::config::{Directory, Schema};
use crate::sources::ldap::entry::Entry;
use crate::sources::ldap::guid;

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Group(GroupEntry),
    Person(Person),
    /// A disabled or expired account, while those are left out.
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
    /// The DN of a group of Active Directory that shows no member: it is empty, or they are hidden.
    pub blank: Option<Box<str>>,
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
            wanted.extend(["userAccountControl", "accountExpires"]);
            if directory.primary_group {
                wanted.extend(["groupType", "primaryGroupToken", "primaryGroupID"]);
            }
            if has_further_addresses(directory) {
                wanted.extend(["proxyAddresses", "userPrincipalName"]);
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

/// Reads entries as one directory means them, at one time.
#[derive(Debug)]
pub struct Decoder {
    pub directory: Directory,
    now: Timestamp,
    /// Whether whoever made an export chose its attributes: one that is absent there is none that was hidden.
    exported: bool,
    /// The names of the extra attributes, shared by all people.
    extra: Vec<Arc<str>>,
}

impl Decoder {
    /// For what a server shows.
    pub fn new(directory: &Directory, now: Timestamp) -> Decoder {
        let mut extra: Vec<Arc<str>> =
            directory.attributes.extra.iter().map(|name| Arc::from(name.as_str())).collect();
        extra.sort_unstable();
        extra.dedup();
        Decoder { directory: directory.clone(), now, exported: false, extra }
    }

    /// For what is in an export.
    pub fn of_export(directory: &Directory, now: Timestamp) -> Decoder {
        Decoder { exported: true, ..Decoder::new(directory, now) }
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
        if let Some(kind) = self.barred(entry) {
            return kind;
        }
        let attribute = &self.directory.attributes.id;
        match id(entry, attribute) {
            Some(id) => Kind::Person(self.person(entry, &id)),
            None => Kind::Unusable {
                because: format!("attribute `{attribute}` of `{}` is not readable", entry.dn),
            },
        }
    }

    /// What keeps an account from being a person's who may have a seat.
    fn barred(&self, entry: &Entry) -> Option<Kind> {
        let include_disabled = self.directory.include_disabled;
        if self.directory.schema == Schema::ActiveDirectory {
            return match active_directory::standing(entry, self.now) {
                Standing::Machine => Some(Kind::Machine),
                Standing::Disabled | Standing::Expired => (!include_disabled).then_some(Kind::Disabled),
                Standing::Unknown if !include_disabled && !self.exported => Some(Kind::Unusable {
                    because: format!(
                        "attribute `userAccountControl` of `{}` is not readable, so that nobody can tell whether the account \
                         is disabled: let the account of `bind` read it, or set `include_disabled = true`",
                        entry.dn
                    ),
                }),
                Standing::Unknown | Standing::Usable => None,
            };
        }
        (!include_disabled && disabled(entry)).then_some(Kind::Disabled)
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
            emails: self.emails(entry),
            identity: match &self.directory.identity_attribute {
                Some(attribute) => entry.text(attribute).map(Cow::from),
                None => Some(entry.dn.as_str().into()),
            },
            attributes,
        })
    }

    fn emails<'e>(&'e self, entry: &'e Entry) -> Vec<Cow<'e, str>> {
        let own = entry.texts(&self.directory.attributes.email);
        let further = match has_further_addresses(&self.directory) {
            true => active_directory::further_addresses(entry),
            false => Vec::new(),
        };
        let mut emails: Vec<Cow<'_, str>> = Vec::new();
        for address in own.chain(further).filter(|address| !address.trim().is_empty()) {
            if !emails.iter().any(|held| held.eq_ignore_ascii_case(address)) {
                emails.push(address.into());
            }
        }
        emails
    }
}

/// Whether the addresses of Active Directory's other attributes count: not where the configuration names one of its own.
fn has_further_addresses(directory: &Directory) -> bool {
    directory.schema == Schema::ActiveDirectory && directory.attributes.email.eq_ignore_ascii_case("mail")
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
        blank: (schema == Schema::ActiveDirectory && members.is_empty() && flaw.is_none())
            .then(|| entry.dn.as_str().into()),
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
    if directory.schema == Schema::ActiveDirectory && !active_directory::may_be_primary(entry) {
        return None;
    }
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
    control.is_some_and(|flags| flags & active_directory::DISABLED != 0)
        || entry.says("pwdAccountLockedTime", LOCKED_FOR_GOOD)
        || entry.says("nsAccountLock", "TRUE")
}
