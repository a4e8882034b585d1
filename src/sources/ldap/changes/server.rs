//! Which server answers, and how it tells what has changed.

use ldap3::Scope;

use crate::model::distinguished_name::DistinguishedName;
use crate::sources::ldap::changes::dirsync::DIRSYNC;
use crate::sources::ldap::changes::syncrepl;
use crate::sources::ldap::config::Schema;
use crate::sources::ldap::connection::{Connection, Failure, Query};
use crate::sources::ldap::entry::Entry;
use crate::sources::ldap::live::ANYTHING;

/// How a server tells what has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Teller {
    /// Active Directory: for one domain at a time.
    DirSync,
    /// RFC 4533.
    ContentSync,
}

/// What the root of a server says of it (RFC 4512, section 5.1).
#[derive(Debug)]
pub struct Server {
    /// A domain controller by its own name, since several answer to one URL; any other by its URL.
    pub name: String,
    /// `None` where it tells no changes.
    pub teller: Option<Teller>,
    naming_contexts: Vec<DistinguishedName>,
}

impl Server {
    pub async fn ask(connection: &Connection, schema: Schema) -> Result<Server, Failure> {
        let attributes = ["supportedControl", "namingContexts", "dsServiceName"].map(str::to_owned);
        let query = Query { base: "", scope: Scope::Base, filter: ANYTHING, attributes: &attributes };
        let mut root = Entry::default();
        connection.search(query, |entry| root = entry).await?;
        Ok(Server::told(&root, connection.url.as_str(), schema))
    }

    fn told(root: &Entry, url: &str, schema: Schema) -> Server {
        let teller = match schema {
            Schema::ActiveDirectory if root.says("supportedControl", DIRSYNC) => Some(Teller::DirSync),
            Schema::ActiveDirectory | Schema::Rfc2307bis | Schema::Rfc2307 => {
                root.says("supportedControl", syncrepl::REQUEST).then_some(Teller::ContentSync)
            }
        };
        Server {
            name: root.text("dsServiceName").unwrap_or(url).to_owned(),
            teller,
            naming_contexts: root.texts("namingContexts").filter_map(DistinguishedName::parse).collect(),
        }
    }

    /// The head of the partition that a base lies in: DirSync takes no other base. `None` where there is none.
    pub fn partition(&self, base: &DistinguishedName) -> Option<&DistinguishedName> {
        let around = self.naming_contexts.iter().filter(|context| base.is_within(context));
        around.max_by_key(|context| context.as_str().len())
    }
}

#[cfg(test)]
mod tests {
    use crate::model::distinguished_name::DistinguishedName;
    use crate::sources::ldap::changes::server::{Server, Teller};
    use crate::sources::ldap::config::Schema;
    use crate::sources::ldap::entry::{Entry, EntryAttribute};

    fn root(controls: &[&str]) -> Entry {
        let attribute = |description: &str, values: &[&str]| EntryAttribute {
            description: description.to_owned(),
            values: values.iter().map(|value| value.as_bytes().to_vec()).collect(),
        };
        let contexts = ["DC=x", "CN=Configuration,DC=x", "DC=sub,DC=x"];
        Entry {
            dn: String::new(),
            attributes: vec![attribute("supportedControl", controls), attribute("namingContexts", &contexts)],
        }
    }

    #[test]
    fn the_innermost_partition_holds_a_base() {
        let server = Server::told(&root(&[]), "ldap://x", Schema::ActiveDirectory);
        let partition = |base: &str| {
            server.partition(&DistinguishedName::parse(base).unwrap()).map(DistinguishedName::as_str)
        };
        assert_eq!(partition("OU=a,DC=sub,DC=x"), Some("dc=sub,dc=x"));
        assert_eq!(partition("OU=a,DC=x"), Some("dc=x"));
        assert_eq!(partition("DC=other"), None);
    }

    #[test]
    fn how_changes_are_told_depends_on_schema_and_server() {
        let both = root(&["1.2.840.113556.1.4.841", "1.3.6.1.4.1.4203.1.9.1.1"]);
        let teller = |root: &Entry, schema| Server::told(root, "ldap://x", schema).teller;
        assert_eq!(teller(&both, Schema::ActiveDirectory), Some(Teller::DirSync));
        assert_eq!(teller(&both, Schema::Rfc2307bis), Some(Teller::ContentSync));
        assert_eq!(teller(&root(&["1.2.840.113556.1.4.319"]), Schema::Rfc2307), None);
    }
}
