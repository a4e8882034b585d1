//! The digest of an observation: whoever keeps what was read can show later that a run saw just this.

use sha2::{Digest as _, Sha256};

use crate::model::account::Standing;
use crate::model::group::GroupRef;
use crate::model::snapshot::{Coverage, GroupState, Snapshot};
use crate::planning::input::PlanningInput;

/// `sha256:` over what the sources and GitLab told; not over what is remembered, nor the time. The order in which it was read
/// does not matter.
pub fn digest(input: &PlanningInput) -> String {
    let mut page = Page(Sha256::new());
    let mut snapshots: Vec<&Snapshot> = input.snapshots.iter().collect();
    snapshots.sort_by(|a, b| a.source.cmp(&b.source));
    for snapshot in snapshots {
        page.snapshot(snapshot, input);
    }
    let mut purchases: Vec<_> = input.seats.purchases.iter().collect();
    purchases.sort_by_key(|reading| reading.purchase.add_on);
    for reading in purchases {
        let purchase = &reading.purchase;
        page.field("purchase", [&*purchase.id.0, &purchase.purchased.to_string()]);
        reading.holders.iter().for_each(|holder| page.field("holder", [&holder.to_string()]));
    }
    let mut accounts: Vec<_> = input.accounts.iter().chain(&input.seats.holders).collect();
    accounts.sort_by_key(|account| (account.id, account.emails().count()));
    for account in accounts {
        let standing = match &account.standing {
            Standing::Eligible => "eligible",
            Standing::Inactive { state } => state,
            Standing::Bot => "bot",
            Standing::NotAMember => "not_a_member",
        };
        page.field("account", [&account.id.to_string(), account.username(), standing]);
        account.emails().for_each(|email| page.field("email", [email]));
    }
    format!("sha256:{}", data_encoding::HEXLOWER.encode(&page.0.finalize()))
}

struct Page(Sha256);

impl Page {
    /// Lengths keep the parts apart, whatever is in them.
    fn field<'a>(
        &mut self,
        name: &str,
        parts: impl IntoIterator<Item = &'a (impl AsRef<str> + ?Sized + 'a)>,
    ) {
        self.part(name);
        parts.into_iter().for_each(|part| self.part(part.as_ref()));
    }

    fn part(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text);
    }

    fn coverage(&mut self, coverage: &Coverage) {
        match coverage {
            Coverage::Complete => self.part("complete"),
            Coverage::Partial { because } => self.field("partial", [because]),
        }
    }

    fn outsiders(&mut self, snapshot: &Snapshot, group: &GroupRef, input: &PlanningInput) {
        let mut guests: Vec<(&str, &str)> = snapshot
            .guests_of(group)
            .filter_map(|guest| {
                let person = input.snapshot(&guest.home)?.people.get(guest.member.person as usize)?;
                Some((guest.home.as_str(), person.id()))
            })
            .collect();
        guests.sort_unstable();
        guests.into_iter().for_each(|(home, id)| self.field("guest", [home, id]));
        let of_group = snapshot.strangers.iter().filter(|stranger| stranger.group == *group);
        let mut names: Vec<&str> = of_group.map(|stranger| &*stranger.name).collect();
        names.sort_unstable();
        self.field("strangers", names);
    }

    fn snapshot(&mut self, snapshot: &Snapshot, input: &PlanningInput) {
        self.field("source", [snapshot.source.as_str(), snapshot.kind.key()]);
        self.coverage(&snapshot.reading);
        let mut people: Vec<_> = snapshot.people.iter().collect();
        people.sort_by(|a, b| a.id().cmp(b.id()));
        for person in people {
            self.field("person", [person.id(), person.username().unwrap_or_default()]);
            person.emails().for_each(|email| self.field("email", [email]));
            self.field("identity", [person.identity().unwrap_or_default()]);
            for attribute in person.attributes() {
                self.field("attribute", [&attribute.name]);
                self.field("values", &attribute.values);
            }
        }
        if !snapshot.doubtful.is_empty() {
            let doubtful = snapshot.doubtful.iter();
            let ids = doubtful.filter_map(|member| snapshot.people.get(member.person as usize));
            let mut ids: Vec<&str> = ids.map(|person| person.id()).collect();
            ids.sort_unstable();
            self.field("doubtful", ids);
        }
        let mut groups: Vec<_> = snapshot.groups.iter().collect();
        groups.sort_by(|a, b| a.reference.cmp(&b.reference));
        for reading in groups {
            match &reading.reference {
                GroupRef::Name(name) => self.field("name", [&**name]),
                GroupRef::Dn(dn) => self.field("dn", [&dn.to_string()]),
                GroupRef::Id(id) => self.field("id", [&**id]),
            }
            match &reading.state {
                GroupState::Found { group, members, coverage } => {
                    self.field("found", [&*group.id]);
                    self.coverage(coverage);
                    let ids = members.iter().filter_map(|member| snapshot.people.get(member.person as usize));
                    let mut ids: Vec<&str> = ids.map(|person| person.id()).collect();
                    ids.sort_unstable();
                    self.field("members", ids);
                    self.outsiders(snapshot, &reading.reference, input);
                }
                GroupState::Missing => self.part("missing"),
                GroupState::Ambiguous { candidates } => self.field("ambiguous", candidates),
                GroupState::Unread { because } => self.field("unread", [because]),
            }
        }
    }
}
