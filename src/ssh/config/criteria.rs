//! The criteria of a `Match` line.

use super::error::Problem;
use super::line::Line;
use super::pattern;

/// All criteria of a line must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Criteria(Vec<Criterion>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Criterion {
    negated: bool,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    All,
    /// `final`: the second pass; it also asks for one.
    Final,
    /// `canonical`: the second pass.
    Canonical,
    Host(String),
    OriginalHost(String),
    User(String),
    LocalUser(String),
    Tagged(String),
    /// The command to run: we run a shell only.
    Command(String),
    SessionType(String),
    /// What we do not evaluate: `exec`, `localnetwork`, `version`.
    Foreign(&'static str),
}

/// What criteria are held against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate<'a> {
    /// The name to connect to, as far as it is known.
    pub host: &'a str,
    /// The name as it was given.
    pub original: &'a str,
    /// Whom to log in.
    pub user: &'a str,
    /// Who runs this.
    pub local_user: &'a str,
    /// The `Tag` that is set; empty for none.
    pub tag: &'a str,
    /// The second pass, in which the host's name is settled.
    pub is_final: bool,
}

/// Whether criteria hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    Holds,
    Fails,
    /// All others hold, and this one cannot be evaluated.
    Open(&'static str),
}

impl Criteria {
    pub(super) fn parse(line: &Line) -> Result<Criteria, Problem> {
        let mut criteria = Vec::new();
        let mut words = line.arguments.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let (negated, word) = word.strip_prefix('!').map_or((false, word), |word| (true, word));
            if word.eq_ignore_ascii_case("all") {
                return with_all(criteria, negated, words.next());
            }
            let test = if word.eq_ignore_ascii_case("final") {
                Test::Final
            } else if word.eq_ignore_ascii_case("canonical") {
                Test::Canonical
            } else {
                test(word, &mut words)?
            };
            criteria.push(Criterion { negated, test });
        }
        if criteria.is_empty() { Err(Problem::NoArgument) } else { Ok(Criteria(criteria)) }
    }

    /// Whether the files are to be read a second time, with the host's name settled. `!final` does not ask for that
    /// since OpenSSH 10.1; before, it did.
    pub(super) fn want_second_pass(&self) -> bool {
        self.0.iter().any(|criterion| criterion.test == Test::Final && !criterion.negated)
    }

    /// A criterion that fails decides, wherever it stands: then nothing depends on those that cannot be evaluated.
    pub(super) fn judge(&self, candidate: &Candidate) -> Judgement {
        let mut open = None;
        for criterion in &self.0 {
            match criterion.test.holds(candidate) {
                Ok(holds) if holds == criterion.negated => return Judgement::Fails,
                Ok(_) => {}
                Err(name) => open = open.or(Some(name)),
            }
        }
        open.map_or(Judgement::Holds, Judgement::Open)
    }
}

/// `all` ends the line; beside it at most one other criterion may stand, which is meant for `final` and `canonical`.
fn with_all(mut before: Vec<Criterion>, negated: bool, after: Option<&str>) -> Result<Criteria, Problem> {
    if before.len() > 1 || after.is_some_and(|word| !word.is_empty()) {
        return Err(Problem::AllAmongOthers);
    }
    before.push(Criterion { negated, test: Test::All });
    Ok(Criteria(before))
}

/// `NAME VALUE`, `NAME=VALUE` or `NAME = VALUE`.
fn test<'a>(word: &str, words: &mut impl Iterator<Item = &'a str>) -> Result<Test, Problem> {
    let (name, value) = match word.split_once('=') {
        Some((name, "")) => (name, words.next()),
        Some((name, value)) => (name, Some(value)),
        None => (word, words.next()),
    };
    let value = if value == Some("=") { words.next() } else { value };
    let value = value.map(|value| value.strip_prefix('=').unwrap_or(value));
    let value = value.ok_or(Problem::NoArgument)?.to_owned();
    let name = name.to_ascii_lowercase();
    if value.is_empty() && name != "tagged" && name != "command" {
        return Err(Problem::EmptyArgument);
    }
    Ok(match name.as_str() {
        "host" => Test::Host(value),
        "originalhost" => Test::OriginalHost(value),
        "user" => Test::User(value),
        "localuser" => Test::LocalUser(value),
        "tagged" => Test::Tagged(value),
        "command" => Test::Command(value),
        "sessiontype" => Test::SessionType(value),
        "exec" => Test::Foreign("exec"),
        "localnetwork" => Test::Foreign("localnetwork"),
        "version" => Test::Foreign("version"),
        _ => return Err(Problem::Criterion(word.to_owned())),
    })
}

impl Test {
    /// An error is the name of what cannot be evaluated.
    fn holds(&self, candidate: &Candidate) -> Result<bool, &'static str> {
        Ok(match self {
            Test::All => true,
            Test::Final | Test::Canonical => candidate.is_final,
            Test::Host(list) => pattern::host_list_matches(list, candidate.host),
            Test::OriginalHost(list) => pattern::host_list_matches(list, candidate.original),
            Test::User(list) => pattern::list_matches(list, candidate.user),
            Test::LocalUser(list) => pattern::list_matches(list, candidate.local_user),
            Test::Tagged(list) if candidate.tag.is_empty() => list.is_empty(),
            Test::Tagged(list) => pattern::list_matches(list, candidate.tag),
            Test::Command(list) => list.is_empty(),
            Test::SessionType(list) => pattern::list_matches(list, "shell"),
            Test::Foreign(name) => return Err(name),
        })
    }
}

/// The patterns of a `Host` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hosts(Vec<String>);

impl Hosts {
    pub(super) fn parse(line: &Line) -> Result<Hosts, Problem> {
        if line.arguments.iter().any(String::is_empty) {
            return Err(Problem::EmptyArgument);
        }
        Ok(Hosts(line.arguments.clone()))
    }

    /// In the case in which `host` was given, unlike `Match host`.
    pub(super) fn match_host(&self, host: &str) -> bool {
        pattern::patterns_match(self.0.iter().map(String::as_str), host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANDIDATE: Candidate = Candidate {
        host: "192.0.2.1",
        original: "fw1",
        user: "admin",
        local_user: "netops",
        tag: "berlin",
        is_final: false,
    };

    fn judge(text: &str) -> Judgement {
        let line = Line::parse(&format!("Match {text}")).unwrap().unwrap();
        Criteria::parse(&line).unwrap().judge(&CANDIDATE)
    }

    #[test]
    fn all_criteria_must_hold() {
        for text in [
            "host 192.0.2.*",
            "originalhost=FW1 user = admin",
            "all",
            "!final",
            "localuser netops,root",
            "canonical !all",
        ] {
            let expected = if text.contains("canonical") { Judgement::Fails } else { Judgement::Holds };
            assert_eq!(judge(text), expected, "{text}");
        }
        for text in
            ["host fw1", "user admin,!admin", "!host 192.0.2.1", "final", "user ADMIN", "!all", "user admin final"]
        {
            assert_eq!(judge(text), Judgement::Fails, "{text}");
        }
    }

    #[test]
    fn newer_criteria_are_about_a_shell() {
        assert_eq!(judge("tagged berlin sessiontype shell command \"\""), Judgement::Holds);
        assert_eq!(judge("command reboot"), Judgement::Fails);
        assert_eq!(judge("tagged \"\""), Judgement::Fails);
    }

    #[test]
    fn a_criterion_that_fails_decides_where_another_is_open() {
        assert_eq!(judge("exec \"true\" user admin"), Judgement::Open("exec"));
        assert_eq!(judge("exec \"true\" user nobody"), Judgement::Fails);
        assert_eq!(judge("!localnetwork 192.0.2.0/24"), Judgement::Open("localnetwork"));
    }

    #[test]
    fn broken_criteria_are_refused() {
        for text in ["host", "frobnicate x", "all host fw1", "host a user b all", "# nothing", "host \"\"", "user #x"] {
            let line = Line::parse(&format!("Match {text}")).unwrap().unwrap();
            assert!(Criteria::parse(&line).is_err(), "{text}");
        }
    }
}
