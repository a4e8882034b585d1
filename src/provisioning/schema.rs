//! What is known of attributes: their types, and which of them there must be.

/// One schema of RFC 7643, as far as it is kept.
#[derive(Debug, PartialEq, Eq)]
pub struct Schema {
    pub urn: &'static str,
    pub name: &'static str,
    pub about: &'static str,
    pub attributes: &'static [Attribute],
}

#[derive(Debug, PartialEq, Eq)]
pub struct Attribute {
    pub name: &'static str,
    pub kind: Kind,
    pub many: bool,
    pub required: bool,
    /// Compared with regard to case.
    pub exact: bool,
    pub unique: bool,
    pub mutability: &'static str,
    pub about: &'static str,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Truth,
    Reference(&'static [&'static str]),
    Parts(&'static [Attribute]),
}

impl Schema {
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }
}

impl Attribute {
    pub const fn text(name: &'static str, about: &'static str) -> Attribute {
        Attribute {
            name,
            kind: Kind::Text,
            many: false,
            required: false,
            exact: false,
            unique: false,
            mutability: "readWrite",
            about,
        }
    }

    pub const fn truth(name: &'static str, about: &'static str) -> Attribute {
        Attribute { kind: Kind::Truth, ..Attribute::text(name, about) }
    }

    pub const fn parts(name: &'static str, parts: &'static [Attribute], about: &'static str) -> Attribute {
        Attribute { kind: Kind::Parts(parts), ..Attribute::text(name, about) }
    }

    pub const fn many(name: &'static str, parts: &'static [Attribute], about: &'static str) -> Attribute {
        Attribute { many: true, ..Attribute::parts(name, parts, about) }
    }

    pub const fn required(self) -> Attribute {
        Attribute { required: true, ..self }
    }

    pub fn part(&self, name: &str) -> Option<&'static Attribute> {
        match self.kind {
            Kind::Parts(parts) => parts.iter().find(|part| part.name.eq_ignore_ascii_case(name)),
            Kind::Text | Kind::Truth | Kind::Reference(_) => None,
        }
    }
}
