//! The tests of the tests: what is minted is genuine to a program that has no part in seatsync, and a wrapped document still
//! holds a signature that is right: what refuses it is not an accident.

use std::process::Command;

use crate::attacks::wrapped;
use crate::mint::{Mint, Sign, draft};

/// What `xmlsec1` says of the first signature in a document, or of the one at this place.
fn xmlsec1(mint: &Mint, xml: &str, place: Option<&str>) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (key, document) = (write("idp.pem", &mint.certificate_pem()), write("message.xml", xml));
    let mut command = Command::new("xmlsec1");
    command.arg("--verify").arg("--pubkey-cert-pem").arg(key);
    for element in ["protocol:Response", "assertion:Assertion"] {
        command.arg("--id-attr:ID").arg(format!("urn:oasis:names:tc:SAML:2.0:{element}"));
    }
    command.args(place.iter().flat_map(|place| ["--node-xpath", place])).arg(document);
    let output = command.output().expect("xmlsec1 runs; install it with `cargo xtask setup`");
    output.status.success()
}

#[test]
fn what_is_minted_is_genuine_and_a_forger_has_no_key() {
    let (mint, other) = (Mint::new(), Mint::new());
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        let xml = mint.response(&draft(sign));
        assert!(xmlsec1(&mint, &xml, None), "{sign:?}");
        assert!(!xmlsec1(&other, &xml, None), "{sign:?}");
        assert!(!xmlsec1(&mint, &xml.replace(">platform<", ">owners<"), None), "{sign:?}");
    }
}

/// Of the other three the genuine element stands in its own signature, which xmlsec leaves out of what it digests.
#[test]
fn a_wrapped_document_holds_a_signature_that_is_right() {
    let mint = Mint::new();
    let mut right = Vec::new();
    for (sign, ways) in [(Sign::Response, 1..=2), (Sign::Assertion, 3..=8)] {
        let genuine = mint.response(&draft(sign));
        right.extend(ways.filter(|way| {
            let xml = wrapped(*way, &genuine).unwrap();
            xmlsec1(&mint, &xml, Some("(//*[local-name()='Signature'])[1]"))
        }));
    }
    assert_eq!(right, [2, 3, 4, 5, 7]);
}
