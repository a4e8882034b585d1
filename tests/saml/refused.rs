//! Every attack is refused, and by the reason by which it must be: a document that was refused by chance teaches nothing.

use seatsync::sources::saml::message::judge::Way;
use seatsync::sources::saml::message::refusal::Refusal;

use crate::attacks::{stripped, wrapped};
use crate::mint::{self, Draft, Mint, Sign, config, draft, minutes, now};

const FORMS: [Sign; 3] = [Sign::Assertion, Sign::Response, Sign::Both];

/// The name of each case and the reason that it was refused for, one line each.
struct Court<'a> {
    mint: &'a Mint,
    lines: Vec<String>,
}

impl Court<'_> {
    fn document(&mut self, name: &str, xml: &str) {
        let verdict = self.mint.judged(xml);
        self.lines.push(format!("{name}: {}", verdict.as_ref().map_or_else(Refusal::key, |_| "BELIEVED")));
    }

    /// The same of a genuine response of each form, altered before it is signed.
    fn drafts(&mut self, name: &str, alter: impl Fn(&mut Draft)) {
        let reasons: Vec<&str> = FORMS
            .map(|form| {
                let mut draft = draft(form);
                alter(&mut draft);
                let verdict = self.mint.judged(&self.mint.response(&draft));
                verdict.as_ref().map_or_else(Refusal::key, |_| "BELIEVED")
            })
            .to_vec();
        let alike = reasons.iter().all(|reason| *reason == reasons[0]);
        let reasons = if alike { reasons[0].to_owned() } else { reasons.join(", ") };
        self.lines.push(format!("{name}: {reasons}"));
    }
}

fn court(mint: &Mint) -> Court<'_> {
    Court { mint, lines: Vec::new() }
}

#[test]
fn whoever_wraps_a_genuine_assertion_is_refused_for_wrapping() {
    let mint = Mint::new();
    let mut court = court(&mint);
    for form in FORMS {
        let genuine = mint.response(&draft(form));
        assert!(mint.judged(&genuine).is_ok(), "{form:?}");
        for way in 1..=8 {
            if let Some(xml) = wrapped(way, &genuine) {
                court.document(&format!("{form:?} {way}"), &xml);
            }
        }
    }
    assert_eq!(
        court.lines.join("\n"),
        "Assertion 3: several\n\
         Assertion 4: misplaced\n\
         Assertion 5: several\n\
         Assertion 6: misplaced\n\
         Assertion 7: misplaced\n\
         Assertion 8: misplaced\n\
         Response 1: misplaced\n\
         Response 2: misplaced\n\
         Both 1: misplaced\n\
         Both 2: misplaced\n\
         Both 3: several\n\
         Both 4: misplaced\n\
         Both 5: several\n\
         Both 6: misplaced\n\
         Both 7: misplaced\n\
         Both 8: misplaced"
    );
}

#[test]
fn whoever_alters_or_signs_it_otherwise_is_refused_for_that() {
    let (mint, other) = (Mint::new(), Mint::new());
    let mut court = court(&mint);
    for form in FORMS {
        let genuine = mint.response(&draft(form));
        court.document(&format!("{form:?} altered"), &genuine.replace(">platform<", ">owners<"));
        court.document(&format!("{form:?} stripped"), &stripped(&genuine));
        court.document(
            &format!("{form:?} by another key, whose certificate it holds"),
            &other.response(&draft(form)),
        );
        court.document(
            &format!("{form:?} with the other certificate put in"),
            &genuine
                .replace(&mint.certificate_text(), &other.certificate_text())
                .replace(">ada<", ">mallory<"),
        );
        let twice = genuine.replacen("ID=\"_response\"", "ID=\"_assertion\"", 1);
        court.document(&format!("{form:?} with one ID twice"), &twice);
        let lower = genuine.replacen("<saml:Subject>", "<saml:Subject id=\"_assertion\">", 1);
        court.document(&format!("{form:?} with its ID on another element"), &lower);
        let elsewhere = genuine.replace("URI=\"#_", "URI=\"#x_");
        court.document(&format!("{form:?} that signs something else"), &elsewhere);
        court.document(
            &format!("{form:?} that signs the document"),
            &genuine.replace("URI=\"#_response\"", "URI=\"\"").replace("URI=\"#_assertion\"", "URI=\"\""),
        );
    }
    court.drafts("SHA-1", |draft| {
        draft.algorithm = "http://www.w3.org/2000/09/xmldsig#rsa-sha1".to_owned();
    });
    court.drafts("digested with SHA-1", |draft| {
        draft.digest = "http://www.w3.org/2000/09/xmldsig#sha1".to_owned()
    });
    let hmac = |xml: String| {
        let xml = xml.replace(mint::RSA_SHA256, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256");
        xml.replace(">platform<", ">owners<")
    };
    court.document("HMAC keyed with the certificate", &hmac(mint.response(&draft(Sign::Assertion))));
    court.drafts("two transforms and a third", |draft| {
        draft.transforms.push_str("<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>");
    });
    let xslt = mint.response(&draft(Sign::Assertion)).replace(
        "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>",
        "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"/>",
    );
    court.document("transformed by XSLT", &xslt);
    let twice = mint.response(&draft(Sign::Assertion));
    let reference = &twice[twice.find("<ds:Reference").unwrap()..twice.find("</ds:SignedInfo>").unwrap()];
    court.document("two references", &twice.replacen(reference, &format!("{reference}{reference}"), 1));
    assert_eq!(
        court.lines.join("\n"),
        "Assertion altered: signature\n\
         Assertion stripped: unsigned\n\
         Assertion by another key, whose certificate it holds: signature\n\
         Assertion with the other certificate put in: signature\n\
         Assertion with one ID twice: duplicate_id\n\
         Assertion with its ID on another element: duplicate_id\n\
         Assertion that signs something else: reference_elsewhere\n\
         Assertion that signs the document: reference_elsewhere\n\
         Response altered: signature\n\
         Response stripped: unsigned\n\
         Response by another key, whose certificate it holds: signature\n\
         Response with the other certificate put in: signature\n\
         Response with one ID twice: duplicate_id\n\
         Response with its ID on another element: duplicate_id\n\
         Response that signs something else: reference_elsewhere\n\
         Response that signs the document: reference_elsewhere\n\
         Both altered: signature\n\
         Both stripped: unsigned\n\
         Both by another key, whose certificate it holds: signature\n\
         Both with the other certificate put in: signature\n\
         Both with one ID twice: duplicate_id\n\
         Both with its ID on another element: duplicate_id\n\
         Both that signs something else: reference_elsewhere\n\
         Both that signs the document: reference_elsewhere\n\
         SHA-1: algorithm\n\
         digested with SHA-1: algorithm\n\
         HMAC keyed with the certificate: algorithm\n\
         two transforms and a third: signature_form\n\
         transformed by XSLT: signature_form\n\
         two references: signature_form"
    );
}

#[test]
fn whatever_only_a_parser_could_be_harmed_by_is_refused_before_one_sees_it() {
    let mint = Mint::new();
    let mut court = court(&mint);
    let genuine = mint.response(&draft(Sign::Response));
    let prefixed = |prefix: &str| format!("{prefix}{genuine}");
    court.document("a document type", &prefixed("<!DOCTYPE samlp:Response>"));
    court.document(
        "an external entity",
        &prefixed("<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>").replace(">ada<", ">&x;<"),
    );
    court.document(
        "a billion laughs",
        &prefixed("<!DOCTYPE r [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>")
            .replace(">ada<", ">&b;<"),
    );
    court.document("an undeclared entity", &genuine.replace(">ada<", ">&ada;<"));
    court.document("a processing instruction", &prefixed("<?xml-stylesheet href=\"http://127.0.0.1/\"?>"));
    court.document("a comment in the NameID", &genuine.replace(">ada<", ">a<!-- -->da<"));
    court.document("a comment before it", &prefixed("<!-- -->"));
    court.document("a CDATA section", &genuine.replace(">ada<", "><![CDATA[ada]]><"));
    court.document("something after it", &format!("{genuine}<evil/>"));
    court.document("text after it", &format!("{genuine}evil"));
    court.document("something before it", &prefixed("<evil/>"));
    court.document("another encoding", &prefixed("<?xml version=\"1.0\" encoding=\"UTF-7\"?>"));
    court.document("elements without an end", &"<a>".repeat(10_000));
    court.document("too much of it", &genuine.replace(">ada<", &format!(">{}<", "a".repeat(1_100_000))));
    court.document("nothing", "");
    court.document("no XML", "SAMLResponse");
    court.document("another message", &genuine.replace("samlp:Response", "samlp:LogoutResponse"));
    court.document("an older SAML", &genuine.replacen("Version=\"2.0\"", "Version=\"1.1\"", 1));
    assert_eq!(
        court.lines.join("\n"),
        "a document type: document_type\n\
         an external entity: document_type\n\
         a billion laughs: document_type\n\
         an undeclared entity: entity\n\
         a processing instruction: processing_instruction\n\
         a comment in the NameID: comment\n\
         a comment before it: comment\n\
         a CDATA section: cdata\n\
         something after it: garbage\n\
         text after it: garbage\n\
         something before it: garbage\n\
         another encoding: encoding\n\
         elements without an end: too_deep\n\
         too much of it: too_long\n\
         nothing: not_well_formed\n\
         no XML: garbage\n\
         another message: no_response\n\
         an older SAML: signature"
    );
}

#[test]
fn what_was_said_to_another_or_at_another_time_is_refused_for_that() {
    let mint = Mint::new();
    let mut court = court(&mint);
    let elsewhere = || "https://elsewhere.example.test/acs".to_owned();
    court.drafts("another issuer", |draft| draft.issuer = elsewhere());
    court.drafts("another issuer of the response", |draft| draft.response_issuer = elsewhere());
    court.drafts("another destination", |draft| draft.destination = Some(elsewhere()));
    court.drafts("no destination", |draft| draft.destination = None);
    court.drafts("another recipient", |draft| draft.recipient = elsewhere());
    court.drafts("another audience", |draft| draft.audiences = vec![vec![elsewhere()]]);
    court.drafts("another audience besides", |draft| draft.audiences.push(vec![elsewhere()]));
    court.drafts("no audience", |draft| draft.audiences.clear());
    court.drafts("an unknown condition", |draft| draft.conditions.push_str("<x:Moon xmlns:x=\"urn:x\"/>"));
    court.drafts("not valid yet", |draft| draft.not_before = now() + minutes(3));
    court.drafts("not valid any more", |draft| draft.not_on_or_after = now() - minutes(2));
    court.drafts("brought late", |draft| draft.bearer_until = now() - minutes(2));
    court.drafts("issued in the future", |draft| draft.issued_at = now() + minutes(3));
    court.drafts("issued long ago", |draft| draft.issued_at = now() - minutes(13));
    court.drafts("no success", |draft| {
        draft.status = "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed".to_owned()
    });
    court.drafts("two requests", |draft| draft.in_response_to = Some("_other".to_owned()));
    court.drafts("a request that only the response names", |draft| draft.in_response_to = None);
    court.drafts("no request", |draft| {
        draft.in_response_to = None;
        draft.response_in_response_to = None;
    });
    court.drafts("a transient name", |draft| {
        draft.name_format = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient".to_owned();
    });
    court.drafts("nobody", |draft| draft.name_id = String::new());
    assert_eq!(
        court.lines.join("\n"),
        "another issuer: issuer\n\
         another issuer of the response: issuer\n\
         another destination: destination\n\
         no destination: BELIEVED, destination, destination\n\
         another recipient: recipient\n\
         another audience: audience\n\
         another audience besides: audience\n\
         no audience: audience\n\
         an unknown condition: condition\n\
         not valid yet: not_yet_valid\n\
         not valid any more: expired\n\
         brought late: brought_late\n\
         issued in the future: issued_later\n\
         issued long ago: issued_long_ago\n\
         no success: status\n\
         two requests: in_response_to\n\
         a request that only the response names: in_response_to\n\
         no request: unsolicited\n\
         a transient name: transient\n\
         nobody: no_subject"
    );
}

/// What is around a signed assertion is anybody's word: a forger may change it, but not to what would be believed.
#[test]
fn the_unsigned_shell_is_looked_at_too() {
    let mint = Mint::new();
    let mut court = court(&mint);
    let genuine = mint.response(&draft(Sign::Assertion));
    court.document("no success", &genuine.replace("status:Success", "status:AuthnFailed"));
    court.document(
        "another destination",
        &genuine.replace("Destination=\"https://seatsync", "Destination=\"https://other"),
    );
    court.document(
        "another request",
        &genuine.replacen("InResponseTo=\"_request\"", "InResponseTo=\"_other\"", 1),
    );
    court
        .document("another issuer", &genuine.replacen(&format!(">{}<", mint::IDP), ">https://evil.test<", 1));
    court.document(
        "an assertion in a status",
        &genuine.replace("<samlp:Status>", "<samlp:Status><saml:Assertion/>"),
    );
    assert_eq!(
        court.lines.join("\n"),
        "no success: status\n\
         another destination: destination\n\
         another request: in_response_to\n\
         another issuer: issuer\n\
         an assertion in a status: misplaced"
    );
}

#[test]
fn without_keys_nothing_is_believed() {
    use seatsync::sources::saml::message::judge::Expected;
    use seatsync::sources::saml::message::receive::{Keys, response};
    let mint = Mint::new();
    let config = config();
    let expected = Expected { config: &config, issuer: mint::IDP, way: Way::SignOn, now: now() };
    for form in [Sign::Nothing, Sign::Assertion, Sign::Response] {
        let xml = mint.response(&draft(form));
        let keys = Keys { signing: &[], decryption: None };
        let reason = response(xml.as_bytes(), keys, &expected).unwrap_err();
        assert_eq!(reason, if form == Sign::Nothing { Refusal::Unsigned } else { Refusal::Signature });
    }
}

#[test]
fn a_key_that_is_too_short_or_not_named_is_no_key() {
    use seatsync::sources::saml::metadata::{MetadataError, decode};
    let mint = Mint::new();
    let short = Mint::of_bits(1024);
    let metadata = |descriptors: &str| {
        format!(
            "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
             xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" entityID=\"{}\"><md:IDPSSODescriptor \
             protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{descriptors}</md:IDPSSODescriptor>\
             </md:EntityDescriptor>",
            mint::IDP
        )
    };
    let key = |mint: &Mint, purpose: &str| {
        format!(
            "<md:KeyDescriptor{purpose}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate>\
             </ds:X509Data></ds:KeyInfo></md:KeyDescriptor>",
            mint.certificate_text()
        )
    };
    let read = |text: &str| decode(text.as_bytes(), None, now());
    let entity_id = mint::IDP.to_owned();
    assert_eq!(read(&metadata("")), Err(MetadataError::NoKey { entity_id: entity_id.clone() }));
    let encrypting = metadata(&key(&mint, " use=\"encryption\""));
    assert_eq!(read(&encrypting), Err(MetadataError::NoKey { entity_id: entity_id.clone() }));
    let trouble = vec!["an RSA key of 1024 bits is too short: 2048 at least".to_owned()];
    assert_eq!(read(&metadata(&key(&short, ""))), Err(MetadataError::NoUsableKey { entity_id, trouble }));
    // While keys are being replaced there are two.
    let both = read(&metadata(&(key(&mint, " use=\"signing\"") + &key(&Mint::new(), "")))).unwrap();
    assert_eq!((both.keys.len(), both.trouble.len()), (2, 0));
    let nested = format!(
        "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" validUntil=\"2026-11-22T03:00:00Z\">{}\
         </md:EntitiesDescriptor>",
        metadata(&key(&mint, ""))
    );
    let at = "2026-11-22T03:00:00Z".parse().unwrap();
    assert_eq!(read(&nested), Err(MetadataError::Expired { at }));
    assert_eq!(
        read("<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\"/>"),
        Err(MetadataError::NoProvider)
    );
    let other = decode(metadata(&key(&mint, "")).as_bytes(), Some("https://other.test"), now()).unwrap_err();
    assert_eq!(
        other.to_string(),
        "it does not describe `https://other.test`, but `https://idp.example.test/metadata`"
    );
}
