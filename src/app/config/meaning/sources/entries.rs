//! What `[ldap.NAME]` and `[ldif.NAME]` have in common means: how the entries of a directory are understood.

use crate::app::config::file::sources::entries::{Attributes, DirectorySchema};
use crate::app::config::reading::Reading;
use crate::app::config::written::Written;
use crate::sources::ldap::config::{AttributeNames, Directory, Schema};

/// What `[ldap.NAME]` and `[ldif.NAME]` have in common.
pub struct DirectoryKeys<'w> {
    pub schema: Option<DirectorySchema>,
    pub nested_groups: Option<bool>,
    pub primary_group: Option<bool>,
    pub include_disabled: Option<bool>,
    pub attributes: Option<&'w Attributes>,
    pub identity_attribute: Option<&'w Written<String>>,
}

/// `None` where something was complained of.
pub fn directory(written: DirectoryKeys<'_>, reading: &mut Reading<'_>) -> Option<Directory> {
    let identity_attribute = reading.text(written.identity_attribute);
    let schema = match written.schema? {
        DirectorySchema::ActiveDirectory => Schema::ActiveDirectory,
        DirectorySchema::Rfc2307bis => Schema::Rfc2307bis,
        DirectorySchema::Rfc2307 => Schema::Rfc2307,
    };
    let mut attributes = AttributeNames::of(schema);
    if let Some(written) = written.attributes {
        let AttributeNames { id, username, email, name, extra } = &mut attributes;
        let named = [
            (id, &written.id),
            (username, &written.username),
            (email, &written.email),
            (name, &written.name),
        ];
        for (attribute, written) in named {
            if let Some(text) = reading.text(written.as_ref()) {
                *attribute = text;
            }
        }
        *extra = written.extra.clone().unwrap_or_default();
    }
    Some(Directory {
        schema,
        nested_groups: written.nested_groups.unwrap_or(true),
        primary_group: written.primary_group.unwrap_or(schema == Schema::ActiveDirectory),
        include_disabled: written.include_disabled.unwrap_or(false),
        attributes,
        identity_attribute,
    })
}
