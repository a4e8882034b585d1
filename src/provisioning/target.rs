//! Where in an entry a path leads: to an attribute of its schema, of an extension, or nowhere that is kept.

use crate::model::roster::EntryKind;
use crate::provisioning::attributes::{ENTERPRISE, core};
use crate::provisioning::resource::is_urn;
use crate::provisioning::schema::Attribute;

/// The way to an attribute or to one of its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The provider's own key.
    ExternalId,
    /// Of the core schema.
    Core(&'static Attribute),
    /// Of the enterprise extension.
    Enterprise(&'static Attribute),
    /// An extension as a whole, by its URN.
    Extension(String),
    /// Of an extension that nobody here knows: kept as it comes.
    Foreign { urn: String, name: String },
    /// `id`, `meta`, `schemas`: nobody may set them.
    ReadOnly(&'static str),
    /// What is not kept.
    Nowhere,
}

const READ_ONLY: [&str; 4] = ["id", "meta", "schemas", "groups"];

impl Target {
    /// `urn` and `name` as a path has them, which parts them at the last colon.
    pub fn of(kind: EntryKind, urn: Option<&str>, name: &str) -> Target {
        let core = core(kind);
        let in_core = || core.attribute(name).map_or(Target::Nowhere, Target::Core);
        let Some(urn) = urn else {
            if name.eq_ignore_ascii_case("externalId") {
                return Target::ExternalId;
            }
            let read_only = READ_ONLY.into_iter().find(|read_only| read_only.eq_ignore_ascii_case(name));
            return read_only.map_or_else(in_core, Target::ReadOnly);
        };
        if urn.eq_ignore_ascii_case(core.urn) {
            return Target::of(kind, None, name);
        }
        if urn.eq_ignore_ascii_case(ENTERPRISE.urn) && kind == EntryKind::Person {
            return ENTERPRISE.attribute(name).map_or(Target::Nowhere, Target::Enterprise);
        }
        let whole = format!("{urn}:{name}");
        if whole.eq_ignore_ascii_case(ENTERPRISE.urn) && kind == EntryKind::Person {
            return Target::Extension(ENTERPRISE.urn.to_owned());
        }
        if whole.eq_ignore_ascii_case(core.urn) {
            return Target::Extension(core.urn.to_owned());
        }
        if !is_urn(urn) || urn.ends_with(':') {
            return Target::Nowhere;
        }
        // The URN of an extension ends with the resource that it extends, which no attribute is named after.
        if name.eq_ignore_ascii_case(core.name) {
            return Target::Extension(whole);
        }
        Target::Foreign { urn: urn.to_owned(), name: name.to_owned() }
    }
}
