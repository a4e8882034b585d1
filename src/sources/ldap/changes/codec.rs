//! A memory as bytes and back: lengths and values, in an order that does not depend on chance, behind their own digest.

use sha2::{Digest as _, Sha256};

use crate::model::distinguished_name::DistinguishedName;
use crate::sources::ldap::changes::key::Key;
use crate::sources::ldap::changes::memory::{Held, Memory};
use crate::sources::ldap::packed::{Descriptions, Packed};

const DIGEST: usize = 32;

/// The same memory is always the same bytes.
pub fn encode(memory: &Memory) -> Vec<u8> {
    let mut bytes = vec![0; DIGEST];
    push(&mut bytes, memory.server.as_bytes());
    count(&mut bytes, memory.cookies.len());
    for (base, cookie) in &memory.cookies {
        push(&mut bytes, base.as_bytes());
        push(&mut bytes, cookie);
    }
    count(&mut bytes, memory.containers.len());
    for (name, key) in &memory.containers {
        push(&mut bytes, name.as_str().as_bytes());
        bytes.extend(key.0);
    }
    count(&mut bytes, memory.descriptions.0.len());
    for description in &memory.descriptions.0 {
        push(&mut bytes, description.as_bytes());
    }
    let mut people: Vec<_> = memory.people.iter().collect();
    people.sort_unstable_by_key(|(name, _)| *name);
    count(&mut bytes, people.len());
    for (name, held) in people {
        push(&mut bytes, name.as_str().as_bytes());
        bytes.extend(held.key.0);
        push(&mut bytes, &held.packed.0);
    }
    let mut usernames: Vec<_> = memory.usernames.iter().collect();
    usernames.sort_unstable();
    count(&mut bytes, usernames.len());
    for (username, name) in usernames {
        push(&mut bytes, username.as_bytes());
        push(&mut bytes, name.as_str().as_bytes());
    }
    let digest = Sha256::digest(&bytes[DIGEST..]);
    bytes[..DIGEST].copy_from_slice(&digest);
    bytes
}

/// `None` where these are not the bytes that were written.
pub fn decode(bytes: &[u8]) -> Option<Memory> {
    let (digest, body) = bytes.split_at_checked(DIGEST)?;
    if *Sha256::digest(body) != *digest {
        return None;
    }
    let mut rest = Rest(body);
    let mut memory = Memory { server: rest.text()?, ..Memory::default() };
    for _ in 0..rest.count()? {
        let base = rest.text()?;
        memory.cookies.insert(base, rest.pull()?.to_vec());
    }
    for _ in 0..rest.count()? {
        let name = rest.name()?;
        memory.containers.insert(name, rest.key()?);
    }
    let descriptions = (0..rest.count()?).map(|_| rest.text()).collect::<Option<_>>()?;
    memory.descriptions = Descriptions(descriptions);
    let people = rest.count()?;
    memory.people.reserve(people);
    for _ in 0..people {
        let name = rest.name()?;
        let held = Held { key: rest.key()?, packed: Packed(rest.pull()?.into()) };
        memory.people.insert(name, held);
    }
    for _ in 0..rest.count()? {
        let username = rest.text()?;
        memory.usernames.insert(username, rest.name()?);
    }
    rest.0.is_empty().then_some(memory)
}

fn push(bytes: &mut Vec<u8>, value: &[u8]) {
    count(bytes, value.len());
    bytes.extend(value);
}

fn count(bytes: &mut Vec<u8>, number: usize) {
    let number = u32::try_from(number).expect("a directory holds fewer than four billion of anything");
    bytes.extend(number.to_be_bytes());
}

/// What has not been read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn count(&mut self) -> Option<usize> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        usize::try_from(u32::from_be_bytes(*number)).ok()
    }

    fn pull(&mut self) -> Option<&'a [u8]> {
        let length = self.count()?;
        let (value, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(value)
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.pull()?.to_vec()).ok()
    }

    fn name(&mut self) -> Option<DistinguishedName> {
        DistinguishedName::parse(std::str::from_utf8(self.pull()?).ok()?)
    }

    fn key(&mut self) -> Option<Key> {
        let (key, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(Key(*key))
    }
}

#[cfg(test)]
mod tests {
    use crate::model::distinguished_name::DistinguishedName;
    use crate::sources::ldap::changes::codec::{decode, encode};
    use crate::sources::ldap::changes::key::Key;
    use crate::sources::ldap::changes::memory::Memory;
    use crate::sources::ldap::entry::{Entry, EntryAttribute};

    fn memory() -> Memory {
        let mut memory = Memory { server: "ldap://x".to_owned(), ..Memory::default() };
        memory.cookies.insert("dc=x".to_owned(), vec![0, 255]);
        memory.containers.insert(DistinguishedName::parse("ou=R\\2C D,dc=x").unwrap(), Key([9; 16]));
        for uid in ["ada", "bob", "eve"] {
            let dn = format!("cn={uid}\\, x=\\\"y,dc=x");
            let name = DistinguishedName::parse(&dn).unwrap();
            let mail = EntryAttribute { description: "mail".to_owned(), values: vec![b"\xff".to_vec()] };
            memory.note(name.clone(), Key([1; 16]), &Entry { dn, attributes: vec![mail] });
            memory.usernames.insert(uid.to_owned(), name);
        }
        memory
    }

    #[test]
    fn what_is_read_back_is_what_was_written() {
        assert_eq!(decode(&encode(&memory())), Some(memory()));
        assert_eq!(encode(&decode(&encode(&memory())).unwrap()), encode(&memory()));
    }

    #[test]
    fn bytes_that_were_touched_are_not_believed() {
        let whole = encode(&memory());
        assert_eq!(decode(&whole[..whole.len() - 1]), None);
        assert_eq!(decode(&[]), None);
        for at in (0..whole.len()).step_by(7) {
            let mut touched = whole.clone();
            touched[at] ^= 1;
            assert_eq!(decode(&touched), None, "byte {at}");
        }
    }
}
