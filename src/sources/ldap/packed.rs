//! Entries in a few hundred bytes each, where hundreds of thousands of them are held.

use crate::sources::ldap::entry::{Entry, EntryAttribute};

/// The attribute descriptions of many entries, each once: packed entries hold their places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Descriptions(pub Vec<String>);

/// One entry: its DN, then for each value the place of the description and the bytes, all with their lengths. It is
/// read with the [`Descriptions`] that it was packed with, and no others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed(pub Box<[u8]>);

impl Descriptions {
    pub fn pack(&mut self, entry: &Entry) -> Packed {
        let mut bytes = Vec::new();
        push(&mut bytes, entry.dn.as_bytes());
        for attribute in &entry.attributes {
            let place = self.place(&attribute.description);
            for value in &attribute.values {
                bytes.extend(place.to_be_bytes());
                push(&mut bytes, value);
            }
        }
        Packed(bytes.into_boxed_slice())
    }

    pub fn unpack(&self, packed: &Packed) -> Entry {
        let (dn, mut rest) = pull(&packed.0);
        let mut attributes: Vec<EntryAttribute> = Vec::new();
        while let Some((place, tail)) = rest.split_first_chunk() {
            let (value, tail) = pull(tail);
            rest = tail;
            let description = &self.0[u32::from_be_bytes(*place) as usize];
            match attributes.last_mut() {
                Some(last) if last.description == *description => last.values.push(value.to_vec()),
                Some(_) | None => attributes
                    .push(EntryAttribute { description: description.clone(), values: vec![value.to_vec()] }),
            }
        }
        Entry { dn: String::from_utf8_lossy(dn).into_owned(), attributes }
    }

    fn place(&mut self, description: &str) -> u32 {
        let place = self.0.iter().position(|held| held == description).unwrap_or_else(|| {
            self.0.push(description.to_owned());
            self.0.len() - 1
        });
        length(place)
    }
}

fn push(bytes: &mut Vec<u8>, value: &[u8]) {
    bytes.extend(length(value.len()).to_be_bytes());
    bytes.extend(value);
}

fn pull(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (length, rest) = bytes.split_first_chunk().expect("what was packed has its lengths");
    rest.split_at(u32::from_be_bytes(*length) as usize)
}

fn length(of: usize) -> u32 {
    u32::try_from(of).expect("a value of a directory is smaller than four gigabytes")
}

#[cfg(test)]
mod tests {
    use crate::sources::ldap::entry::{Entry, EntryAttribute};
    use crate::sources::ldap::packed::Descriptions;

    #[test]
    fn what_is_unpacked_is_what_was_packed() {
        let attribute = |description: &str, values: &[&[u8]]| EntryAttribute {
            description: description.to_owned(),
            values: values.iter().map(|value| value.to_vec()).collect(),
        };
        let entry = Entry {
            dn: "cn=Ü,dc=x".to_owned(),
            attributes: vec![attribute("cn", &[b"a", b""]), attribute("cn;lang-de", &[b"\xff\x00"])],
        };
        let mut descriptions = Descriptions::default();
        let packed = descriptions.pack(&entry);
        assert_eq!(descriptions.unpack(&packed), entry);
    }
}
