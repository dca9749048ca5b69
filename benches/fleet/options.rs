//! What stands behind `cargo bench --bench fleet --`.

use super::contestant::Contestant;

/// Sessions at a time that each contestant is tried with.
const JOBS: [usize; 3] = [16, 48, 128];

/// The flags.
pub struct Options {
    pub rounds: usize,
    devices: usize,
    jobs: Vec<usize>,
    only: Vec<String>,
}

impl Options {
    pub fn read(arguments: &[String]) -> Options {
        let value = |flag: &str| {
            let at = arguments.iter().position(|argument| argument == flag)?;
            arguments.get(at + 1).cloned()
        };
        let number = |flag: &str| value(flag).map(|text| text.parse().unwrap());
        Options {
            rounds: number("--rounds").unwrap_or(3),
            devices: number("--devices").unwrap_or(400),
            jobs: number("--jobs").map_or(JOBS.to_vec(), |jobs| vec![jobs]),
            only: value("--only").iter().flat_map(|names| names.split(',')).map(str::to_owned).collect(),
        }
    }

    /// Those of `all` that are to run: all, or the ones whose names contain one of the words.
    pub fn chosen(&self, all: &[Contestant]) -> Vec<Contestant> {
        let wanted = |name: &str| self.only.is_empty() || self.only.iter().any(|word| name.contains(word.as_str()));
        all.iter().copied().filter(|contestant| wanted(contestant.name())).collect()
    }

    pub fn jobs_to_try(&self) -> &[usize] {
        &self.jobs
    }

    /// A tenth for netmiko: its rate is the same, and it takes long enough.
    pub fn devices_of(&self, contestant: Contestant) -> usize {
        if contestant == Contestant::NetmikoNornir { self.devices.div_ceil(10) } else { self.devices }
    }
}
