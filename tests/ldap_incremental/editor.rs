//! Changes an OpenLDAP server as its administrator does.

use std::collections::HashSet;

use ldap3::{Ldap, LdapConnAsync, Mod};

use crate::support::company::{SUFFIX, person_dn};
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

    pub(crate) async fn add(&mut self, dn: &str, attributes: &[(&str, &[&str])]) {
        let attributes = attributes
            .iter()
            .map(|(name, values)| (*name, values.iter().copied().collect::<HashSet<&str>>()))
            .collect();
        self.ldap.add(dn, attributes).await.unwrap().success().unwrap();
    }

    pub(crate) async fn person(&mut self, dn: &str) {
        let uid = dn.split(['=', ',']).nth(1).unwrap();
        let mail = format!("{uid}@example.test");
        let classes = ("objectClass", &["inetOrgPerson"] as &[&str]);
        self.add(dn, &[classes, ("uid", &[uid]), ("cn", &[uid]), ("sn", &["Sur"]), ("mail", &[&mail])]).await;
    }

    pub(crate) async fn delete(&mut self, dn: &str) {
        self.ldap.delete(dn).await.unwrap().success().unwrap();
    }

    /// Renames an entry, and moves it where a new container is given.
    pub(crate) async fn rename(&mut self, dn: &str, rdn: &str, container: Option<&str>) {
        self.ldap.modifydn(dn, rdn, true, container).await.unwrap().success().unwrap();
    }

    pub(crate) async fn replace(&mut self, dn: &str, attribute: &str, values: &[&str]) {
        let values = values.iter().copied().collect();
        self.modify(dn, Mod::Replace(attribute, values)).await;
    }

    pub(crate) async fn join(&mut self, group: &str, member: &str) {
        self.modify(group, Mod::Add("member", [member].into())).await;
    }

    pub(crate) async fn leave(&mut self, group: &str, member: &str) {
        self.modify(group, Mod::Delete("member", [member].into())).await;
    }

    /// One modification, which may change nothing.
    pub(crate) async fn try_modify(&mut self, dn: &str, change: Mod<&str>) -> bool {
        self.ldap.modify(dn, vec![change]).await.unwrap().success().is_ok()
    }

    async fn modify(&mut self, dn: &str, change: Mod<&str>) {
        self.ldap.modify(dn, vec![change]).await.unwrap().success().unwrap();
    }

    /// Disables somebody, as slapo-ppolicy(5) has it.
    pub(crate) async fn disable(&mut self, uid: &str) {
        self.replace(&person_dn(uid), "pwdAccountLockedTime", &["000001010000Z"]).await;
    }
}
