//! Encrypted assertions (XML Encryption), with the keys and ciphers that identity providers use. RSA with the padding of
//! PKCS #1 1.5 is none of them: whoever may try often enough reads what was encrypted so (Jager, Somorovsky 2012).

use openssl::encrypt::Decrypter;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Padding;
use openssl::symm::{Cipher, Crypter, Mode, decrypt_aead};

use crate::sources::saml::message::names::DSIG;
use crate::sources::saml::message::refusal::Refusal;
use crate::sources::saml::message::xml::Element;

const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";

const TAG: usize = 16;

/// What stands encrypted in an `EncryptedAssertion`. Whatever is wrong has one name, so that nobody learns from it.
pub fn decrypt(encrypted: &Element, key: &PKey<Private>) -> Result<Vec<u8>, Refusal> {
    try_decrypt(encrypted, key).ok_or(Refusal::Undecipherable)
}

fn try_decrypt(encrypted: &Element, key: &PKey<Private>) -> Option<Vec<u8>> {
    let data = encrypted.child(XENC, "EncryptedData")?;
    // The key stands within, or beside for a single recipient.
    let within = data.child(DSIG, "KeyInfo").and_then(|info| info.child(XENC, "EncryptedKey"));
    let session_key = unwrap(within.or(encrypted.child(XENC, "EncryptedKey"))?, key)?;
    let sealed = cipher_value(data)?;
    let (cipher, is_authenticated) = match method(data)?.attribute("Algorithm")? {
        "http://www.w3.org/2001/04/xmlenc#aes128-cbc" => (Cipher::aes_128_cbc(), false),
        "http://www.w3.org/2001/04/xmlenc#aes256-cbc" => (Cipher::aes_256_cbc(), false),
        "http://www.w3.org/2009/xmlenc11#aes128-gcm" => (Cipher::aes_128_gcm(), true),
        "http://www.w3.org/2009/xmlenc11#aes256-gcm" => (Cipher::aes_256_gcm(), true),
        _ => return None,
    };
    if session_key.len() != cipher.key_len() {
        return None;
    }
    let (iv, sealed) = sealed.split_at_checked(cipher.iv_len()?)?;
    if is_authenticated {
        let (sealed, tag) = sealed.split_at_checked(sealed.len().checked_sub(TAG)?)?;
        decrypt_aead(cipher, &session_key, Some(iv), &[], sealed, tag).ok()
    } else {
        unpadded(blocks(cipher, &session_key, iv, sealed).ok()?, cipher.block_size())
    }
}

/// The key of this message, which only ours opens.
fn unwrap(encrypted: &Element, key: &PKey<Private>) -> Option<Vec<u8>> {
    let method = method(encrypted)?;
    let digest = method.child(DSIG, "DigestMethod").and_then(|digest| digest.attribute("Algorithm"));
    let mask = method.child(XENC11, "MGF").and_then(|mask| mask.attribute("Algorithm"));
    let (digest, mask) = match method.attribute("Algorithm")? {
        "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p" => (digest_of(digest)?, MessageDigest::sha1()),
        "http://www.w3.org/2009/xmlenc11#rsa-oaep" => (digest_of(digest)?, mask_of(mask)?),
        _ => return None,
    };
    let sealed = cipher_value(encrypted)?;
    let opened = || -> Result<Vec<u8>, ErrorStack> {
        let mut decrypter = Decrypter::new(key)?;
        decrypter.set_rsa_padding(Padding::PKCS1_OAEP)?;
        decrypter.set_rsa_oaep_md(digest)?;
        decrypter.set_rsa_mgf1_md(mask)?;
        let mut opened = vec![0; decrypter.decrypt_len(&sealed)?];
        let length = decrypter.decrypt(&sealed, &mut opened)?;
        opened.truncate(length);
        Ok(opened)
    };
    opened().ok()
}

fn digest_of(algorithm: Option<&str>) -> Option<MessageDigest> {
    match algorithm {
        None | Some("http://www.w3.org/2000/09/xmldsig#sha1") => Some(MessageDigest::sha1()),
        Some("http://www.w3.org/2001/04/xmlenc#sha256") => Some(MessageDigest::sha256()),
        Some("http://www.w3.org/2001/04/xmlenc#sha512") => Some(MessageDigest::sha512()),
        Some(_) => None,
    }
}

fn mask_of(algorithm: Option<&str>) -> Option<MessageDigest> {
    match algorithm?.strip_prefix(XENC11)? {
        "mgf1sha1" => Some(MessageDigest::sha1()),
        "mgf1sha256" => Some(MessageDigest::sha256()),
        "mgf1sha512" => Some(MessageDigest::sha512()),
        _ => None,
    }
}

fn method(encrypted: &Element) -> Option<&Element> {
    encrypted.child(XENC, "EncryptionMethod")
}

fn cipher_value(encrypted: &Element) -> Option<Vec<u8>> {
    let text = encrypted.child(XENC, "CipherData")?.child(XENC, "CipherValue")?.text()?;
    let packed: String = text.split_ascii_whitespace().collect();
    data_encoding::BASE64.decode(packed.as_bytes()).ok()
}

fn blocks(cipher: Cipher, key: &[u8], iv: &[u8], sealed: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    let mut crypter = Crypter::new(cipher, Mode::Decrypt, key, Some(iv))?;
    crypter.pad(false);
    let mut opened = vec![0; sealed.len() + cipher.block_size()];
    let mut length = crypter.update(sealed, &mut opened)?;
    length += crypter.finalize(&mut opened[length..])?;
    opened.truncate(length);
    Ok(opened)
}

/// The last byte counts what was filled up; the rest of the filling may be anything (XML Encryption, section 5.2).
fn unpadded(mut opened: Vec<u8>, block: usize) -> Option<Vec<u8>> {
    let filling = usize::from(*opened.last()?);
    if filling == 0 || filling > block {
        return None;
    }
    opened.truncate(opened.len().checked_sub(filling)?);
    Some(opened)
}
