//! What `[ldif.NAME]` means.

use crate::app::config::file::sources::entries::DirectorySchema;
use crate::app::config::file::sources::ldif as file;
use crate::app::config::meaning::sources::entries::{DirectoryKeys, directory};
use crate::app::config::meaning::sources::ldap::PROVIDER;
use crate::app::config::meaning::sources::matching::matching;
use crate::app::config::reading::Reading;
use crate::model::person::SourceName;
use crate::model::policy::Matching;
use crate::sources::ldap::config::LdifConfig;

/// How the people of the source are matched, and the source; `None` where something was complained of.
pub fn ldif(
    name: SourceName,
    written: &file::Ldif,
    reading: &mut Reading<'_>,
) -> (Matching, Option<LdifConfig>) {
    let provider = (written.identity_provider.as_ref(), Some(PROVIDER));
    (matching(written.match_by.as_ref(), provider, reading), source(name, written, reading))
}

fn source(name: SourceName, written: &file::Ldif, reading: &mut Reading<'_>) -> Option<LdifConfig> {
    let path = reading.optional_path(written.path.as_ref());
    let directory = directory(
        DirectoryKeys {
            schema: Some(written.schema.unwrap_or(DirectorySchema::Rfc2307bis)),
            nested_groups: written.nested_groups,
            primary_group: written.primary_group,
            include_disabled: written.include_disabled,
            attributes: written.attributes.as_ref(),
            identity_attribute: written.identity_attribute.as_ref(),
        },
        reading,
    );
    Some(LdifConfig { name, path: path?, directory: directory? })
}
