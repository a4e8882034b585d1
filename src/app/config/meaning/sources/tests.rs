//! What a user reads whose identity provider is well written, and means nothing.

use insta::assert_snapshot;

use crate::app::config::tests::words_of;

#[test]
fn a_service_provider_has_one_login_and_paths() {
    assert_snapshot!(words_of(r#"
[scim.a]
url = "http://idp.example.com/scim?x=1"
token = { env = "TOKEN" }
oauth = { client_id = "c" }
attributes = { email = "emails[", extra = ["department", "a b"] }
non_person_member_types = "Device"
[scim.b]
url = "https://idp.example.com/scim"
[scim.c]
url = "https://idp.example.com/scim"
oauth = { token_url = "http://idp.example.com/token", client_id = "", client_secret = { env = "TOKEN" }, client_auth = "basic" }
page_size = 0
identity_attribute = "extern id"
"#), @r#"
     2: `http://idp.example.com/scim?x=1` is not encrypted: secrets and personal data would cross the network in the clear
        use https://, or add `allow_plaintext = true` to this section to take the risk
     2: the address ends with its path
     4: `scim.a.oauth` lacks `token_url`
        add `token_url = …`
     4: `scim.a.oauth` lacks `client_secret`
        add `client_secret = …`
     4: `token` and `oauth` exclude each other
        keep the one that the service provider wants
     5: `emails[` is no attribute of SCIM
        write it as `userName`, `name.formatted`, `emails[type eq "work"].value` or `urn:…:User:department`
     5: `a b` is no attribute of SCIM
        write it as `userName`, `name.formatted`, `emails[type eq "work"].value` or `urn:…:User:department`
     6: `scim.a.non_person_member_types` is an array, and here is a string
        write it in brackets: ["…"]
     8: there is no token for this service provider
        add `token = { env = "…" }`, or `oauth = { token_url = "…", client_id = "…", client_secret = { env = "…" } }`
    11: `http://idp.example.com/token` is not encrypted: secrets and personal data would cross the network in the clear
        use https://, or add `allow_plaintext = true` to this section to take the risk
    11: this is empty
        leave the key out, or give it a value
    11: `basic` is no value of `scim.c.oauth.client_auth`
        one of: `client_secret_basic`, `client_secret_post`
    12: `scim.c.page_size` must be between 1 and 10000
    13: `extern id` is no attribute of SCIM
        write it as `userName`, `name.formatted`, `emails[type eq "work"].value` or `urn:…:User:department`
    "#);
}

#[test]
fn an_identity_provider_is_met_over_https_and_for_a_while() {
    assert_snapshot!(words_of(r#"
[saml."an idp"]
url = "http://seatsync.example.com"
metadata = "http://idp.example.com/metadata"
valid_for = "5m"
clock_skew = "1h"
decryption_key = { env = "TOKEN" }
query_after = "31d"
attributes = { groups = "" }
"#), @r#"
    2: the name `an idp` becomes part of an address
       name the source with letters, digits, `-`, `_` and `.` alone
    2: `http://seatsync.example.com/` is not encrypted: secrets and personal data would cross the network in the clear
       write it as https://, as a proxy or `[serve] certificate` serves it, or add `allow_plaintext = true` to this section to take the risk
    3: `http://idp.example.com/metadata` is not encrypted: secrets and personal data would cross the network in the clear
       whoever can change metadata on its way can say anything: use https://, or a file, or add `allow_plaintext = true` to this section to take the risk
    4: this is between 1h and 8784h
       choose something in between
    5: this is between 0s and 10m
       choose something in between
    6: `decryption_key` and `decryption_certificate` belong together
       write both, or neither
    7: this is between 1m and 5m
       choose something in between
    8: this is empty
       leave the key out, or give it a value
    "#);
}
