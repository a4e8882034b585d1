//! What fuzzing found before (`fuzz/corpus`), fed to the same decoders again: needs no fuzzer.
#![cfg(feature = "saml")]

#[path = "../fuzz/decoders.rs"]
mod decoders;

use std::fs;
use std::path::Path;

/// The decoder of a folder.
struct Fed(&'static str, fn(&[u8]));

const DECODERS: [Fed; 16] = [
    Fed("certificate", decoders::certificate),
    Fed("configuration", decoders::configuration),
    Fed("csv", decoders::csv),
    Fed("distinguished_name", decoders::distinguished_name),
    Fed("gitlab_graphql", decoders::gitlab_graphql),
    Fed("gitlab_rest", decoders::gitlab_rest),
    Fed("ldap_entry", decoders::ldap_entry),
    Fed("ldap_message", decoders::ldap_message),
    Fed("ldif", decoders::ldif),
    Fed("object_guid", decoders::object_guid),
    Fed("page_cookie", decoders::page_cookie),
    Fed("plan_file", decoders::plan_file),
    Fed("saml_message", decoders::saml_message),
    Fed("saml_metadata", decoders::saml_metadata),
    Fed("scim", decoders::scim),
    Fed("scim_request", decoders::scim_request),
];

#[test]
fn nothing_that_fuzzing_found_makes_a_decoder_fail_nor_what_is_near_to_it() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut folders: Vec<String> = fs::read_dir(&corpus)
        .unwrap()
        .map(|folder| folder.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    assert_eq!(
        folders,
        DECODERS.map(|Fed(name, _)| name),
        "each decoder has a corpus, and each corpus a decoder"
    );
    for Fed(name, decoder) in DECODERS {
        for file in fs::read_dir(corpus.join(name)).unwrap() {
            let bytes = fs::read(file.unwrap().path()).unwrap();
            decoder(&bytes);
            neighbours(&bytes).for_each(|bytes| decoder(&bytes));
        }
    }
}

/// What differs from it in a byte, or is cut off.
fn neighbours(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len()).flat_map(move |at| {
        let changed = [0, 1, 0x30, 0x7F, 0x80, 0xFF].map(|byte| {
            let mut near = bytes.to_vec();
            near[at] = byte;
            near
        });
        changed
            .into_iter()
            .chain([bytes[..at].to_vec(), [&bytes[..at], &bytes[at..at + 1], &bytes[at..]].concat()])
    })
}
