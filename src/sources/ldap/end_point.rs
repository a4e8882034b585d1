//! What ties a bind to one TLS connection: `tls-server-end-point` (RFC 5929, section 4), a hash of the server's certificate.

use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::sources::ldap::vetting::{Part, part};

/// The channel binding of a connection whose server showed this certificate, in DER. `None` where its signature has no
/// hash of its own, for which no binding is defined.
pub fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let hash = match signature_algorithm(certificate)? {
        // MD5 and SHA-1 are replaced by SHA-256.
        [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x04 | 0x05 | 0x0B]
        | [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x01]
        | [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02] => Sha256::digest(certificate).to_vec(),
        [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0C]
        | [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x03] => Sha384::digest(certificate).to_vec(),
        [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0D]
        | [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x04] => Sha512::digest(certificate).to_vec(),
        _ => return None,
    };
    Some([b"tls-server-end-point:", hash.as_slice()].concat())
}

/// The object identifier of `signatureAlgorithm`, the second part of a certificate (RFC 5280, section 4.1).
fn signature_algorithm(certificate: &[u8]) -> Option<&[u8]> {
    let child = |at: usize| -> Option<Part> { part(certificate, at).ok().flatten() };
    let signed = child(child(0)?.start)?;
    let algorithm = child(signed.end)?;
    let identifier = child(algorithm.start).filter(|identifier| identifier.tag == 0x06)?;
    certificate.get(identifier.start..identifier.end)
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use crate::sources::ldap::end_point::end_point;

    #[test]
    fn the_hash_is_that_of_the_signature() {
        let certificate = rcgen::generate_simple_self_signed(["dc1".to_owned()]).unwrap().cert;
        let expected = [b"tls-server-end-point:", Sha256::digest(certificate.der()).as_slice()].concat();
        assert_eq!(end_point(certificate.der()), Some(expected));
    }

    #[test]
    fn what_is_no_certificate_has_none() {
        for bytes in [&b""[..], b"\x30", b"\x30\x84\xFF\xFF\xFF\xFF", b"\x30\x02\x30\x00", &[0x30; 99]] {
            assert_eq!(end_point(bytes), None);
        }
    }
}
