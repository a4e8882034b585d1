//! A company as LDIF: people, groups, and the accounts that read them. Ids are derived from names, so that they are the
//! same in every run.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

pub const SUFFIX: &str = "dc=example,dc=test";
pub const PEOPLE: &str = "ou=people,dc=example,dc=test";
pub const GROUPS: &str = "ou=groups,dc=example,dc=test";
pub const SYSTEM: &str = "ou=system,dc=example,dc=test";

/// The entries of a directory, in the order in which `slapadd` takes them.
pub struct Company {
    pub ldif: String,
}

impl Company {
    /// The empty company. `cn=reader` of [`SYSTEM`] may read all of it; its password is `reader-pw`, and so on for
    /// the accounts whose limits `slapd.rs` sets.
    pub fn new() -> Company {
        let mut company = Company { ldif: String::new() };
        company.entry(SUFFIX, &["objectClass: domain", "dc: example"]);
        for unit in ["people", "groups", "system"] {
            let unit_line = format!("ou: {unit}");
            company.entry(&format!("ou={unit},{SUFFIX}"), &["objectClass: organizationalUnit", &unit_line]);
        }
        for account in ["reader", "limited", "slow", "nopage"] {
            let (name, password) = (format!("cn: {account}"), format!("userPassword: {account}-pw"));
            let classes = ["objectClass: organizationalRole", "objectClass: simpleSecurityObject"];
            company.entry(&format!("cn={account},{SYSTEM}"), &[classes[0], classes[1], &name, &password]);
        }
        company
    }

    /// Any entry at all; the id comes with it.
    pub fn entry(&mut self, dn: &str, lines: &[&str]) -> &mut Company {
        writeln!(self.ldif, "dn: {dn}\nentryUUID: {}", uuid(dn)).unwrap();
        let mut lines = lines.to_vec();
        // `slapadd` wants the values of an attribute together.
        lines.sort_by_key(|line| line.split(':').next());
        for line in lines {
            writeln!(self.ldif, "{line}").unwrap();
        }
        self.ldif.push('\n');
        self
    }

    pub fn person(&mut self, uid: &str) -> &mut Company {
        self.person_with(uid, &[])
    }

    pub fn person_with(&mut self, uid: &str, more: &[&str]) -> &mut Company {
        let lines = [format!("uid: {uid}"), format!("cn: The {uid}"), format!("mail: {uid}@example.test")];
        let mut all = vec!["objectClass: inetOrgPerson", "sn: Sur", &lines[0], &lines[1], &lines[2]];
        all.extend(more);
        self.entry(&person_dn(uid), &all)
    }

    /// A `groupOfNames`; members are uids, or DNs where they hold a `=`.
    pub fn group(&mut self, name: &str, members: &[&str]) -> &mut Company {
        let members: Vec<String> = members
            .iter()
            .map(|member| if member.contains('=') { (*member).to_owned() } else { person_dn(member) })
            .map(|member| format!("member: {member}"))
            .collect();
        let name_line = format!("cn: {name}");
        let mut lines = vec!["objectClass: groupOfNames", &name_line];
        lines.extend(members.iter().map(String::as_str));
        self.entry(&group_dn(name), &lines)
    }

    /// People `p000000` and so on, all of them in the group `everyone`, and each fifty in a group `team-00000`.
    pub fn crowd(&mut self, count: usize) -> &mut Company {
        let uids: Vec<String> = (0..count).map(|number| format!("p{number:06}")).collect();
        for uid in &uids {
            self.person(uid);
        }
        let uids: Vec<&str> = uids.iter().map(String::as_str).collect();
        for (number, team) in uids.chunks(50).enumerate() {
            self.group(&format!("team-{number:05}"), team);
        }
        self.group("everyone", &uids)
    }
}

pub fn person_dn(uid: &str) -> String {
    format!("uid={uid},{PEOPLE}")
}

pub fn group_dn(name: &str) -> String {
    format!("cn={name},{GROUPS}")
}

/// The `entryUUID` of a DN.
pub fn uuid(dn: &str) -> String {
    let hex = data_encoding::HEXLOWER.encode(&Sha256::digest(dn)[..16]);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
