//! Feeds whatever the fuzzer finds to `decoders::saml_message`.
#![no_main]

#[path = "../decoders.rs"]
#[expect(dead_code, reason = "each target uses one of them")]
mod decoders;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| decoders::saml_message(bytes));
