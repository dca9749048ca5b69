//! Numbers for keys and salts: reproducible from a seed, and good for nothing else.

use std::hash::{BuildHasher, RandomState};

/// The symbols that occur in published FortiOS keys: 32 of them, so five bits each.
const KEY_SYMBOLS: &[u8; 32] = b"013456789GHNQbcdfghjkmnpqrstwxyz";

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// 32 bytes for a host key: different in each call, and no secret worth keeping.
pub(super) fn seed_bytes() -> [u8; 32] {
    let mut bytes = [0; 32];
    for (number, chunk) in bytes.chunks_mut(8).enumerate() {
        chunk.copy_from_slice(&RandomState::new().hash_one(number).to_le_bytes());
    }
    bytes
}

/// SplitMix64.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// The serial number is mixed in, so that the devices of a fleet do not make the same keys.
    pub(super) fn new(seed: Option<u64>, serial: &str) -> Self {
        let seed = seed.unwrap_or_else(|| RandomState::new().hash_one(serial));
        Random(serial.bytes().fold(seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 when there is none.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 32).unwrap_or(0) % end.max(1)
    }

    fn pick(&mut self, symbols: &[u8]) -> char {
        let at = self.below(symbols.len());
        symbols.get(at).copied().map_or('0', char::from)
    }

    /// 32 bytes for a host key that is the same again.
    pub(super) fn seed_bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&self.next().to_le_bytes()));
        bytes
    }

    /// A key of `length` symbols.
    pub(super) fn key(&mut self, length: usize) -> String {
        (0..length).map(|_| self.pick(KEY_SYMBOLS)).collect()
    }

    /// What follows `ENC ` in `show`: another text each time.
    pub(super) fn salted(&mut self) -> String {
        let hash: String = (0..60).map(|_| self.pick(BASE64)).collect();
        format!("SH2{hash}=")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_keys_again_and_other_ones_on_another_device() {
        let key = |seed, serial| Random::new(Some(seed), serial).key(30);
        assert_eq!(key(1, "FG100FTK00000000"), key(1, "FG100FTK00000000"));
        assert_ne!(key(1, "FG100FTK00000000"), key(1, "FG100FTK00000001"));
        assert_ne!(key(1, "FG100FTK00000000"), key(2, "FG100FTK00000000"));
    }
}
