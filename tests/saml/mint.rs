//! An identity provider in the test itself, which says whatever it is asked to and signs it properly.

use jiff::{SignedDuration, Timestamp};
use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509NameBuilder};
use samael::crypto::{Crypto, CryptoProvider as _};
use seatsync::model::person::SourceName;
use seatsync::model::testimony::Believed;
use seatsync::sources::saml::config::{MetadataPlace, SamlAttributes, SamlConfig};
use seatsync::sources::saml::message::judge::{Expected, Way};
use seatsync::sources::saml::message::receive::{Keys, response};
use seatsync::sources::saml::message::refusal::Refusal;
use seatsync::sources::saml::message::signature::SigningKey;

pub(crate) const IDP: &str = "https://idp.example.test/metadata";
pub(crate) const SP: &str = "https://seatsync.example.test/saml/okta/metadata";
pub(crate) const ACS: &str = "https://seatsync.example.test/saml/okta/acs";
pub(crate) const REQUEST: &str = "_request";

pub(crate) const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
pub(crate) const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// A key and its certificate.
pub(crate) struct Mint {
    key: PKey<Private>,
    certificate: X509,
}

/// What is to be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    Nothing,
    Assertion,
    Response,
    Both,
}

/// What a response is to say.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) sign: Sign,
    pub(crate) issuer: String,
    pub(crate) response_issuer: String,
    pub(crate) destination: Option<String>,
    pub(crate) recipient: String,
    pub(crate) in_response_to: Option<String>,
    pub(crate) response_in_response_to: Option<String>,
    pub(crate) audiences: Vec<Vec<String>>,
    pub(crate) conditions: String,
    pub(crate) issued_at: Timestamp,
    pub(crate) not_before: Timestamp,
    pub(crate) not_on_or_after: Timestamp,
    pub(crate) bearer_until: Timestamp,
    pub(crate) status: String,
    pub(crate) name_id: String,
    pub(crate) name_format: String,
    pub(crate) attributes: String,
    pub(crate) algorithm: String,
    pub(crate) digest: String,
    pub(crate) transforms: String,
}

/// When everything here happens.
pub(crate) fn now() -> Timestamp {
    "2026-11-22T04:00:00Z".parse().unwrap()
}

pub(crate) fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

/// Ada's response to our request, in the group `platform`.
pub(crate) fn draft(sign: Sign) -> Draft {
    Draft {
        sign,
        issuer: IDP.to_owned(),
        response_issuer: IDP.to_owned(),
        destination: Some(ACS.to_owned()),
        recipient: ACS.to_owned(),
        in_response_to: Some(REQUEST.to_owned()),
        response_in_response_to: Some(REQUEST.to_owned()),
        audiences: vec![vec![SP.to_owned()]],
        conditions: String::new(),
        issued_at: now(),
        not_before: now() - minutes(1),
        not_on_or_after: now() + minutes(5),
        bearer_until: now() + minutes(5),
        status: "urn:oasis:names:tc:SAML:2.0:status:Success".to_owned(),
        name_id: "ada".to_owned(),
        name_format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned(),
        attributes: attribute("groups", &["platform"]) + &attribute("mail", &["ada@example.test"]),
        algorithm: RSA_SHA256.to_owned(),
        digest: SHA256.to_owned(),
        transforms: "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>\
                     <ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>"
            .to_owned(),
    }
}

pub(crate) fn attribute(name: &str, values: &[&str]) -> String {
    let value =
        |value: &&str| format!("<saml:AttributeValue xsi:type=\"xs:string\">{value}</saml:AttributeValue>");
    let values: String = values.iter().map(value).collect();
    format!("<saml:Attribute Name=\"{name}\">{values}</saml:Attribute>")
}

/// The service provider that all of it is said to.
pub(crate) fn config() -> SamlConfig {
    SamlConfig {
        name: SourceName::new("okta"),
        entity_id: SP.to_owned(),
        acs_url: ACS.parse().unwrap(),
        metadata: MetadataPlace::File("idp.xml".into()),
        idp_entity_id: None,
        metadata_refresh: SignedDuration::from_hours(24),
        ca_file: None,
        valid_for: SignedDuration::from_hours(24 * 7),
        clock_skew: SignedDuration::from_mins(2),
        idp_initiated: false,
        decryption: None,
        query_after: None,
        attributes: SamlAttributes {
            groups: "groups".to_owned(),
            id: None,
            username: None,
            email: Some("mail".to_owned()),
            name: None,
            extra: Vec::new(),
        },
        identity_attribute: None,
    }
}

impl Mint {
    pub(crate) fn new() -> Mint {
        Mint::of_bits(2048)
    }

    pub(crate) fn of_bits(bits: u32) -> Mint {
        let key = PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap();
        let mut name = X509NameBuilder::new().unwrap();
        name.append_entry_by_text("CN", "idp").unwrap();
        let name = name.build();
        let mut certificate = X509::builder().unwrap();
        certificate.set_version(2).unwrap();
        certificate.set_subject_name(&name).unwrap();
        certificate.set_issuer_name(&name).unwrap();
        certificate.set_pubkey(&key).unwrap();
        certificate.set_not_before(&Asn1Time::from_unix(0).unwrap()).unwrap();
        certificate.set_not_after(&Asn1Time::days_from_now(3650).unwrap()).unwrap();
        certificate.sign(&key, MessageDigest::sha256()).unwrap();
        Mint { key, certificate: certificate.build() }
    }

    pub(crate) fn signing_key(&self) -> SigningKey {
        SigningKey(self.certificate.to_der().unwrap())
    }

    pub(crate) fn key_pem(&self) -> String {
        String::from_utf8(self.key.private_key_to_pem_pkcs8().unwrap()).unwrap()
    }

    pub(crate) fn certificate_pem(&self) -> String {
        String::from_utf8(self.certificate.to_pem().unwrap()).unwrap()
    }

    /// The certificate as metadata and signatures hold it.
    pub(crate) fn certificate_text(&self) -> String {
        data_encoding::BASE64.encode(&self.certificate.to_der().unwrap())
    }

    /// What the identity provider publishes of itself, with these attributes of the document.
    pub(crate) fn metadata(&self, attributes: &str) -> String {
        format!(
            "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
             xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" entityID=\"{IDP}\"{attributes}><md:IDPSSODescriptor \
             protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><md:KeyDescriptor><ds:KeyInfo>\
             <ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>\
             <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" \
             Location=\"https://idp.example.test/sso\"/></md:IDPSSODescriptor></md:EntityDescriptor>",
            self.certificate_text()
        )
    }

    /// A response that says what the draft says.
    pub(crate) fn response(&self, draft: &Draft) -> String {
        let signs = |what: &[Sign]| what.contains(&draft.sign);
        let of_assertion = if signs(&[Sign::Assertion, Sign::Both]) {
            self.signature("_assertion", draft)
        } else {
            String::new()
        };
        let mut xml = format!(
            "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
             xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_response\" Version=\"2.0\" \
             IssueInstant=\"{at}\"{destination}{in_response_to}><saml:Issuer>{issuer}</saml:Issuer>\
             <samlp:Status><samlp:StatusCode Value=\"{status}\"/></samlp:Status>{assertion}</samlp:Response>",
            at = draft.issued_at,
            destination = optional("Destination", draft.destination.as_deref()),
            in_response_to = optional("InResponseTo", draft.response_in_response_to.as_deref()),
            issuer = draft.response_issuer,
            status = draft.status,
            assertion = assertion(draft, &of_assertion),
        );
        if !of_assertion.is_empty() {
            xml = self.signed(&xml);
        }
        if signs(&[Sign::Response, Sign::Both]) {
            let place = xml.find("<samlp:Status>").unwrap();
            xml.insert_str(place, &self.signature("_response", draft));
            xml = self.signed(&xml);
        }
        xml
    }

    /// Signs the first signature of a document that is a template.
    pub(crate) fn signed(&self, xml: &str) -> String {
        let der = self.key.rsa().unwrap().private_key_to_der().unwrap();
        let xml = Crypto::sign_xml(xml, &der).unwrap();
        xml.trim_start_matches("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").trim().to_owned()
    }

    /// An empty signature of the element with this ID.
    pub(crate) fn signature(&self, id: &str, draft: &Draft) -> String {
        let Draft { algorithm, digest, transforms, .. } = draft;
        format!(
            "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo>\
             <ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>\
             <ds:SignatureMethod Algorithm=\"{algorithm}\"/><ds:Reference URI=\"#{id}\">\
             <ds:Transforms>{transforms}</ds:Transforms><ds:DigestMethod Algorithm=\"{digest}\"/><ds:DigestValue/>\
             </ds:Reference></ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}\
             </ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>",
            self.certificate_text()
        )
    }

    /// What comes of a message that a browser brings.
    pub(crate) fn judged(&self, xml: &str) -> Result<Believed, Refusal> {
        self.judged_by(xml, &config(), Way::SignOn)
    }

    pub(crate) fn judged_by(
        &self,
        xml: &str,
        config: &SamlConfig,
        way: Way<'_>,
    ) -> Result<Believed, Refusal> {
        let signing = [self.signing_key()];
        let expected = Expected { config, issuer: IDP, way, now: now() };
        response(xml.as_bytes(), Keys { signing: &signing, decryption: None }, &expected)
    }
}

fn assertion(draft: &Draft, signature: &str) -> String {
    let audiences: String = draft
        .audiences
        .iter()
        .map(|audiences| {
            let named = audiences.iter().map(|audience| format!("<saml:Audience>{audience}</saml:Audience>"));
            format!("<saml:AudienceRestriction>{}</saml:AudienceRestriction>", named.collect::<String>())
        })
        .collect();
    format!(
        "<saml:Assertion xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" ID=\"_assertion\" Version=\"2.0\" IssueInstant=\"{at}\">\
         <saml:Issuer>{issuer}</saml:Issuer>{signature}<saml:Subject><saml:NameID Format=\"{format}\">{name_id}\
         </saml:NameID><saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
         <saml:SubjectConfirmationData NotOnOrAfter=\"{bearer}\" Recipient=\"{recipient}\"{in_response_to}/>\
         </saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore=\"{not_before}\" NotOnOrAfter=\"{end}\">\
         {audiences}{conditions}</saml:Conditions><saml:AttributeStatement>{attributes}</saml:AttributeStatement>\
         </saml:Assertion>",
        at = draft.issued_at,
        issuer = draft.issuer,
        format = draft.name_format,
        name_id = draft.name_id,
        bearer = draft.bearer_until,
        recipient = draft.recipient,
        in_response_to = optional("InResponseTo", draft.in_response_to.as_deref()),
        not_before = draft.not_before,
        end = draft.not_on_or_after,
        conditions = draft.conditions,
        attributes = draft.attributes,
    )
}

fn optional(name: &str, value: Option<&str>) -> String {
    value.map(|value| format!(" {name}=\"{value}\"")).unwrap_or_default()
}
