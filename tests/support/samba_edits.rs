//! What administrators do to an Active Directory while nobody looks: each edit is made over LDAP, as they make it.

use std::collections::HashSet;
use std::sync::Arc;
use std::thread;

use ldap3::controls::RawControl;
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, LdapResult, Mod, Scope, SearchEntry};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use seatsync::sources::ldap::guid;

use crate::support::samba::{Samba, group_dn, person_dn};

/// An attribute or an object is gone for good without it (MS-ADTS 3.1.1.3.4.1.14, `LDAP_SERVER_SHOW_DELETED_OID`).
const SHOW_DELETED: &str = "1.2.840.113556.1.4.417";

/// `userAccountControl` of a usual account without a password, and of one that is disabled.
const ENABLED: &str = "544";
const DISABLED: &str = "546";

impl Samba {
    /// Adds a person like the others, whose account is on.
    pub fn add_person(&self, name: &str) {
        self.add_person_at(&person_dn(name), name);
    }

    /// Adds a person anywhere.
    pub fn add_person_at(&self, dn: &str, name: &str) {
        let (mail, principal) = (format!("{name}@example.test"), format!("{name}@corp.example.test"));
        self.add(
            dn,
            &[
                ("objectClass", "user"),
                ("sAMAccountName", name),
                ("displayName", &format!("The {name}")),
                ("mail", &mail),
                ("userPrincipalName", &principal),
                ("userAccountControl", ENABLED),
            ],
        );
    }

    /// Adds a global security group; members are names of people, or DNs where they hold a `=`.
    pub fn add_group(&self, name: &str, members: &[&str]) {
        self.add(
            &group_dn(name),
            &[("objectClass", "group"), ("sAMAccountName", name), ("groupType", "-2147483646")],
        );
        members.iter().for_each(|member| self.join(member, name));
    }

    pub fn add(&self, dn: &str, attributes: &[(&str, &str)]) {
        let mut collected: Vec<(String, HashSet<String>)> = Vec::new();
        for (name, value) in attributes {
            match collected.iter_mut().find(|(held, _)| held == name) {
                Some((_, values)) => {
                    values.insert((*value).to_owned());
                }
                None => collected.push(((*name).to_owned(), HashSet::from([(*value).to_owned()]))),
            }
        }
        let dn = dn.to_owned();
        self.edit(async move |ldap| ldap.add(&dn, collected).await);
    }

    /// Puts a member, a person's name or a DN, in a group.
    pub fn join(&self, member: &str, group: &str) {
        self.modify(&group_dn(group), Mod::Add("member".to_owned(), HashSet::from([dn_of(member)])));
    }

    pub fn leave(&self, member: &str, group: &str) {
        self.modify(&group_dn(group), Mod::Delete("member".to_owned(), HashSet::from([dn_of(member)])));
    }

    /// Takes every member out of a group.
    pub fn empty(&self, group: &str) {
        self.set(&group_dn(group), "member", &[]);
    }

    pub fn disable(&self, person: &str) {
        self.set(&person_dn(person), "userAccountControl", &[DISABLED]);
    }

    pub fn enable(&self, person: &str) {
        self.set(&person_dn(person), "userAccountControl", &[ENABLED]);
    }

    /// Replaces all values of an attribute; none of them removes it.
    pub fn set(&self, dn: &str, attribute: &str, values: &[&str]) {
        let values = values.iter().map(ToString::to_string).collect();
        self.modify(dn, Mod::Replace(attribute.to_owned(), values));
    }

    pub fn modify(&self, dn: &str, change: Mod<String>) {
        let dn = dn.to_owned();
        self.edit(async move |ldap| ldap.modify(&dn, vec![change]).await);
    }

    /// Gives an object another name (`CN=new`), where it is or below another parent.
    pub fn rename(&self, dn: &str, name: &str, parent: Option<&str>) {
        let (dn, name, parent) = (dn.to_owned(), name.to_owned(), parent.map(str::to_owned));
        self.edit(async move |ldap| ldap.modifydn(&dn, &name, true, parent.as_deref()).await);
    }

    /// Deletes an object; a tombstone stays.
    pub fn delete(&self, dn: &str) {
        let dn = dn.to_owned();
        self.edit(async move |ldap| ldap.delete(&dn).await);
    }

    /// Binds with a wrong password, as often as that.
    pub fn guess_password(&self, person: &str, times: u32) {
        let who = format!("{person}@corp.example.test");
        for _ in 0..times {
            let who = who.clone();
            let bound = self.talk(async move |ldap| ldap.simple_bind(&who, "wrong").await.unwrap());
            assert_eq!(bound.rc, 49);
        }
    }

    /// The `objectGUID` of an object, as Microsoft writes it.
    pub fn guid(&self, dn: &str) -> String {
        let bytes = self.values(dn, "objectGUID").pop().unwrap();
        guid::text(&bytes.try_into().unwrap())
    }

    /// What an administrator reads of an attribute, deleted objects included.
    pub fn values(&self, dn: &str, attribute: &str) -> Vec<Vec<u8>> {
        let (dn, attribute) = (dn.to_owned(), attribute.to_owned());
        self.talk(async move |ldap| {
            administrator(ldap).await;
            ldap.with_controls(RawControl { ctype: SHOW_DELETED.to_owned(), crit: true, val: None });
            let searched = ldap.search(&dn, Scope::Base, "(objectClass=*)", [&attribute]).await.unwrap();
            let (found, _) = searched.success().unwrap();
            let entry = SearchEntry::construct(found.into_iter().next().unwrap());
            let text = entry.attrs.into_values().flatten().map(String::into_bytes);
            text.chain(entry.bin_attrs.into_values().flatten()).collect()
        })
    }

    fn edit(&self, how: impl AsyncFnOnce(&mut Ldap) -> ldap3::result::Result<LdapResult> + Send + 'static) {
        self.talk(async move |ldap| {
            administrator(ldap).await;
            how(ldap).await.unwrap().success().unwrap();
        });
    }

    /// Talks to it, in a thread of its own: the caller may be in a runtime already.
    fn talk<T: Send + 'static>(&self, what: impl AsyncFnOnce(&mut Ldap) -> T + Send + 'static) -> T {
        let url = self.tls_url();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.file("ca.pem")).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let tls = Arc::new(tls.with_root_certificates(roots).with_no_client_auth());
        let talking = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let settings = LdapConnSettings::new().set_config(tls);
                let (connection, mut ldap) = LdapConnAsync::with_settings(settings, &url).await.unwrap();
                tokio::spawn(connection.drive());
                what(&mut ldap).await
            })
        });
        talking.join().unwrap()
    }
}

/// A person's DN by name, or the DN that it is.
fn dn_of(name: &str) -> String {
    if name.contains('=') { name.to_owned() } else { person_dn(name) }
}

async fn administrator(ldap: &mut Ldap) {
    let bound = ldap.simple_bind("administrator@corp.example.test", "Passw0rd.Admin").await;
    bound.unwrap().success().unwrap();
}
