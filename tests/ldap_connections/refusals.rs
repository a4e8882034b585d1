//! Binds that OpenLDAP refuses for the password's sake: the cause and the next step are told.

use seatsync::sources::ldap::config::LdapConfig;

use crate::support::company::{Company, SUFFIX, SYSTEM};
use crate::support::reading::{config, refused, simple, small};
use crate::support::slapd::{Options, Slapd};

/// The company, with an account for each way to be refused.
fn company() -> Company {
    let mut company = small();
    let policy = format!("cn=strict,{SUFFIX}");
    let lines = [
        "objectClass: applicationProcess",
        "objectClass: pwdPolicy",
        "pwdAttribute: userPassword",
        "pwdMaxAge: 86400",
        "pwdMustChange: TRUE",
        "pwdLockout: TRUE",
    ];
    company.entry(&policy, &lines);
    for (account, state) in [
        ("expired", "pwdChangedTime: 20200101000000Z"),
        ("locked", "pwdAccountLockedTime: 000001010000Z"),
        ("fresh", "pwdReset: TRUE"),
    ] {
        let subentry = format!("pwdPolicySubentry: {policy}");
        let password = format!("userPassword: {account}-pw");
        let classes = ["objectClass: organizationalRole", "objectClass: simpleSecurityObject"];
        company
            .entry(&format!("cn={account},{SYSTEM}"), &[classes[0], classes[1], &password, &subentry, state]);
    }
    company
}

#[tokio::test]
async fn a_password_that_its_policy_forbids_says_so() {
    let slapd = Slapd::start(&company().ldif, &Options::default());
    for (account, said, hint) in [
        (
            "expired",
            "result code 49 (invalidCredentials)",
            "the password has expired: set a new one, and exempt this account from expiry",
        ),
        (
            "locked",
            "result code 49 (invalidCredentials)",
            "the account is locked out: unlock it, and look for who tries wrong passwords",
        ),
        (
            "fresh",
            "result code 0 (success)",
            "the password must be changed before first use: set one that is not temporary",
        ),
    ] {
        assert_eq!(
            refused(LdapConfig { bind: simple(account), ..config(&slapd) }).await,
            format!("failed to bind to `{}` as `cn={account},{SYSTEM}`: {said}\nhint: {hint}", slapd.url())
        );
    }
}
