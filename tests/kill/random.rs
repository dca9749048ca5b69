//! Killed at random instants, some of them more than once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use crate::desk::{Desk, Ran, is_thorough};
use crate::outcome::Undisturbed;
use crate::start::{Start, To};

/// How many runs are killed at once.
const AT_ONCE: u64 = 4;

/// A generator whose numbers are the same for the same seed (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

fn instants() -> u64 {
    number("FGTKEY_KILLS").unwrap_or(if is_thorough() { 240 } else { 60 })
}

/// Another one each time, unless it is given; shown, so that it can be given.
pub fn seed() -> u64 {
    let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let seed = number("FGTKEY_KILL_SEED").unwrap_or(u64::from(clock.subsec_nanos()));
    eprintln!("FGTKEY_KILL_SEED={seed}");
    seed
}

#[test]
fn a_mint_that_is_killed_at_random_instants_is_finished_by_the_same_command() {
    let seed = seed();
    let (next, last) = (AtomicU64::new(seed), seed + instants());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < last) {
                    killed_by(seed);
                }
            });
        }
    });
}

fn killed_by(seed: u64) {
    let mut dice = Dice(seed);
    let (start, to) = (dice.one_of(&Start::ALL), dice.one_of(&To::ALL));
    let whole = u64::try_from(Undisturbed::from(start).takes.as_micros()).unwrap();
    let desk = Desk::new(start, to);
    let mut killed = killed_after(&desk, dice.below(whole));
    while dice.below(3) == 0 && desk.is_unfinished() {
        killed = killed_after(&desk, dice.below(whole));
    }
    desk.finish(&killed, &format!("FGTKEY_KILL_SEED={seed} FGTKEY_KILLS=1"));
}

/// It may have ended before.
pub fn killed_after(desk: &Desk, micros: u64) -> Ran {
    desk.kill_when(|_| std::thread::sleep(Duration::from_micros(micros)))
}
