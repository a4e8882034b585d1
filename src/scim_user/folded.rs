//! JSON objects whose keys are compared without regard to case, as SCIM wants it (RFC 7643, section 2.1), and arrays that end.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, IntoDeserializer as _, MapAccess, SeqAccess, Visitor};

/// A `T` whose keys are all in lower case, read from an object that spells them anyhow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Folded<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Folded<T>, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// Reads an array of at most a million entries, or none.
pub fn array<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_any(ArrayVisitor(PhantomData))
}

/// An identifier: a text, or a number where a server has made it one.
pub fn identifier<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<str>>, D::Error> {
    deserializer.deserialize_any(IdentifierVisitor)
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Folded<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Folded<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(LowerKeys(map))).map(Folded)
    }
}

struct LowerKeys<A>(A);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for LowerKeys<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let key: Option<String> = self.0.next_key()?;
        key.map(|key| seed.deserialize(key.to_ascii_lowercase().into_deserializer())).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.0.next_value_seed(seed)
    }
}

/// No group of ours is as large; a server that invents members without end must not fill our memory.
const LONGEST: usize = 1_000_000;

struct ArrayVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ArrayVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_unit<E: Error>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = array.next_element()? {
            if items.len() == LONGEST {
                return Err(A::Error::custom("an array of more than a million entries"));
            }
            items.push(item);
        }
        Ok(items)
    }
}

struct IdentifierVisitor;

impl Visitor<'_> for IdentifierVisitor {
    type Value = Option<Box<str>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an identifier")
    }

    fn visit_unit<E: Error>(self) -> Result<Option<Box<str>>, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<Box<str>>, E> {
        Ok((!text.is_empty()).then(|| text.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Option<Box<str>>, E> {
        Ok(Some(number.to_string().into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Option<Box<str>>, E> {
        Ok(Some(number.to_string().into()))
    }
}
