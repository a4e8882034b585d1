//! XML as it is read before any C library sees a byte of it: a tree, or the reason why it is refused.
//!
//! SAML needs no more of XML than elements, attributes and text. Whatever two readers might understand in two ways is refused.

use std::collections::BTreeMap;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

/// Far deeper than any message of SAML.
const DEEPEST: usize = 64;

/// Attributes of one element, namespaces among them.
const MOST_ATTRIBUTES: usize = 256;

/// A person in 10,000 groups has an assertion of less than that, in no more elements.
pub const MESSAGE: Limits = Limits { bytes: 1024 * 1024, elements: 20_000, refuse_comments: true };

/// The namespace of `xml:lang` and its like.
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// An element without its prefixes. Two are equal where all that XML counts as their content is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    pub name: Name,
    /// Namespace declarations are none of them.
    pub attributes: BTreeMap<Name, String>,
    pub children: Vec<Node>,
}

/// The name of an element or an attribute.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// Empty where there is none.
    pub namespace: String,
    pub local: String,
}

/// What is in an element. Neighbouring texts are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    Element(Element),
    Text(String),
}

/// How much is read of a document, and what else may be in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub bytes: usize,
    /// A tree takes far more room than its text.
    pub elements: usize,
    /// Otherwise they are left out.
    pub refuse_comments: bool,
}

/// Why a document is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum XmlRefusal {
    #[error("it has a document type")]
    DocumentType,
    #[error("it has a processing instruction")]
    ProcessingInstruction,
    #[error("it has a comment")]
    Comment,
    #[error("it has a CDATA section")]
    CData,
    #[error("it names an entity that XML itself does not know")]
    Entity,
    #[error("there is something before or after its one element")]
    Garbage,
    #[error("its elements are nested deeper than {DEEPEST} times")]
    TooDeep,
    #[error("it is longer than {most} bytes")]
    TooLong { most: usize },
    #[error("it has more than {most} elements")]
    TooMany { most: usize },
    #[error("it is not XML 1.0 in UTF-8")]
    Encoding,
    #[error("it is not well-formed")]
    NotWellFormed,
}

/// Reads a document.
pub fn parse(bytes: &[u8], limits: Limits) -> Result<Element, XmlRefusal> {
    if bytes.len() > limits.bytes {
        return Err(XmlRefusal::TooLong { most: limits.bytes });
    }
    let text = str::from_utf8(bytes).map_err(|_| XmlRefusal::Encoding)?;
    if !text.chars().all(is_legal) {
        return Err(XmlRefusal::NotWellFormed);
    }
    let mut reader = NsReader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut tree = Tree { room: limits.elements, ..Tree::default() };
    loop {
        let begin = reader.buffer_position();
        let event = reader.read_event().map_err(|_| XmlRefusal::NotWellFormed)?;
        match event {
            Event::Start(start) => tree.open(element(&reader, &start)?, limits)?,
            Event::Empty(start) => {
                tree.open(element(&reader, &start)?, limits)?;
                tree.close()?;
            }
            Event::End(_) => tree.close()?,
            // Each line ends as XML has it (section 2.11).
            Event::Text(text) => tree.text(&text.xml10_content().map_err(|_| XmlRefusal::Encoding)?)?,
            Event::GeneralRef(reference) => tree.text(&referred(&reference)?)?,
            Event::CData(_) => return Err(XmlRefusal::CData),
            Event::Comment(_) if limits.refuse_comments => return Err(XmlRefusal::Comment),
            Event::Comment(_) => {}
            Event::PI(_) => return Err(XmlRefusal::ProcessingInstruction),
            Event::DocType(_) => return Err(XmlRefusal::DocumentType),
            Event::Decl(declaration) => {
                let is_first = begin == 0;
                let version = declaration.version().map_err(|_| XmlRefusal::NotWellFormed)?;
                let encoding = declaration.encoding().transpose().map_err(|_| XmlRefusal::NotWellFormed)?;
                let is_utf8 = encoding.is_none_or(|encoding| encoding.eq_ignore_ascii_case(b"utf-8"));
                if !is_first {
                    return Err(XmlRefusal::NotWellFormed);
                }
                if &*version != b"1.0" || !is_utf8 {
                    return Err(XmlRefusal::Encoding);
                }
            }
            Event::Eof => return tree.finish(),
        }
    }
}

impl Element {
    /// Whether this is its name.
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.name.namespace == namespace && self.name.local == local
    }

    /// An attribute without a namespace.
    pub fn attribute(&self, local: &str) -> Option<&str> {
        let name = Name { namespace: String::new(), local: local.to_owned() };
        self.attributes.get(&name).map(String::as_str)
    }

    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The children of this name.
    pub fn named<'a>(&'a self, namespace: &'a str, local: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements().filter(move |element| element.is(namespace, local))
    }

    pub fn child<'a>(&'a self, namespace: &'a str, local: &'a str) -> Option<&'a Element> {
        self.named(namespace, local).next()
    }

    /// The text of an element that has nothing else in it, without the space around it.
    pub fn text(&self) -> Option<&str> {
        match &*self.children {
            [] => Some(""),
            [Node::Text(text)] => Some(text.trim_matches([' ', '\t', '\r', '\n'])),
            [..] => None,
        }
    }

    /// It and everything below it.
    pub fn descendants(&self) -> Vec<&Element> {
        let mut found = vec![self];
        let mut next = 0;
        while let Some(element) = found.get(next).copied() {
            found.extend(element.elements());
            next += 1;
        }
        found
    }

    /// The same without its own children of this name, as an enveloped signature leaves itself out.
    pub fn without(&self, namespace: &str, local: &str) -> Element {
        let mut stripped = Element { children: Vec::new(), ..self.clone() };
        for node in &self.children {
            match node {
                Node::Element(element) if element.is(namespace, local) => {}
                Node::Element(element) => stripped.children.push(Node::Element(element.clone())),
                Node::Text(text) => stripped.push_text(text),
            }
        }
        stripped
    }

    fn push_text(&mut self, text: &str) {
        if let Some(Node::Text(before)) = self.children.last_mut() {
            before.push_str(text);
        } else if !text.is_empty() {
            self.children.push(Node::Text(text.to_owned()));
        }
    }
}

/// The tree as far as it has been read.
#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
    /// For so many more elements.
    room: usize,
}

impl Tree {
    fn open(&mut self, element: Element, limits: Limits) -> Result<(), XmlRefusal> {
        let most = limits.elements;
        self.room = self.room.checked_sub(1).ok_or(XmlRefusal::TooMany { most })?;
        if self.root.is_some() {
            return Err(XmlRefusal::Garbage);
        }
        if self.open.len() >= DEEPEST {
            return Err(XmlRefusal::TooDeep);
        }
        self.open.push(element);
        Ok(())
    }

    fn close(&mut self) -> Result<(), XmlRefusal> {
        let element = self.open.pop().ok_or(XmlRefusal::NotWellFormed)?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(Node::Element(element)),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), XmlRefusal> {
        match self.open.last_mut() {
            Some(parent) => parent.push_text(text),
            None if text.trim_matches([' ', '\t', '\r', '\n']).is_empty() => {}
            None => return Err(XmlRefusal::Garbage),
        }
        Ok(())
    }

    fn finish(self) -> Result<Element, XmlRefusal> {
        match self.root {
            Some(root) if self.open.is_empty() => Ok(root),
            Some(_) | None => Err(XmlRefusal::NotWellFormed),
        }
    }
}

fn element(reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<Element, XmlRefusal> {
    let resolver = reader.resolver();
    let (namespace, local) = resolver.resolve_element(start.name());
    let name = resolved(namespace, local.as_ref())?;
    let mut attributes = BTreeMap::new();
    for (count, attribute) in start.attributes().enumerate() {
        let attribute = attribute.map_err(|_| XmlRefusal::NotWellFormed)?;
        if count >= MOST_ATTRIBUTES || attribute.value.contains(&b'<') {
            return Err(XmlRefusal::NotWellFormed);
        }
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let (namespace, local) = resolver.resolve_attribute(attribute.key);
        let name = resolved(namespace, local.as_ref())?;
        let value =
            attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| XmlRefusal::Entity)?.into_owned();
        if !value.chars().all(is_legal) || attributes.insert(name, value).is_some() {
            return Err(XmlRefusal::NotWellFormed);
        }
    }
    Ok(Element { name, attributes, children: Vec::new() })
}

fn resolved(namespace: ResolveResult<'_>, local: &[u8]) -> Result<Name, XmlRefusal> {
    let utf8 = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| XmlRefusal::Encoding);
    let local = utf8(local)?;
    // Names of SAML need no more; and none is taken that another reader might cut elsewhere.
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    if local.is_empty()
        || !local.chars().all(is_name)
        || !local.starts_with(|c: char| c.is_alphabetic() || c == '_')
    {
        return Err(XmlRefusal::NotWellFormed);
    }
    let namespace = match namespace {
        ResolveResult::Unbound => String::new(),
        ResolveResult::Bound(Namespace(bytes)) => utf8(bytes)?,
        ResolveResult::Unknown(_) => return Err(XmlRefusal::NotWellFormed),
    };
    // A namespace is compared as it is written; one with references in it would be another to another reader.
    if namespace.contains(['&', '<', '\n', '\r', '\t']) && namespace != XML {
        return Err(XmlRefusal::NotWellFormed);
    }
    Ok(Name { namespace, local })
}

/// What a reference stands for: a character, or one of the five that XML itself defines.
fn referred(reference: &BytesRef<'_>) -> Result<String, XmlRefusal> {
    if let Some(character) = reference.resolve_char_ref().map_err(|_| XmlRefusal::NotWellFormed)? {
        return if is_legal(character) { Ok(character.into()) } else { Err(XmlRefusal::NotWellFormed) };
    }
    let text = match &**reference {
        b"amp" => "&",
        b"lt" => "<",
        b"gt" => ">",
        b"quot" => "\"",
        b"apos" => "'",
        _ => return Err(XmlRefusal::Entity),
    };
    Ok(text.to_owned())
}

/// What XML 1.0 allows (section 2.2).
fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use crate::sources::saml::message::xml::{Element, Limits, XmlRefusal};

    fn parse(text: &str) -> Result<Element, XmlRefusal> {
        let limits = Limits { bytes: 10_000, elements: 100, refuse_comments: true };
        crate::sources::saml::message::xml::parse(text.as_bytes(), limits)
    }

    fn refusal(text: &str) -> XmlRefusal {
        parse(text).unwrap_err()
    }

    #[test]
    fn names_are_what_they_are_bound_to_and_text_is_what_it_stands_for() {
        let one = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a:r xmlns:a='urn:a' k='1&#10;2' a:k='x'>&lt;b&#x41;\r\n</a:r>\n";
        let other = "<r xmlns='urn:a' xmlns:q='urn:a' q:k='x' k='1&#xA;2'>&#60;bA\n</r>";
        let read = |text: &str| parse(text).unwrap();
        assert_eq!(read(one), read(other));
        assert_eq!(read(one).text(), Some("<bA"));
    }

    #[test]
    fn whatever_saml_does_not_need_is_refused_by_its_name() {
        assert_eq!(refusal("<!DOCTYPE a><a/>"), XmlRefusal::DocumentType);
        assert_eq!(refusal("<a><?b c?></a>"), XmlRefusal::ProcessingInstruction);
        assert_eq!(refusal("<a>b<!-- c --></a>"), XmlRefusal::Comment);
        assert_eq!(refusal("<a><![CDATA[b]]></a>"), XmlRefusal::CData);
        assert_eq!(refusal("<a>&b;</a>"), XmlRefusal::Entity);
        assert_eq!(refusal("<a b='&c;'/>"), XmlRefusal::Entity);
        assert_eq!(refusal("<a/><b/>"), XmlRefusal::Garbage);
        assert_eq!(refusal("<a/>b"), XmlRefusal::Garbage);
        assert_eq!(refusal("b<a/>"), XmlRefusal::Garbage);
        assert_eq!(refusal(&"<a>".repeat(65)), XmlRefusal::TooDeep);
        assert_eq!(refusal(&"a".repeat(10_001)), XmlRefusal::TooLong { most: 10_000 });
        assert_eq!(refusal(&format!("<a>{}</a>", "<b/>".repeat(100))), XmlRefusal::TooMany { most: 100 });
        assert_eq!(refusal("<?xml version='1.0' encoding='UTF-7'?><a/>"), XmlRefusal::Encoding);
        assert_eq!(refusal("<?xml version='1.1'?><a/>"), XmlRefusal::Encoding);
        for broken in [
            "",
            "<a>",
            "<a></b>",
            "<a b='1' b='2'/>",
            "<p:a/>",
            "<a p:b=''/>",
            "<a b=c/>",
            "<a>\u{1}</a>",
            "<a>&#1;</a>",
            "<a xmlns:x='u' xmlns:y='u' x:b='' y:b=''/>",
            " <?xml version='1.0'?><a/>",
            "<a b='<'/>",
            "</a>",
            "<a xmlns='u&amp;v'/>",
        ] {
            assert_eq!(refusal(broken), XmlRefusal::NotWellFormed, "{broken}");
        }
    }
}
