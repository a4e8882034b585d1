//! Tokens that others show us: made here, and known by their digests alone.

use data_encoding::HEXLOWER_PERMISSIVE;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// A token that is compared without telling by its time how much of it was right, and is not kept itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    pub fn of(token: &SecretString) -> TokenDigest {
        TokenDigest(Sha256::digest(token.expose_secret()).into())
    }

    /// Of what `sha256sum` prints; `None` where it is no SHA-256.
    pub fn parse(hexadecimal: &str) -> Option<TokenDigest> {
        let bytes = HEXLOWER_PERMISSIVE.decode(hexadecimal.trim().as_bytes()).ok()?;
        Some(TokenDigest(bytes.try_into().ok()?))
    }

    /// Two digests say nothing of each other by how much of them is alike.
    pub fn is_of(&self, shown: &str) -> bool {
        let shown: [u8; 32] = Sha256::digest(shown).into();
        self.0 == shown
    }

    pub fn hexadecimal(&self) -> String {
        HEXLOWER_PERMISSIVE.encode(&self.0)
    }
}

/// A new token that nobody guesses: 244 bits of the system's chance.
pub fn new_token() -> SecretString {
    let (one, other) = (Uuid::new_v4().simple(), Uuid::new_v4().simple());
    SecretString::from(format!("seatsync-{one}{other}"))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use crate::app::token::{TokenDigest, new_token};

    #[test]
    fn a_token_is_known_by_its_digest() {
        let token = new_token();
        let digest = TokenDigest::of(&token);
        assert!(digest.is_of(token.expose_secret()));
        assert!(!digest.is_of("seatsync-"));
        assert_eq!(TokenDigest::parse(&digest.hexadecimal().to_uppercase()), Some(digest));
        assert_eq!(TokenDigest::parse("abc"), None);
        assert_ne!(new_token().expose_secret(), token.expose_secret());
    }
}
