//! Parts of a fleet, for several machines that do not talk to each other.

use std::fmt;
use std::str::FromStr;

/// One of several parts. Which one a device is in, its name alone decides: the same everywhere, whatever else is in the
/// inventory and in whatever order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 1.
    number: u32,
    /// At least 1.
    of: u32,
}

impl Shard {
    /// Whether the device of that name is in this part.
    pub fn has(self, device: &str) -> bool {
        hash(device) % u64::from(self.of) == u64::from(self.number - 1)
    }
}

/// FNV-1a of 64 bits, finished as MurmurHash3 does, so that names which differ in a digit spread evenly. It must never
/// change: runs on several machines, and of several versions of this program, share a fleet by it.
fn hash(text: &str) -> u64 {
    let fnv = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let once = (fnv ^ (fnv >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let twice = (once ^ (once >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    twice ^ (twice >> 33)
}

/// Text that is no part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no part of a fleet: 1/4 is the first of four")]
pub struct NoShard(String);

impl FromStr for Shard {
    type Err = NoShard;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((number, of)) if 1 <= number && number <= of => Ok(Shard { number, of }),
            _ => Err(NoShard(text.to_owned())),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_device_is_in_one_part_and_the_parts_are_even() {
        let shards: Vec<Shard> = (1..=7).map(|number| Shard { number, of: 7 }).collect();
        let mut sizes = [0; 7];
        for device in 0..7000 {
            let name = format!("fw{device}");
            let at: Vec<usize> = (0..7).filter(|shard| shards[*shard].has(&name)).collect();
            assert_eq!(at.len(), 1, "{name}");
            sizes[at[0]] += 1;
        }
        assert!(sizes.iter().all(|size| (850..1150).contains(size)), "{sizes:?}");
    }

    #[test]
    fn where_a_device_belongs_never_changes() {
        let at = |name: &str| (1..=4).find(|number| Shard { number: *number, of: 4 }.has(name)).unwrap();
        assert_eq!(["fw1", "fw2", "berlin-fw-17", ""].map(at), [2, 2, 4, 3]);
    }

    #[test]
    fn what_is_no_part_is_refused() {
        for text in ["", "1", "0/4", "5/4", "1/0", "a/b", "1/4/2", "-1/4"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
        assert_eq!("4/4".parse::<Shard>().unwrap().to_string(), "4/4");
    }
}
