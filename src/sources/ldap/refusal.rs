//! What a server means by its answer to a bind: refused and why, or accepted to no good end.

use ldap3::LdapResult;

use crate::sources::ldap::conversation::PASSWORD_POLICY;

/// `Ok` where searches may follow; else the next step, which names the cause where the server did not.
pub fn judge(result: &LdapResult) -> Result<(), &'static str> {
    let policy = policy_error(result);
    match (result.rc, policy) {
        // It would refuse every search afterwards (draft-behera-ldap-password-policy-10, section 8.1.2.2).
        (0, Some(PolicyError::ChangeAfterReset)) => Err(MUST_CHANGE),
        (0, _) => Ok(()),
        (_, Some(PolicyError::Expired)) => Err(EXPIRED),
        (_, Some(PolicyError::Locked)) => Err(LOCKED),
        (_, Some(PolicyError::ChangeAfterReset)) => Err(MUST_CHANGE),
        (code, Some(PolicyError::Other) | None) => Err(hint(code, &result.text)),
    }
}

const EXPIRED: &str = "the password has expired: set a new one, and exempt this account from expiry";
const LOCKED: &str = "the account is locked out: unlock it, and look for who tries wrong passwords";
const MUST_CHANGE: &str = "the password must be changed before first use: set one that is not temporary";

fn hint(code: u32, text: &str) -> &'static str {
    // Active Directory tells more in the text, as `data 532` (MS-ERREF, Win32 codes in hexadecimal).
    let told = |code: &str| text.contains(&format!("data {code},"));
    match code {
        49 if told("525") => "there is no such account: check the name in `bind`",
        49 if told("530") || told("531") => {
            "the account may not log on at this time or from this machine: check its logon hours and workstations"
        }
        49 if told("532") => EXPIRED,
        49 if told("533") => "the account is disabled: enable it",
        49 if told("701") => "the account has expired: extend it",
        49 if told("773") => MUST_CHANGE,
        49 if told("775") => LOCKED,
        // `SEC_E_BAD_BINDINGS`.
        49 if told("80090346") => {
            "the server wants TLS channel bindings: nothing may stand between it and us that ends TLS"
        }
        49 => "check the DN and the password in `bind`",
        8 | 13 => "the server wants encryption: use an `ldaps://` URL or `start_tls = true`",
        48 | 53 => "the server does not allow this kind of `bind`",
        7 => "the server does not offer this kind of `bind`",
        _ => "",
    }
}

enum PolicyError {
    Expired,
    Locked,
    ChangeAfterReset,
    Other,
}

/// The error in `PasswordPolicyResponseValue`: `[1] ENUMERATED` (draft-behera-ldap-password-policy-10, section 6.2).
fn policy_error(result: &LdapResult) -> Option<PolicyError> {
    let control = result.ctrls.iter().find(|control| control.1.ctype == PASSWORD_POLICY)?;
    let value = control.1.val.as_deref()?;
    let sequence = crate::sources::ldap::vetting::part(value, 0).ok()??;
    let mut at = sequence.start;
    while let Ok(Some(part)) = crate::sources::ldap::vetting::part(value, at) {
        if part.tag == 0x81 {
            return Some(match value.get(part.start)? {
                0 => PolicyError::Expired,
                1 => PolicyError::Locked,
                2 => PolicyError::ChangeAfterReset,
                _ => PolicyError::Other,
            });
        }
        at = part.end;
    }
    None
}
