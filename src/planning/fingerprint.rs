//! Quick hashing of keys that only need to be told apart within one plan.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Starts every hasher of one map from one number that nobody outside can know: whoever names accounts and people
/// cannot choose names that collide.
#[derive(Debug, Clone, Copy)]
pub struct Fingerprints {
    seed: u64,
}

impl Default for Fingerprints {
    fn default() -> Fingerprints {
        Fingerprints { seed: RandomState::new().hash_one(0) | 1 }
    }
}

impl BuildHasher for Fingerprints {
    type Hasher = Fingerprint;

    fn build_hasher(&self) -> Fingerprint {
        Fingerprint { seed: self.seed, state: self.seed }
    }
}

/// Multiplies eight bytes at a time and folds the halves of the product, as wyhash does.
#[derive(Debug)]
pub struct Fingerprint {
    seed: u64,
    state: u64,
}

impl Hasher for Fingerprint {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.write_u64(u64::from_le_bytes(last) ^ (bytes.len() as u64) << 56);
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(u64::from(byte));
    }

    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.state ^ word) * u128::from(self.seed ^ 0x9e37_79b9_7f4a_7c15);
        self.state = (product as u64) ^ (product >> 64) as u64;
    }

    fn finish(&self) -> u64 {
        self.state
    }
}
