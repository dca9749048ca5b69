//! What has to be so after a run was killed and run again.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::desk::{Desk, Ran};
use crate::journal::is_end;
use crate::start::{NAME, PAIR, Start, To, Verb};

/// A run that nobody disturbs.
pub struct Undisturbed {
    /// What it leaves on the device.
    pub config: String,
    /// How many lines it sends.
    pub lines: usize,
    /// How long it takes.
    pub takes: Duration,
}

impl Undisturbed {
    /// From this start; each is run once.
    pub fn from(start: Start) -> &'static Undisturbed {
        static ALL: [OnceLock<Undisturbed>; Start::ALL.len()] = [const { OnceLock::new() }; Start::ALL.len()];
        let index = Start::ALL.iter().position(|other| *other == start).unwrap();
        ALL[index].get_or_init(|| {
            let (desk, began) = (Desk::new(start, To::Both), Instant::now());
            let ran = desk.run();
            assert_eq!(ran.status, Some(0), "{ran:#?}");
            let lines = desk.device.commands().len();
            Undisturbed { config: desk.device.config_text(), lines, takes: began.elapsed() }
        })
    }
}

impl Desk {
    /// Runs the same command again, which has to finish the job.
    pub fn finish(&self, killed: &Ran, told: &str) -> Ran {
        let (unfinished, states) = (self.is_unfinished(), self.states());
        let before = self.device.config_text();
        let again = self.run();
        let told = format!("{told} {:?} {:?}\nkilled behind {states:?}\n{killed:#?}\n{again:#?}", self.start, self.to);
        // It was done, and died before it could say so: the key is where it should be, and is not replaced unasked.
        let was_done = states.last().is_some_and(|state| state == "done") && !unfinished && again.status == Some(1);
        if was_done {
            assert!(self.verb == Verb::Mint && again.stderr.contains("already has a key"), "{told}");
            assert_eq!(self.device.config_text(), before, "{told}");
            self.is_done(killed, &told);
        } else {
            assert_eq!(again.status, Some(0), "{told}");
            assert_eq!(again.stderr.contains("taken up"), unfinished, "{told}");
            self.is_done(&again, &told);
        }
        again
    }

    /// Everything is as an undisturbed run leaves it.
    pub fn is_done(&self, last: &Ran, told: &str) {
        self.destinations_have_the_live_key(last, told);
        match self.verb {
            Verb::Mint => {
                self.nothing_else_is_on_the_device(told);
                self.consumers_were_never_cut_off(told);
            }
            Verb::Rotate(_) => {
                self.one_of_the_pair_is_on_the_device(told);
                self.some_key_was_always_live(told);
            }
        }
        self.nothing_lies_about(told);
        assert!(self.states().last().is_some_and(|state| is_end(state)), "{:?} {told}", self.states());
    }

    fn destinations_have_the_live_key(&self, last: &Ran, told: &str) {
        let keys = self.keys(last);
        assert!(!keys.is_empty(), "{told}");
        for key in keys {
            let user = self.device.user_of_key(&key);
            assert!(user.is_some() && user == self.device.api_users().pop(), "{key:?} is not live: {told}");
        }
    }

    /// The keys that the destinations have.
    pub fn keys(&self, last: &Ran) -> Vec<String> {
        let line = |text: String| text.trim_end().to_owned();
        let file = || line(self.read("key").unwrap_or_default());
        let got = || {
            let record: Value = serde_json::from_str(&self.read("got").unwrap_or_default()).unwrap_or_default();
            record["key"].as_str().unwrap_or_default().to_owned()
        };
        let dotenv = || {
            let text = self.read("fw1.env").unwrap_or_default();
            text.lines().find_map(|line| line.strip_prefix("FORTIOS_ACCESS_TOKEN=")).unwrap_or_default().to_owned()
        };
        match self.to {
            To::File => vec![file()],
            To::Both => vec![dotenv(), file()],
            To::Stdout => vec![line(last.stdout.clone())],
            To::Exec => vec![got()],
            To::FileAndExec => vec![file(), got()],
        }
    }

    /// The objects are those that a mint makes that nobody disturbs, and there are no others.
    fn nothing_else_is_on_the_device(&self, told: &str) {
        assert_eq!(self.device.config_text(), Undisturbed::from(self.start).config, "{told}");
        assert_eq!(self.device.api_users(), [NAME], "{told}");
    }

    /// An API user is never there without its trusted hosts, and one that had a key never without one.
    fn consumers_were_never_cut_off(&self, told: &str) {
        for user in self.device.api_user_history(NAME) {
            assert!(user.as_ref().is_none_or(|user| !user.trusted_hosts.is_empty()), "{told}");
            let has_key = user.as_ref().is_some_and(|user| user.has_key);
            assert!(has_key || self.start != Start::Keyed, "{told}");
        }
    }

    /// The new API user is what the old one was, and the old one is gone.
    fn one_of_the_pair_is_on_the_device(&self, told: &str) {
        let (users, minted) = (self.device.api_users(), &Undisturbed::from(self.start).config);
        assert_eq!(users.len(), 1, "{users:?} {told}");
        assert!(PAIR.contains(&users[0].as_str()), "{users:?} {told}");
        let named = format!("config system api-user\n    edit \"{}\"", users[0]);
        let wanted = minted.replace("config system api-user\n    edit \"tf\"", &named);
        assert_eq!(self.device.config_text(), wanted, "{told}");
    }

    /// Of a pair there is one at any time that has a key and its trusted hosts.
    fn some_key_was_always_live(&self, told: &str) {
        let of_pair = PAIR.map(|name| self.device.api_user_history(name));
        let minted = of_pair[0].iter().position(|user| user.as_ref().is_some_and(|user| user.has_key));
        for instant in minted.unwrap_or(of_pair[0].len())..of_pair[0].len() {
            let users = of_pair.iter().filter_map(|history| history[instant].as_ref());
            let (all, live): (Vec<_>, Vec<_>) = (users.clone().collect(), users.filter(|user| user.has_key).collect());
            assert!(!live.is_empty(), "nobody has a key: {told}");
            assert!(all.iter().all(|user| !user.trusted_hosts.is_empty()), "{told}");
        }
    }

    /// No escrow, no drafts, no key but where it was asked for.
    pub fn nothing_lies_about(&self, told: &str) {
        assert_eq!(self.escrow(), [""; 0], "{told}");
        let files = self.files();
        assert!(!files.iter().any(|file| file.contains(".fgtkey-")), "{files:?} {told}");
    }
}
