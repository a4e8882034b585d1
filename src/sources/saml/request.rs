//! What we say to an identity provider: who we are, and what we ask.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use jiff::{Timestamp, Unit};
use quick_xml::escape::escape;
use url::Url;

use crate::model::testimony::Subject;
use crate::sources::saml::config::SamlConfig;
use crate::sources::saml::message::names::{ASSERTION, DSIG, METADATA, POST_BINDING, PROTOCOL, SOAP};

/// An ID that nobody guesses: 128 bits of chance (SAML core, section 1.3.4 asks for as many). It begins as names in XML do.
pub fn new_id() -> Result<String, openssl::error::ErrorStack> {
    let mut bytes = [0; 16];
    openssl::rand::rand_bytes(&mut bytes)?;
    Ok(format!("_{}", data_encoding::HEXLOWER.encode(&bytes)))
}

/// Our metadata. `certificate` is what assertions may be encrypted with, in base64.
pub fn metadata(config: &SamlConfig, certificate: Option<&str>) -> String {
    let key = certificate.map_or_else(String::new, |certificate| {
        format!(
            "<md:KeyDescriptor use=\"encryption\"><ds:KeyInfo xmlns:ds=\"{DSIG}\"><ds:X509Data><ds:X509Certificate>\
             {certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        )
    });
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<md:EntityDescriptor xmlns:md=\"{METADATA}\" entityID=\"{entity_id}\">\
         <md:SPSSODescriptor AuthnRequestsSigned=\"false\" WantAssertionsSigned=\"true\" \
         protocolSupportEnumeration=\"{PROTOCOL}\">{key}<md:AssertionConsumerService Binding=\"{POST_BINDING}\" \
         Location=\"{acs}\" index=\"0\" isDefault=\"true\"/></md:SPSSODescriptor></md:EntityDescriptor>\n",
        entity_id = escape(&config.entity_id),
        acs = escape(config.acs_url.as_str()),
    )
}

/// Where a browser goes to sign on, with the request in the address (HTTP-Redirect binding).
pub fn sign_on(config: &SamlConfig, there: &Url, id: &str, now: Timestamp) -> Url {
    let request = format!(
        "<samlp:AuthnRequest xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\" ID=\"{id}\" Version=\"2.0\" \
         IssueInstant=\"{now}\" Destination=\"{there}\" AssertionConsumerServiceURL=\"{acs}\" \
         ProtocolBinding=\"{POST_BINDING}\"><saml:Issuer>{entity_id}</saml:Issuer></samlp:AuthnRequest>",
        now = seconds(now),
        there = escape(there.as_str()),
        acs = escape(config.acs_url.as_str()),
        entity_id = escape(&config.entity_id),
    );
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::default());
    packed.write_all(request.as_bytes()).expect("a vector takes whatever is written");
    let packed = packed.finish().expect("a vector takes whatever is written");
    let mut address = there.clone();
    address.query_pairs_mut().append_pair("SAMLRequest", &data_encoding::BASE64.encode(&packed));
    address
}

/// Asks for all attributes of one person, by SOAP.
pub fn attribute_query(
    config: &SamlConfig,
    there: &Url,
    subject: &Subject,
    id: &str,
    now: Timestamp,
) -> String {
    let format = subject.format.as_ref().map(|format| format!(" Format=\"{}\"", escape(format)));
    format!(
        "<soap:Envelope xmlns:soap=\"{SOAP}\"><soap:Body><samlp:AttributeQuery xmlns:samlp=\"{PROTOCOL}\" \
         xmlns:saml=\"{ASSERTION}\" ID=\"{id}\" Version=\"2.0\" IssueInstant=\"{now}\" Destination=\"{there}\">\
         <saml:Issuer>{entity_id}</saml:Issuer><saml:Subject><saml:NameID{format}>{value}</saml:NameID></saml:Subject>\
         </samlp:AttributeQuery></soap:Body></soap:Envelope>",
        now = seconds(now),
        there = escape(there.as_str()),
        entity_id = escape(&config.entity_id),
        format = format.unwrap_or_default(),
        value = escape(&subject.value),
    )
}

/// Some readers of times take no fractions.
fn seconds(time: Timestamp) -> Timestamp {
    time.round(Unit::Second).unwrap_or(time)
}
