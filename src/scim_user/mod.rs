//! A user as SCIM describes one (RFC 7643, section 4.1), whoever brings it, and the person that it makes; pure.

pub mod attribute_path;
pub mod body;
pub mod folded;
pub mod person;
