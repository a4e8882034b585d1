//! Binds that Active Directory refuses: the cause and the next step are told.

use seatsync::sources::ldap::config::{Bind, LdapConfig};

use crate::support::reading::refused;
use crate::support::samba::{Options, SERVICE, Samba};
use crate::support::samba_reading::{bind, config};

#[tokio::test]
async fn a_refused_account_says_why() {
    let samba = Samba::start(&Options::default());
    let wrong = Bind::Simple { dn: format!("CN=svc-reader,{SERVICE}"), password: "wrong".into() };
    for (bind, data, hint) in [
        (wrong, "52e", "check the DN and the password in `bind`"),
        (
            bind("svc-expired"),
            "532",
            "the password has expired: set a new one, and exempt this account from expiry",
        ),
        (bind("svc-disabled"), "533", "the account is disabled: enable it"),
        (bind("svc-acctexp"), "701", "the account has expired: extend it"),
        (
            bind("svc-mustchange"),
            "773",
            "the password must be changed before first use: set one that is not temporary",
        ),
    ] {
        let said = refused(LdapConfig { bind, ..config(&samba) }).await;
        assert!(said.contains("result code 49 (invalidCredentials)"), "{said}");
        assert!(said.contains(&format!("data {data}, ")), "{said}");
        assert!(said.ends_with(&format!("\nhint: {hint}")), "{said}");
    }
    for _ in 0..4 {
        let wrong = Bind::Simple { dn: format!("CN=svc-lock,{SERVICE}"), password: "wrong".into() };
        refused(LdapConfig { bind: wrong, ..config(&samba) }).await;
    }
    let said = refused(LdapConfig { bind: bind("svc-lock"), ..config(&samba) }).await;
    assert!(said.contains("data 775, "), "{said}");
    assert!(
        said.ends_with("hint: the account is locked out: unlock it, and look for who tries wrong passwords"),
        "{said}"
    );
}

#[tokio::test]
async fn a_password_in_the_clear_is_not_taken() {
    let samba = Samba::start(&Options::default());
    let said = refused(LdapConfig { urls: vec![samba.url().parse().unwrap()], ..config(&samba) }).await;
    assert!(said.contains("result code 8 (strongerAuthRequired)"), "{said}");
    assert!(
        said.ends_with("hint: the server wants encryption: use an `ldaps://` URL or `start_tls = true`"),
        "{said}"
    );
}
