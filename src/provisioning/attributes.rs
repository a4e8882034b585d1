//! The attributes that are kept of people and groups (RFC 7643, section 4).

use crate::model::roster::EntryKind;
use crate::provisioning::schema::{Attribute, Kind, Schema};

pub const USER: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:User",
    name: "User",
    about: "A person",
    attributes: OF_USER,
};

pub const ENTERPRISE: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    name: "EnterpriseUser",
    about: "A person in a company",
    attributes: OF_ENTERPRISE,
};

pub const GROUP: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:Group",
    name: "Group",
    about: "A group of people",
    attributes: OF_GROUP,
};

/// The schema of an entry, less its extensions.
pub fn core(kind: EntryKind) -> &'static Schema {
    match kind {
        EntryKind::Person => &USER,
        EntryKind::Group => &GROUP,
    }
}

const OF_USER: &[Attribute] = &[
    Attribute { unique: true, ..Attribute::text("userName", "What the person signs in with").required() },
    Attribute::parts("name", NAME, "The parts of the person's name"),
    Attribute::text("displayName", "The name to show"),
    Attribute::text("nickName", "What the person is called"),
    Attribute::text("title", "Such as Vice President"),
    Attribute::text("userType", "Such as Contractor or Employee"),
    Attribute::text("preferredLanguage", "Such as en-US"),
    Attribute::text("locale", "For currencies and dates, such as de-CH"),
    Attribute::text("timezone", "Such as Europe/Zurich"),
    Attribute::truth("active", "Who is not is entitled to nothing"),
    Attribute::many("emails", VALUES, "Mail addresses"),
    Attribute::many("phoneNumbers", VALUES, "Telephone numbers"),
    Attribute::many("addresses", ADDRESS, "Postal addresses"),
    Attribute::many("entitlements", VALUES, "What the person may do"),
    Attribute::many("roles", VALUES, "What the person is"),
];

const OF_ENTERPRISE: &[Attribute] = &[
    Attribute::text("employeeNumber", "The number of the person in the company"),
    Attribute::text("costCenter", "The cost centre"),
    Attribute::text("organization", "The organization"),
    Attribute::text("division", "The division"),
    Attribute::text("department", "The department"),
    Attribute::parts("manager", MANAGER, "Whom the person reports to"),
];

const OF_GROUP: &[Attribute] = &[
    Attribute::text("displayName", "The name of the group").required(),
    Attribute::many("members", MEMBER, "Who is in the group"),
];

const NAME: &[Attribute] = &[
    Attribute::text("formatted", "The whole name"),
    Attribute::text("familyName", "The family name"),
    Attribute::text("givenName", "The given name"),
    Attribute::text("middleName", "The middle name"),
    Attribute::text("honorificPrefix", "Such as Ms."),
    Attribute::text("honorificSuffix", "Such as III"),
];

/// What multi-valued attributes have in common (RFC 7643, section 2.4).
const VALUES: &[Attribute] = &[
    Attribute::text("value", "The value"),
    Attribute::text("display", "The value to show"),
    Attribute::text("type", "What kind it is, such as work"),
    Attribute::truth("primary", "Whether it is the one to use"),
];

const ADDRESS: &[Attribute] = &[
    Attribute::text("formatted", "The whole address"),
    Attribute::text("streetAddress", "The street and house"),
    Attribute::text("locality", "The city"),
    Attribute::text("region", "The state or region"),
    Attribute::text("postalCode", "The postal code"),
    Attribute::text("country", "The country"),
    Attribute::text("type", "What kind it is, such as work"),
    Attribute::truth("primary", "Whether it is the one to use"),
];

const MANAGER: &[Attribute] = &[
    Attribute { exact: true, ..Attribute::text("value", "The id of the manager") },
    Attribute {
        exact: true,
        kind: Kind::Reference(&["User"]),
        ..Attribute::text("$ref", "Where the manager is")
    },
];

const MEMBER: &[Attribute] = &[
    Attribute { exact: true, mutability: "immutable", ..Attribute::text("value", "The id of the member") },
    Attribute {
        exact: true,
        kind: Kind::Reference(&["User", "Group"]),
        mutability: "readOnly",
        ..Attribute::text("$ref", "Where the member is")
    },
    Attribute { mutability: "readOnly", ..Attribute::text("type", "User or Group") },
];
