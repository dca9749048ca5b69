//! What goes wrong on some devices of a fleet: `WHAT=PERCENT`, spread over the devices by a seed.

use std::fmt;
use std::str::FromStr;

use super::fault::{Fault, FaultAction, FaultError, Place};
use super::random::Random;

/// Lines that every mint types, so that a fault on one of them is met.
const LINES: [&str; 7] =
    ["get system status", "config system", "edit", "set accprofile", "next", "end", "execute api-user generate-key"];

/// Of those, the ones whose refusal cannot be passed over.
const NEEDED: usize = 6;

/// What goes wrong on one device of a fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mishap {
    /// `refuse-connection`: nothing listens at its port.
    RefuseConnection,
    /// `silent`: it takes connections and says nothing, not even which protocol it speaks.
    Silent,
    /// `refuse-login`: its administrator has another password and no public key.
    RefuseLogin,
    /// `wrong-host-key`: it shows another host key than the inventory says.
    WrongHostKey,
    /// `hang` and every other action of a fault: it befalls one of the lines that each mint types; which one differs
    /// from device to device.
    Somewhere(FaultAction),
    /// `LINE=ACTION`, as it stands behind `--fault`.
    Fault(Fault),
}

/// How many devices of a fleet a mishap befalls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// What befalls them.
    pub mishap: Mishap,
    /// How many, in thousandths of a percent: 1,000 is one device of a hundred.
    pub millipercent: u32,
}

/// All of them.
const WHOLE: u32 = 100_000;

/// Why a text is no rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// It does not end in a share.
    #[error("fault rate `{0}` does not end in =PERCENT, such as hang=1%")]
    NoPercent(String),
    /// The share is not from 0 to 100 %.
    #[error("fault rate `{0}`: a share is from 0% to 100%, with at most three decimals")]
    Percent(String),
    /// Nothing of that name can go wrong.
    #[error(
        "fault rate `{rate}`: `{what}` is neither refuse-connection, silent, refuse-login, wrong-host-key, an action of \
         --fault nor LINE=ACTION"
    )]
    What {
        /// The whole text.
        rate: String,
        /// What stands before the share.
        what: String,
    },
    /// It is a fault, but one that makes no sense.
    #[error(transparent)]
    Fault(FaultError),
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let split = text.rsplit_once('=').and_then(|(what, share)| Some((what, share.strip_suffix('%')?)));
        let (what, share) = split.ok_or_else(|| RateError::NoPercent(text.into()))?;
        let millipercent = millipercent(share).ok_or_else(|| RateError::Percent(text.into()))?;
        Ok(Rate { mishap: mishap(what, text)?, millipercent })
    }
}

fn mishap(what: &str, rate: &str) -> Result<Mishap, RateError> {
    Ok(match what {
        "refuse-connection" => Mishap::RefuseConnection,
        "silent" => Mishap::Silent,
        "refuse-login" => Mishap::RefuseLogin,
        "wrong-host-key" => Mishap::WrongHostKey,
        _ => match (FaultAction::parse(what), what.parse()) {
            (Some(action), _) => Mishap::Somewhere(action),
            (None, Ok(fault)) => Mishap::Fault(fault),
            (None, Err(FaultError::NoAction(_))) => {
                return Err(RateError::What { rate: rate.into(), what: what.into() });
            }
            (None, Err(error)) => return Err(RateError::Fault(error)),
        },
    })
}

/// `1`, `0.5`, `12.125` in thousandths.
fn millipercent(share: &str) -> Option<u32> {
    let (whole, decimals) = share.split_once('.').unwrap_or((share, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || decimals.len() > 3 || !digits(whole) || !digits(decimals) {
        return None;
    }
    let number: u32 = format!("{whole}{decimals:0<3}").parse().ok()?;
    (number <= WHOLE).then_some(number)
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.millipercent / 1000, self.millipercent % 1000);
        let decimals = format!("{rest:03}");
        let decimals = decimals.trim_end_matches('0');
        let point = if decimals.is_empty() { "" } else { "." };
        write!(f, "{}={whole}{point}{decimals}%", self.mishap)
    }
}

impl fmt::Display for Mishap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mishap::RefuseConnection => f.write_str("refuse-connection"),
            Mishap::Silent => f.write_str("silent"),
            Mishap::RefuseLogin => f.write_str("refuse-login"),
            Mishap::WrongHostKey => f.write_str("wrong-host-key"),
            Mishap::Somewhere(action) => action.fmt(f),
            Mishap::Fault(fault) => fault.fmt(f),
        }
    }
}

impl Mishap {
    /// The same, with the line that [`Mishap::Somewhere`] leaves open.
    fn settled(self, random: &mut Random) -> Mishap {
        let Mishap::Somewhere(action) = self else { return self };
        let needed = matches!(action, FaultAction::Refuse(_));
        let lines = LINES.get(LINES.len() - if needed { NEEDED } else { LINES.len() }..).unwrap_or_default();
        let text = lines.get(random.below(lines.len())).copied().unwrap_or_default().to_owned();
        Mishap::Fault(Fault { at: Place::Text { text, anywhere: false, nth: Some(1) }, action })
    }
}

/// Which devices have a mishap, and which one: exactly the share of each rate, rounded, and at most one for a device.
/// Rates that make more than all of them are cut at the end.
pub(super) fn allot(rates: &[Rate], devices: usize, random: &mut Random) -> Vec<Option<Mishap>> {
    let mut befallen: Vec<Option<Mishap>> = Vec::with_capacity(devices);
    for rate in rates {
        for _ in 0..share(rate.millipercent, devices).min(devices - befallen.len()) {
            befallen.push(Some(rate.mishap.clone().settled(random)));
        }
    }
    befallen.resize(devices, None);
    for last in (1..devices).rev() {
        befallen.swap(last, random.below(last + 1));
    }
    befallen
}

fn share(millipercent: u32, devices: usize) -> usize {
    let (part, whole) = (usize::try_from(millipercent).unwrap_or(0), usize::try_from(WHOLE).unwrap_or(1));
    (devices.saturating_mul(part) + whole / 2) / whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_reads_back_as_it_was_written() {
        let written = [
            "hang=1%",
            "refuse-connection=2%",
            "wrong-host-key=0.5%",
            "silent=12.125%",
            "refuse-login=100%",
            "cut:17=0%",
            "next#2=drop-after=1%",
            "*generate-key#*=refuse:no=3%",
        ];
        for text in written {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_rate_that_makes_no_sense_is_refused_with_its_reason() {
        let error = |text: &str| text.parse::<Rate>().unwrap_err();
        assert_eq!(error("hang"), RateError::NoPercent("hang".into()));
        assert_eq!(error("hang=1"), RateError::NoPercent("hang=1".into()));
        assert_eq!(error("hang=101%"), RateError::Percent("hang=101%".into()));
        assert_eq!(error("hang=-1%"), RateError::Percent("hang=-1%".into()));
        assert_eq!(error("hang=1.2345%"), RateError::Percent("hang=1.2345%".into()));
        assert_eq!(error("rain=1%"), RateError::What { rate: "rain=1%".into(), what: "rain".into() });
        assert_eq!(error("0=drop=1%"), RateError::Fault(FaultError::LineZero("0=drop".into())));
    }

    #[test]
    fn a_share_is_exact_and_falls_on_the_same_devices_for_the_same_seed() {
        let rates: Vec<Rate> = ["hang=1%", "refuse-connection=2%"].map(|text| text.parse().unwrap()).to_vec();
        let allotted = |seed| allot(&rates, 1000, &mut Random::new(Some(seed), "fleet"));
        let (first, other) = (allotted(1), allotted(2));
        let count = |wanted: fn(&Mishap) -> bool| first.iter().flatten().filter(|mishap| wanted(mishap)).count();
        assert_eq!(count(|mishap| matches!(mishap, Mishap::Fault(_))), 10);
        assert_eq!(count(|mishap| matches!(mishap, Mishap::RefuseConnection)), 20);
        assert_eq!(first, allotted(1));
        assert_ne!(first, other);
    }

    #[test]
    fn rates_beyond_all_devices_are_cut() {
        let rates: Vec<Rate> = ["silent=80%", "hang=80%"].map(|text| text.parse().unwrap()).to_vec();
        let allotted = allot(&rates, 10, &mut Random::new(Some(1), "fleet"));
        assert_eq!(allotted.iter().flatten().count(), 10);
        assert_eq!(allotted.iter().flatten().filter(|mishap| **mishap == Mishap::Silent).count(), 8);
    }
}
