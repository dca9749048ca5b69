//! The administrator's password asked for at any line, in any wording, on a device whose version lets nobody expect it; and
//! the other ways in which what is typed ahead is eaten. The device here is a script: an answer to each line it receives.

use fgtkey::fortios::script::Script;
use fgtkey::session::Manners;
use fgtkey::session::fault::FaultKind;

use super::pair::{Chunks, Far, Pair};
use super::story::{PASSWORD, options};

const SCRIPT: &str = "config system api-user\nedit u\nset accprofile p\nconfig trusthost\nedit 1\n\
    set ipv4-trusthost 10.0.0.1 255.255.255.255\nnext\nedit 2\nset ipv4-trusthost 10.0.0.2 255.255.255.255\nend\nend\n\
    execute api-user generate-key u\n";

const KEY: &str = "38c9tf65gd18jpxr96gQn59dfwnxjg";

/// A device that knows nothing but levels, and asks for the password at one line.
struct Asking {
    asks_at: &'static str,
    wording: &'static str,
    /// How the typed password is shown.
    shows: fn(&str) -> String,
    levels: Vec<&'static str>,
    typed: String,
    pending: Option<String>,
    saved: usize,
    saved_hosts: usize,
    hosts: usize,
    /// Answers to the question, in order.
    answers: Vec<String>,
}

impl Asking {
    fn new(asks_at: &'static str, wording: &'static str, shows: fn(&str) -> String) -> Self {
        let (levels, typed, pending, answers) = (Vec::new(), String::new(), None, Vec::new());
        Asking { asks_at, wording, shows, levels, typed, pending, saved: 0, saved_hosts: 0, hosts: 0, answers }
    }

    fn prompt(&self) -> String {
        match self.levels.last() {
            Some(level) => format!("\r\nfw1 ({level}) # "),
            None => "\r\nfw1 # ".into(),
        }
    }

    fn line(&mut self, line: &str) -> String {
        if let Some(pending) = self.pending.take() {
            self.answers.push(line.to_owned());
            let shown = (self.shows)(line);
            if line != PASSWORD {
                return format!(
                    "{shown}\r\nadmin's password required.\r\nCommand fail. Return code -8102\r\n{}",
                    self.prompt()
                );
            }
            return format!("{shown}\r\n{}{}", self.execute(&pending), self.prompt());
        }
        let echo = format!("{line}\r\r\n");
        if line == self.asks_at {
            self.pending = Some(line.to_owned());
            return format!("{echo}{}", self.wording);
        }
        format!("{echo}{}{}", self.execute(line), self.prompt())
    }

    fn execute(&mut self, line: &str) -> String {
        let level = self.levels.last().copied();
        match (line, level) {
            ("config system api-user", None) => self.levels.push("api-user"),
            ("edit u", Some("api-user")) => self.levels.push("u"),
            ("config trusthost", Some("u")) => self.levels.push("trusthost"),
            ("edit 1", Some("trusthost")) => self.levels.push("1"),
            ("edit 2", Some("trusthost")) => self.levels.push("2"),
            ("next", Some("1")) => {
                self.levels.pop();
                self.hosts += 1;
            }
            ("end", Some("2")) => {
                self.levels.truncate(2);
                self.hosts += 1;
            }
            ("end" | "next", Some("trusthost")) => self.levels.truncate(2),
            ("end", Some("u")) => {
                self.levels.clear();
                self.saved += 1;
                self.saved_hosts = self.hosts;
            }
            ("abort", Some(_)) => {
                self.levels.clear();
                self.hosts = 0;
            }
            ("execute api-user generate-key u", None) => {
                return format!("New API key: {KEY}\r\nNOTE: The bearer of this API key will be granted …\r\n");
            }
            (line, Some(_)) if line.starts_with("set ") => {}
            _ => return "Unknown action 0\r\n".into(),
        }
        String::new()
    }
}

impl Far for Asking {
    fn greeting(&mut self) -> Vec<u8> {
        b"fw1 # ".to_vec()
    }

    fn answer(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut said = String::new();
        for byte in bytes {
            match byte {
                b'\n' => {
                    let line = std::mem::take(&mut self.typed);
                    said.push_str(&self.line(&line));
                }
                3 => {
                    self.typed.clear();
                    if self.pending.take().is_some() {
                        said.push_str("^C\r\n");
                    }
                    said.push_str(&self.prompt());
                }
                byte => self.typed.push(char::from(*byte)),
            }
        }
        Some(said.into_bytes())
    }

    fn has_hung_up(&self) -> bool {
        false
    }
}

const BEFORE_7_6: Manners = Manners { asks_at_commit: false, asks_anywhere: false, unpaged: true };

/// Runs the script until it is through; a device that asks out of turn is tried again with what was learned.
fn run(pair: &mut Pair<Asking>, what: &str) -> usize {
    let script = Script::parse(SCRIPT).unwrap();
    for tries in 1..4 {
        match pair.run(&script) {
            Ok(replies) => {
                let key = replies.iter().find_map(|reply| reply.key.as_ref()).unwrap();
                assert_eq!(key.expose(), KEY, "{what}");
                return tries;
            }
            Err(fault) => {
                assert_eq!(fault.kind, FaultKind::Overrun, "{what}: {fault}\n{}", pair.trace.join("\n"));
                assert!(pair.session.is_at_prompt(), "{what}");
                pair.recover().unwrap_or_else(|fault| panic!("{what}: {fault}"));
                assert!(pair.far.levels.is_empty(), "{what}");
            }
        }
    }
    panic!("{what}: it asks again and again\n{}", pair.trace.join("\n"));
}

#[test]
fn the_password_is_given_wherever_it_is_asked_for_and_shown_nowhere() {
    let shows: [fn(&str) -> String; 3] = [|typed| "*".repeat(typed.len()), |_| String::new(), str::to_owned];
    let wordings = [
        "Please enter current administrator password: ",
        "Current Password: ",
        "Current Password",
        "current password:",
    ];
    for asks_at in ["next", "end", "execute api-user generate-key u"] {
        for wording in wordings {
            for show in shows {
                for size in [1, 2, 3, 7, 30, 4096] {
                    let what = format!("asked at `{asks_at}` with `{wording}`, chunks of {size}");
                    let mut pair = Pair::new(options(), Asking::new(asks_at, wording, show), Chunks::of(size));
                    pair.drive().unwrap();
                    pair.session.set_manners(BEFORE_7_6);
                    let tries = run(&mut pair, &what);
                    assert!(tries <= 3, "{what}: {tries} tries");
                    assert_eq!((pair.far.saved, pair.far.saved_hosts), (1, 2), "{what}");
                    let trace = pair.trace.join("\n");
                    assert!(!trace.contains(PASSWORD) && !trace.contains(KEY), "{what}:\n{trace}");
                    assert!(!format!("{:?}", pair.session).contains(PASSWORD), "{what}");
                }
            }
        }
    }
}

#[test]
fn on_a_device_that_asks_at_a_nested_next_nothing_rides_behind_it_any_more() {
    let asking = Asking::new("next", "Current Password: ", |_| "****".into());
    let mut pair = Pair::new(options(), asking, Chunks::of(4096));
    pair.drive().unwrap();
    pair.session.set_manners(BEFORE_7_6);
    assert_eq!(run(&mut pair, "nested"), 2);
    assert!(pair.session.manners().asks_anywhere);
    assert_eq!(pair.far.answers.last().map(String::as_str), Some(PASSWORD));
}

/// A pager that comes although the session was taken for one without.
struct Paging {
    pages: bool,
    seen: Vec<u8>,
}

impl Far for Paging {
    fn greeting(&mut self) -> Vec<u8> {
        b"fw1 # ".to_vec()
    }

    fn answer(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        self.seen.extend_from_slice(bytes);
        let text = String::from_utf8_lossy(bytes).into_owned();
        let more = self.pages && text.starts_with("show");
        let said = match text.as_str() {
            _ if more => {
                self.pages = false;
                "show system api-user\r\r\nconfig system api-user\r\n--More-- ".to_owned()
            }
            text => text
                .split('\n')
                .filter(|line| !line.trim_matches('\u{3}').is_empty())
                .fold(String::from("\r         \r\r\nfw1 # "), |said, line| {
                    said + &format!("{}\r\r\nend\r\n\r\nfw1 # ", line.trim_matches('\u{3}'))
                }),
        };
        Some(said.into_bytes())
    }

    fn has_hung_up(&self) -> bool {
        false
    }
}

#[test]
fn a_pager_that_eats_what_was_typed_ahead_is_told_and_reads_go_alone_from_then_on() {
    let mut pair = Pair::new(options(), Paging { pages: true, seen: Vec::new() }, Chunks::of(4096));
    pair.drive().unwrap();
    pair.session.set_manners(BEFORE_7_6);
    let script = Script::parse("show system api-user\nshow system admin\n").unwrap();
    let fault = pair.run(&script).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Overrun);
    assert!(pair.session.is_at_prompt());
    assert!(!pair.session.manners().unpaged);
    let writes = pair.writes.len();
    assert_eq!(pair.run(&script).unwrap().len(), 2);
    assert_eq!(pair.writes.len() - writes, 2);
}
