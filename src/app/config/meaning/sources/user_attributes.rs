//! Which attributes of a SCIM user mean what, whether users are pulled or pushed.

use crate::app::config::complaint::Complaint;
use crate::app::config::reading::Reading;
use crate::app::config::written::Written;
use crate::scim_user::attribute_path::AttributePath;
use crate::scim_user::person::UserAttributes;

/// The attributes as written; what is left out has its default.
pub struct WrittenAttributes<'w> {
    pub username: Option<&'w Written<String>>,
    pub email: Option<&'w Written<String>>,
    pub name: Option<&'w Written<String>>,
    pub extra: &'w [Written<String>],
    pub identity: Option<&'w Written<String>>,
}

impl WrittenAttributes<'_> {
    /// `None` where something was complained of.
    pub fn meant(self, reading: &mut Reading<'_>) -> Option<UserAttributes> {
        let username = path(self.username, "userName", reading);
        let email = path(self.email, "emails", reading);
        let name = path(self.name, "displayName", reading);
        let identity = path(self.identity, "externalId", reading);
        let extra = self.extra.iter().filter_map(|written| parsed(written, reading)).collect();
        Some(UserAttributes { username: username?, email: email?, name: name?, extra, identity: identity? })
    }
}

pub fn path(
    written: Option<&Written<String>>,
    default: &str,
    reading: &mut Reading<'_>,
) -> Option<AttributePath> {
    match written {
        Some(written) => parsed(written, reading),
        None => AttributePath::parse(default),
    }
}

fn parsed(written: &Written<String>, reading: &mut Reading<'_>) -> Option<AttributePath> {
    let path = AttributePath::parse(&written.value);
    if path.is_none() {
        let message = format!("`{}` is no attribute of SCIM", written.value);
        reading.complain(Complaint::new(&written.span, message).help(
            "write it as `userName`, `name.formatted`, `emails[type eq \"work\"].value` or `urn:…:User:department`",
        ));
    }
    path
}
