//! What a request asks for, by its method, path and headers; pure.

use serde_json::{Map, Value};

use crate::model::roster::EntryKind;
use crate::provisioning::listing::Listing;
use crate::provisioning::refusal::{Because, Refusal};

/// One request, less who sent it.
#[derive(Debug, Clone, Default)]
pub struct Request<'a> {
    pub method: &'a str,
    /// Below the address of the service provider, such as `/Users/42`; not decoded yet.
    pub path: &'a str,
    /// Decoded.
    pub parameters: Vec<(String, String)>,
    pub content_type: Option<&'a str>,
    pub if_match: Option<&'a str>,
    pub if_none_match: Option<&'a str>,
    pub body: &'a [u8],
}

/// What it asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    Provider,
    /// All, or the one of this id.
    ResourceTypes(Option<String>),
    Schemas(Option<String>),
    List(&'static [EntryKind], Listing),
    Read {
        kind: EntryKind,
        id: String,
        listing: Listing,
    },
    Create(EntryKind, Map<String, Value>, Listing),
    Replace {
        kind: EntryKind,
        id: String,
        body: Map<String, Value>,
        listing: Listing,
    },
    Patch {
        kind: EntryKind,
        id: String,
        body: Map<String, Value>,
        listing: Listing,
    },
    Delete {
        kind: EntryKind,
        id: String,
    },
}

impl Request<'_> {
    pub fn asked(&self) -> Result<Asked, Refusal> {
        let path = self.path.trim_end_matches('/');
        let segments: Vec<String> = path.split('/').skip(1).map(decoded).collect::<Result<_, _>>()?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let named = |name: &str, wanted: &str| name.eq_ignore_ascii_case(wanted);
        match segments.as_slice() {
            [name] if named(name, "ServiceProviderConfig") => self.read_only(Asked::Provider),
            [name] if named(name, "ResourceTypes") => self.read_only(Asked::ResourceTypes(None)),
            [name, id] if named(name, "ResourceTypes") => {
                self.read_only(Asked::ResourceTypes(Some((*id).to_owned())))
            }
            [name] if named(name, "Schemas") => self.read_only(Asked::Schemas(None)),
            [name, id] if named(name, "Schemas") => self.read_only(Asked::Schemas(Some((*id).to_owned()))),
            [name] if named(name, "Users") => self.collection(EntryKind::Person),
            [name] if named(name, "Groups") => self.collection(EntryKind::Group),
            [".search"] => self.search(&[EntryKind::Person, EntryKind::Group]),
            [name, ".search"] if named(name, "Users") => self.search(&[EntryKind::Person]),
            [name, ".search"] if named(name, "Groups") => self.search(&[EntryKind::Group]),
            [name, id] if named(name, "Users") => self.entry(EntryKind::Person, id),
            [name, id] if named(name, "Groups") => self.entry(EntryKind::Group, id),
            [name] if named(name, "Bulk") || named(name, "Me") => {
                Err(Refusal::new(Because::NotOffered, "this is not offered"))
            }
            _ => Err(Refusal::new(Because::NotFound, "there is nothing here")),
        }
    }

    fn read_only(&self, asked: Asked) -> Result<Asked, Refusal> {
        match self.method {
            // To filter what describes us is forbidden (RFC 7644, section 4).
            "GET" if self.parameters.iter().any(|(name, _)| name.eq_ignore_ascii_case("filter")) => {
                Err(Refusal::new(Because::Forbidden, "this cannot be filtered"))
            }
            "GET" => Ok(asked),
            _ => Err(self.wrong_method()),
        }
    }

    fn collection(&self, kind: EntryKind) -> Result<Asked, Refusal> {
        match self.method {
            "GET" => {
                let kinds: &[EntryKind] = match kind {
                    EntryKind::Person => &[EntryKind::Person],
                    EntryKind::Group => &[EntryKind::Group],
                };
                Ok(Asked::List(kinds, Listing::of_query(&self.parameters)?))
            }
            "POST" => Ok(Asked::Create(kind, self.object()?, Listing::of_query(&self.parameters)?)),
            _ => Err(self.wrong_method()),
        }
    }

    fn search(&self, kinds: &'static [EntryKind]) -> Result<Asked, Refusal> {
        match self.method {
            "POST" => Ok(Asked::List(kinds, Listing::of_search(&self.object()?)?)),
            _ => Err(self.wrong_method()),
        }
    }

    fn entry(&self, kind: EntryKind, id: &str) -> Result<Asked, Refusal> {
        let id = id.to_owned();
        match self.method {
            "GET" => Ok(Asked::Read { kind, id, listing: Listing::of_query(&self.parameters)? }),
            "PUT" => {
                let (body, listing) = (self.object()?, Listing::of_query(&self.parameters)?);
                Ok(Asked::Replace { kind, id, body, listing })
            }
            "PATCH" => {
                let (body, listing) = (self.object()?, Listing::of_query(&self.parameters)?);
                Ok(Asked::Patch { kind, id, body, listing })
            }
            "DELETE" => Ok(Asked::Delete { kind, id }),
            _ => Err(self.wrong_method()),
        }
    }

    fn object(&self) -> Result<Map<String, Value>, Refusal> {
        let essence = self.content_type.map(|text| text.split(';').next().unwrap_or_default().trim());
        let known = |essence: &str| {
            ["application/scim+json", "application/json"]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(essence))
        };
        if !essence.is_none_or(known) {
            return Err(Refusal::new(Because::WrongMediaType, "send `application/scim+json`"));
        }
        match serde_json::from_slice(self.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(Refusal::new(Because::InvalidSyntax, "the body is no JSON object")),
            // Its words may quote what was sent.
            Err(error) => {
                let detail = format!("the body is no JSON: line {}, column {}", error.line(), error.column());
                Err(Refusal::new(Because::InvalidSyntax, detail))
            }
        }
    }

    fn wrong_method(&self) -> Refusal {
        Refusal::new(Because::MethodNotAllowed, "this method does not go with this address")
    }
}

/// One segment of a path. An encoded slash is a part of it, and parts no segments.
fn decoded(segment: &str) -> Result<String, Refusal> {
    let decoded = percent_encoding::percent_decode_str(segment).decode_utf8();
    let refused = |_| Refusal::new(Because::InvalidSyntax, "the address is no text in UTF-8");
    Ok(decoded.map_err(refused)?.into_owned())
}
