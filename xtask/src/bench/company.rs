//! A made-up company: as LDIF, as a GitLab world, and as the configuration that joins them.

use std::fmt::Write as _;

pub(crate) const SUFFIX: &str = "dc=example,dc=test";
pub(crate) const READER: &str = "cn=reader,dc=example,dc=test";
pub(crate) const ADMIN: &str = "cn=admin,dc=example,dc=test";
pub(crate) const PASSWORD: &str = "reader-pw";
pub(crate) const TOKEN: &str = "glpat-benchmark";
pub(crate) const PUSH: &str = "the-token-of-the-provider";

/// Teams; with the divisions they are in and the company above, 200 groups.
const TEAMS: usize = 185;
const DIVISIONS: usize = 14;

/// Each of its people has an account, and two of five of those in groups hold a seat.
pub(crate) struct Company {
    pub(crate) people: usize,
    /// How many of them are in some team. The others are just there.
    pub(crate) in_groups: usize,
}

impl Company {
    /// Overlays do not run in `slapadd`, so that ids come with the entries.
    pub(crate) fn ldif(&self) -> String {
        let mut ldif = String::new();
        let mut entry = |dn: &str, lines: &str| {
            let _ = write!(ldif, "dn: {dn}\n{lines}\n");
        };
        entry(SUFFIX, "objectClass: domain\ndc: example\n");
        for unit in ["people", "others", "groups"] {
            entry(&format!("ou={unit},{SUFFIX}"), &format!("objectClass: organizationalUnit\nou: {unit}\n"));
        }
        let classes = "objectClass: organizationalRole\nobjectClass: simpleSecurityObject";
        entry(READER, &format!("{classes}\ncn: reader\nuserPassword: {PASSWORD}\n"));
        for number in 0..self.people {
            let name = username(number);
            let lines = format!(
                "objectClass: inetOrgPerson\nentryUUID: {}\nuid: {name}\ncn: Person {number}\nsn: {number}\n\
                 mail: {name}@example.test\n",
                uuid(number)
            );
            entry(&self.person_dn(number), &lines);
        }
        for team in 0..TEAMS {
            let members = (team..self.in_groups).step_by(TEAMS).map(|number| self.person_dn(number));
            entry(&group_dn(&format!("team-{team}")), &group(&format!("team-{team}"), team, members));
        }
        for division in 0..DIVISIONS {
            let name = format!("division-{division}");
            let teams = (division..TEAMS).step_by(DIVISIONS).map(|team| group_dn(&format!("team-{team}")));
            entry(&group_dn(&name), &group(&name, TEAMS + division, teams));
        }
        let divisions = (0..DIVISIONS).map(|division| group_dn(&format!("division-{division}")));
        entry(&group_dn("everybody"), &group("everybody", TEAMS + DIVISIONS, divisions));
        ldif
    }

    /// The file that the simulator begins with.
    pub(crate) fn world(&self) -> String {
        let holders: Vec<String> =
            (0..self.holders()).map(|number| format!("{:?}", username(number))).collect();
        let mut world = format!(
            "today = 2026-11-22\n\n[[token]]\nvalue = \"{TOKEN}\"\naccount = \"root\"\nscopes = [\"api\"]\n\n\
             [[purchase]]\nid = 1\nadd_on = \"DUO_ENTERPRISE\"\nquantity = {}\nexpires_on = 2099-12-31\nholders = [{}]\n\n\
             [[account]]\nid = 1\nusername = \"root\"\nadmin = true\n",
            self.in_groups,
            holders.join(", ")
        );
        for number in 0..self.people {
            let (name, dn) = (username(number), self.person_dn(number));
            let _ = write!(
                world,
                "\n[[account]]\nid = {}\nusername = \"{name}\"\nemail = \"{name}@example.test\"\n\
                 identities = [{{ provider = \"ldapmain\", extern_uid = \"{dn}\" }}]\n",
                number + 2
            );
        }
        world
    }

    /// The budget of requests is out of the way: what is measured is the program, not its patience.
    pub(crate) fn configuration(&self, ldap: u16, gitlab: u16) -> String {
        format!(
            "[gitlab]\nurl = \"http://127.0.0.1:{gitlab}\"\ntoken = {{ env = \"BENCH_TOKEN\" }}\n\
             requests_per_minute = 1000000\n\n[ldap.corp]\nurls = [\"ldap://127.0.0.1:{ldap}\"]\n\
             schema = \"rfc2307bis\"\nbase_dn = \"{SUFFIX}\"\n\
             bind = {{ dn = \"{READER}\", password = {{ env = \"BENCH_PASSWORD\" }} }}\nidentity_provider = \"ldapmain\"\n\n\
             [[rule]]\nname = \"everybody\"\nadd_on = \"duo_enterprise\"\ngroups = [\"everybody\"]\n"
        )
    }

    /// The same people, pulled over SCIM.
    pub(crate) fn pulled(&self, scim: u16, gitlab: u16) -> String {
        format!(
            "[gitlab]\nurl = \"http://127.0.0.1:{gitlab}\"\ntoken = {{ env = \"BENCH_TOKEN\" }}\n\
             requests_per_minute = 1000000\n\n[scim.corp]\nurl = \"http://127.0.0.1:{scim}\"\n\
             token = {{ env = \"BENCH_PASSWORD\" }}\nrequests_per_minute = 1000000\n\n\
             [[rule]]\nname = \"everybody\"\nadd_on = \"duo_enterprise\"\ngroups = [\"everybody\"]\n"
        )
    }

    /// The same, of which only what has changed is read, once an apply has read it whole.
    pub(crate) fn incremental(&self, ldap: u16, gitlab: u16) -> String {
        let whole = self.configuration(ldap, gitlab);
        whole.replacen("identity_provider", "incremental = true\nidentity_provider", 1)
    }

    /// The names of so many people, half of them in groups and half in none, as LDIF change records.
    pub(crate) fn renaming(&self, count: usize) -> String {
        let numbers = (0..count).map(|at| if at % 2 == 0 { at } else { self.in_groups + at });
        numbers.fold(String::new(), |mut ldif, number| {
            let dn = self.person_dn(number);
            let _ = write!(ldif, "dn: {dn}\nchangetype: modify\nreplace: cn\ncn: Renamed {number}\n\n");
            ldif
        })
    }

    pub(crate) fn groups_filter(&self) -> String {
        "(objectClass=groupOfNames)".to_owned()
    }

    pub(crate) fn people_filter(&self) -> String {
        "(objectClass=inetOrgPerson)".to_owned()
    }

    /// The version, the purchases, the pages of holders, and of accounts the pages or the lookups, whichever are fewer.
    pub(crate) fn fewest_calls(&self) -> usize {
        const PAGE: usize = 100;
        1 + 1 + self.holders().div_ceil(PAGE) + (self.people + 1).div_ceil(PAGE).min(self.in_groups)
    }

    fn holders(&self) -> usize {
        self.in_groups * 2 / 5
    }

    fn person_dn(&self, number: usize) -> String {
        let unit = if number < self.in_groups { "people" } else { "others" };
        format!("uid={},ou={unit},{SUFFIX}", username(number))
    }
}

fn group(name: &str, number: usize, members: impl Iterator<Item = String>) -> String {
    let id = uuid(0xffff_0000 + number);
    let members: String = members.map(|member| format!("member: {member}\n")).collect();
    format!("objectClass: groupOfNames\nentryUUID: {id}\ncn: {name}\n{members}")
}

fn group_dn(name: &str) -> String {
    format!("cn={name},ou=groups,{SUFFIX}")
}

pub(crate) fn username(number: usize) -> String {
    format!("p{number:06}")
}

fn uuid(number: usize) -> String {
    format!("{number:08x}-0000-4000-8000-000000000000")
}
