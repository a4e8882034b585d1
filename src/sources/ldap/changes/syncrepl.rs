//! Content synchronisation (RFC 4533): what its messages say, gathered into news. Pure.

use std::collections::HashSet;

use lber::structure::{PL, StructureTag};
use ldap3::controls::{RawControl, SyncRequest};

use crate::model::distinguished_name::DistinguishedName;
use crate::sources::ldap::changes::key::Key;
use crate::sources::ldap::changes::news::News;
use crate::sources::ldap::entry::Entry;
use crate::sources::ldap::wire::{constructed, primitive};

/// The control by which a search asks for changes, and by which a server says that it can tell them.
pub const REQUEST: &str = "1.3.6.1.4.1.4203.1.9.1.1";
const STATE: &str = "1.3.6.1.4.1.4203.1.9.1.2";
const DONE: &str = "1.3.6.1.4.1.4203.1.9.1.3";
const INFO: &[u8] = b"1.3.6.1.4.1.4203.1.9.1.4";

/// The values of `state` in a Sync State Control.
const PRESENT: u8 = 0;
const DELETE: u8 = 3;

/// The tags of a Sync Info Message.
const REFRESH_PRESENT: u64 = 2;
const ID_SET: u64 = 3;

/// Asks for everything since a cookie. It is critical: a server that knows nothing of it is not to answer an ordinary
/// search instead.
pub fn request(cookie: Option<&[u8]>) -> RawControl {
    let asked = SyncRequest { cookie: cookie.map(<[u8]>::to_vec), ..SyncRequest::default() };
    RawControl { crit: true, ..asked.into() }
}

/// A refresh under way. Each part answers `None` where it is malformed.
#[derive(Debug, Default)]
pub struct Refresh {
    news: News,
    present: HashSet<Key>,
    lists_present: bool,
}

impl Refresh {
    /// An entry with its Sync State Control.
    pub fn entry(&mut self, entry: &Entry, controls: &[RawControl], username: &str) -> Option<()> {
        let mut parts = constructed(value(controls, STATE)?)?.into_iter();
        let state = primitive(parts.next()?)?;
        let key = Key::stored(&primitive(parts.next()?)?)?;
        match *state.last()? {
            PRESENT => {
                self.present.insert(key);
            }
            DELETE => {
                self.news.touched.insert(key, None);
            }
            _ => {
                self.news.touched.insert(key, Some(DistinguishedName::parse(&entry.dn)?));
                self.news.usernames.extend(entry.texts(username).map(str::to_lowercase));
            }
        }
        Some(())
    }

    /// An intermediate response: a Sync Info Message, or one that is none of ours.
    pub fn intermediate(&mut self, message: StructureTag) -> Option<()> {
        let mut parts = constructed(message)?.into_iter();
        if parts.next().and_then(primitive).is_none_or(|name| name != INFO) {
            return Some(());
        }
        let (_, info) = lber::parse::parse_tag(&primitive(parts.next()?)?).ok()?;
        self.lists_present |= info.id == REFRESH_PRESENT;
        if info.id != ID_SET {
            return Some(());
        }
        let mut deleted = false;
        for part in constructed(info)? {
            match part.payload {
                PL::C(keys) => {
                    for key in keys {
                        let key = Key::stored(&primitive(key)?)?;
                        if deleted {
                            self.news.touched.insert(key, None);
                        } else {
                            self.present.insert(key);
                        }
                    }
                }
                PL::P(bytes) if part.id == BOOLEAN => deleted = bytes.first().is_some_and(|&byte| byte != 0),
                PL::P(_) => {}
            }
        }
        Some(())
    }

    /// The Sync Done Control, with which it ends, and the cookie of the next one. A server that has nothing to tell gives
    /// none: the old one stays good.
    pub fn done(mut self, controls: &[RawControl], before: Option<&[u8]>) -> Option<(News, Option<Vec<u8>>)> {
        let (mut cookie, mut deletes_were_told) = (None, false);
        for part in constructed(value(controls, DONE)?)? {
            if part.id == BOOLEAN {
                deletes_were_told = primitive(part)?.first().is_some_and(|&byte| byte != 0);
            } else {
                cookie = Some(primitive(part)?);
            }
        }
        self.lists_present |= !deletes_were_told;
        let same = cookie.is_none() || cookie.as_deref() == before;
        self.news.untouched = same && self.news.touched.is_empty() && self.present.is_empty();
        self.news.present = (self.lists_present && !self.news.untouched).then_some(self.present);
        Some((self.news, cookie))
    }
}

const BOOLEAN: u64 = 1;

fn value(controls: &[RawControl], kind: &str) -> Option<StructureTag> {
    let value = controls.iter().find(|control| control.ctype == kind)?.val.as_deref()?;
    lber::parse::parse_tag(value).ok().map(|(_, tag)| tag)
}

#[cfg(test)]
mod tests {
    use lber::structure::StructureTag;
    use ldap3::controls::RawControl;

    use crate::sources::ldap::changes::key::Key;
    use crate::sources::ldap::changes::syncrepl::{DONE, INFO, Refresh, STATE, request};
    use crate::sources::ldap::entry::Entry;

    fn control(kind: &str, value: &[u8]) -> RawControl {
        RawControl { ctype: kind.to_owned(), crit: false, val: Some(value.to_vec()) }
    }

    /// `SEQUENCE { ENUMERATED state, OCTET STRING key }`.
    fn state(state: u8, key: u8) -> RawControl {
        let mut value = vec![0x30, 21, 0x0a, 1, state, 0x04, 16];
        value.extend([key; 16]);
        control(STATE, &value)
    }

    /// A Sync Id Set of one key.
    fn id_set(deletes: bool, key: u8) -> StructureTag {
        let mut set = vec![0xa3, 23];
        set.extend([0x01, 1, if deletes { 0xff } else { 0 }, 0x31, 18, 0x04, 16]);
        set.extend([key; 16]);
        let name = u8::try_from(INFO.len()).unwrap();
        let mut message = vec![0x79, 2 + name + 2 + 25, 0x80, name];
        message.extend(INFO);
        message.extend([0x81, 25]);
        message.extend(set);
        lber::parse::parse_tag(&message).unwrap().1
    }

    fn entry(uid: &str) -> Entry {
        Entry { dn: format!("uid={uid},dc=x"), attributes: Vec::new() }
    }

    #[test]
    fn changes_and_deletions_are_gathered() {
        let mut refresh = Refresh::default();
        refresh.entry(&entry("ada"), &[state(2, 1)], "uid").unwrap();
        refresh.entry(&entry("bob"), &[state(3, 2)], "uid").unwrap();
        refresh.intermediate(id_set(true, 3)).unwrap();
        let done = [control(DONE, &[0x30, 6, 0x04, 1, b'c', 0x01, 1, 0xff])];
        let (news, cookie) = refresh.done(&done, Some(b"b")).unwrap();
        assert_eq!(cookie.unwrap(), b"c");
        assert!(news.touched[&Key([1; 16])].is_some());
        assert!(news.touched[&Key([2; 16])].is_none());
        assert!(news.touched[&Key([3; 16])].is_none());
        assert_eq!((news.present, news.untouched), (None, false));
    }

    #[test]
    fn without_word_of_deletions_those_listed_are_all_there_is() {
        let mut refresh = Refresh::default();
        refresh.intermediate(id_set(false, 3)).unwrap();
        let (news, _) = refresh.done(&[control(DONE, &[0x30, 3, 0x04, 1, b'c'])], Some(b"b")).unwrap();
        assert_eq!(news.present, Some([Key([3; 16])].into()));
        // A cookie that moved with nobody listed: nobody is left.
        let (news, _) =
            Refresh::default().done(&[control(DONE, &[0x30, 3, 0x04, 1, b'c'])], Some(b"b")).unwrap();
        assert_eq!((news.present, news.untouched), (Some([].into()), false));
    }

    #[test]
    fn an_end_without_a_cookie_changes_nothing() {
        let (news, cookie) =
            Refresh::default().done(&[control(DONE, &[0x30, 3, 0x01, 1, 0xff])], Some(b"b")).unwrap();
        assert_eq!((news.untouched, news.present, cookie), (true, None, None));
    }

    #[test]
    fn what_is_malformed_or_missing_is_no_answer() {
        assert!(Refresh::default().done(&[], None).is_none());
        assert!(Refresh::default().entry(&entry("ada"), &[], "uid").is_none());
        assert!(Refresh::default().entry(&entry("ada"), &[control(STATE, &[0x30, 0])], "uid").is_none());
        assert!(Refresh::default().done(&[control(DONE, b"\x04")], None).is_none());
        assert!(request(Some(b"c")).crit);
    }
}
