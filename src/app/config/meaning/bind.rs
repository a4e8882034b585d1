//! What `bind` of `[ldap.NAME]` means.

use crate::app::config::complaint::Complaint;
use crate::app::config::file::sources::ldap as file;
use crate::app::config::reading::Reading;
use crate::app::config::written::Written;
use crate::sources::ldap::config::{Bind, ClientCertificate};

/// `None` where something was complained of.
pub fn bind(section: &Written<file::Bind>, reading: &mut Reading<'_>) -> Option<Bind> {
    let written = &section.value;
    let flags = [&written.gssapi, &written.external, &written.anonymous];
    if let Some(flag) = flags.into_iter().flatten().find(|flag| !flag.value) {
        reading.complain(Complaint::new(&flag.span, "this says how not to bind").help("remove it"));
        return None;
    }
    let is_simple = written.dn.is_some() || written.password.is_some();
    let certified = written.certificate.is_some() || written.key.is_some();
    let [gssapi, external, anonymous] = flags.map(Option::is_some);
    if let Some(principal) = written.principal.as_ref().filter(|_| !gssapi) {
        let complaint = Complaint::new(&principal.span, "`principal` is for Kerberos alone");
        reading.complain(complaint.help("write `gssapi = true` besides, or remove `principal`"));
    }
    match (is_simple, gssapi, external, anonymous) {
        (true, false, false, false) if !certified => simple(section, reading),
        (false, true, false, false) if !certified => {
            Some(Bind::Gssapi { principal: reading.text(written.principal.as_ref()) })
        }
        (false, false, true, false) => external_bind(section, reading),
        (false, false, false, true) if !certified => Some(Bind::Anonymous),
        (_, _, _, _) => {
            let complaint =
                Complaint::new(&section.span, "`bind` says exactly one way to prove who seatsync is");
            reading.complain(complaint.help(
                "one of: { dn = \"…\", password = { env = \"…\" } }, { gssapi = true }, \
                 { external = true } (with `certificate` and `key`, or without), { anonymous = true }",
            ));
            None
        }
    }
}

fn simple(section: &Written<file::Bind>, reading: &mut Reading<'_>) -> Option<Bind> {
    let (Some(dn), Some(password)) = (&section.value.dn, &section.value.password) else {
        let complaint = Complaint::new(&section.span, "`dn` and `password` go together");
        reading.complain(complaint.help("write both: { dn = \"…\", password = { env = \"…\" } }"));
        return None;
    };
    // A simple bind without a name is an anonymous one, whatever the password (RFC 4513, section 5.1).
    if dn.value.trim().is_empty() {
        let complaint = Complaint::new(&dn.span, "an empty `dn` would bind as nobody");
        reading
            .complain(complaint.help("write the DN, or `bind = { anonymous = true }` where that is meant"));
    }
    let password = reading.secret(password, "password")?;
    Some(Bind::Simple { dn: dn.value.clone(), password })
}

fn external_bind(section: &Written<file::Bind>, reading: &mut Reading<'_>) -> Option<Bind> {
    let certificate = reading.optional_path(section.value.certificate.as_ref());
    let key = reading.optional_path(section.value.key.as_ref());
    let client_certificate = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(ClientCertificate { certificate, key }),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            let complaint = Complaint::new(&section.span, "`certificate` and `key` go together");
            reading.complain(complaint.help("write both, or neither for an `ldapi` socket"));
            return None;
        }
    };
    Some(Bind::External { client_certificate })
}
