//! Changes an OpenLDAP server as its administrator does.

use std::collections::HashSet;

use ldap3::result::Result as Answer;
use ldap3::{Ldap, LdapConnAsync, LdapResult, Mod, Scope, SearchEntry};

use crate::support::company::{PEOPLE, SUFFIX, person_dn};
use crate::support::slapd::Slapd;

pub(crate) struct Editor {
    ldap: Ldap,
}

impl Editor {
    pub(crate) async fn connect(slapd: &Slapd) -> Editor {
        let (driver, mut ldap) = LdapConnAsync::new(&slapd.url()).await.unwrap();
        tokio::spawn(driver.drive());
        ldap.simple_bind(&format!("cn=admin,{SUFFIX}"), "admin-pw").await.unwrap().success().unwrap();
        Editor { ldap }
    }

    /// The names of all entries that match, in order.
    pub(crate) async fn named(&mut self, filter: &str) -> Vec<String> {
        let (found, _) =
            self.ldap.search(SUFFIX, Scope::Subtree, filter, ["1.1"]).await.unwrap().success().unwrap();
        let mut names: Vec<String> =
            found.into_iter().map(|entry| SearchEntry::construct(entry).dn).collect();
        names.sort_unstable();
        names
    }

    pub(crate) async fn person(&mut self, dn: &str) {
        assert!(self.try_person(dn).await);
    }

    pub(crate) async fn delete(&mut self, dn: &str) {
        assert!(self.try_delete(dn).await);
    }

    pub(crate) async fn rename(&mut self, dn: &str, rdn: &str) {
        assert!(self.try_rename(dn, rdn, None).await);
    }

    pub(crate) async fn replace(&mut self, dn: &str, attribute: &str, values: &[&str]) {
        let values = values.iter().map(ToString::to_string).collect();
        assert!(self.try_modify(dn, Mod::Replace(attribute.to_owned(), values)).await);
    }

    pub(crate) async fn join(&mut self, group: &str, member: &str) {
        assert!(self.try_modify(group, Mod::Add("member".to_owned(), [member.to_owned()].into())).await);
    }

    pub(crate) async fn leave(&mut self, group: &str, member: &str) {
        assert!(self.try_modify(group, Mod::Delete("member".to_owned(), [member.to_owned()].into())).await);
    }

    /// Disables somebody, as slapo-ppolicy(5) has it.
    pub(crate) async fn disable(&mut self, uid: &str) {
        self.replace(&person_dn(uid), "pwdAccountLockedTime", &["000001010000Z"]).await;
    }

    /// Whether the server allowed it; so are all that follow.
    pub(crate) async fn try_person(&mut self, dn: &str) -> bool {
        let uid = dn.split(['=', ',']).nth(1).unwrap();
        let mail = format!("{uid}@example.test");
        let classes = ("objectClass", "inetOrgPerson");
        self.add(dn, &[classes, ("uid", uid), ("cn", uid), ("sn", "Sur"), ("mail", &mail)]).await
    }

    pub(crate) async fn try_group(&mut self, dn: &str, member: &str) -> bool {
        let member = if member.is_empty() { PEOPLE } else { member };
        let name = dn.split(['=', ',']).nth(1).unwrap();
        self.add(dn, &[("objectClass", "groupOfNames"), ("cn", name), ("member", member)]).await
    }

    pub(crate) async fn try_delete(&mut self, dn: &str) -> bool {
        allowed(self.ldap.delete(dn).await)
    }

    /// Renames an entry, and moves it where a new container is given.
    pub(crate) async fn try_rename(&mut self, dn: &str, rdn: &str, container: Option<&str>) -> bool {
        allowed(self.ldap.modifydn(dn, rdn, true, container).await)
    }

    pub(crate) async fn try_modify(&mut self, dn: &str, change: Mod<String>) -> bool {
        allowed(self.ldap.modify(dn, vec![change]).await)
    }

    async fn add(&mut self, dn: &str, attributes: &[(&str, &str)]) -> bool {
        let attributes = attributes.iter().map(|(name, value)| (*name, HashSet::from([*value]))).collect();
        allowed(self.ldap.add(dn, attributes).await)
    }
}

fn allowed(answer: Answer<LdapResult>) -> bool {
    answer.unwrap().success().is_ok()
}
