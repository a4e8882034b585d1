//! What fuzzing found before (`fuzz/corpus`), fed to the same decoders again: needs no fuzzer.

#[path = "../fuzz/decoders.rs"]
mod decoders;

use std::fs;
use std::path::Path;

/// The decoder of each folder.
const DECODERS: [(&str, fn(&[u8])); 12] = [
    ("certificate", decoders::certificate),
    ("configuration", decoders::configuration),
    ("csv", decoders::csv),
    ("distinguished_name", decoders::distinguished_name),
    ("gitlab_graphql", decoders::gitlab_graphql),
    ("gitlab_rest", decoders::gitlab_rest),
    ("ldap_entry", decoders::ldap_entry),
    ("ldap_message", decoders::ldap_message),
    ("ldif", decoders::ldif),
    ("object_guid", decoders::object_guid),
    ("page_cookie", decoders::page_cookie),
    ("plan_file", decoders::plan_file),
];

#[test]
fn nothing_that_fuzzing_found_makes_a_decoder_fail() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut folders: Vec<String> = fs::read_dir(&corpus)
        .unwrap()
        .map(|folder| folder.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    assert_eq!(
        folders,
        DECODERS.map(|(name, _)| name),
        "each decoder has a corpus, and each corpus a decoder"
    );
    for (name, decoder) in DECODERS {
        for file in fs::read_dir(corpus.join(name)).unwrap() {
            decoder(&fs::read(file.unwrap().path()).unwrap());
        }
    }
}
