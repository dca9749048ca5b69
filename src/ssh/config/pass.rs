//! One pass over the statements for one device: which blocks apply, and what they set.

use std::sync::Arc;

use super::assignment::{Assignment, Refusal};
use super::criteria::{Candidate, Criteria, Judgement};
use super::error::{ConfigError, Origin, Problem, Undecided};
use super::keyword;
use super::local::Local;
use super::pattern;
use super::settings::Settings;
use super::source::{Directive, Statement, malformed};
use super::tokens::Tokens;

/// Whether the statements of a block apply.
#[derive(Debug, Clone)]
enum Gate {
    Open,
    Shut,
    /// It depends on a criterion that is not evaluated here.
    Undecided(Arc<Doubt>),
}

/// What a block depends on.
#[derive(Debug)]
struct Doubt {
    criterion: &'static str,
    origin: Origin,
}

impl Gate {
    /// The gate of a block within this one's file.
    fn of_block(&self, applies: bool) -> Gate {
        if applies { self.clone() } else { Gate::Shut }
    }
}

/// The state of a pass.
pub(super) struct Pass<'a> {
    pub local: &'a Local,
    /// The name as it was given.
    pub original: &'a str,
    /// The name to connect to, in the second pass.
    pub settled: Option<&'a str>,
    pub settings: Settings,
    /// A `Match final` stands somewhere.
    pub wants_second: bool,
}

impl Pass<'_> {
    /// Applies what holds for the device.
    pub(super) fn run(&mut self, statements: &[Statement]) -> Result<(), ConfigError> {
        self.run_within(statements, &Gate::Open)
    }

    /// The file begins in the state of the line that includes it, and its own blocks apply at most in that state.
    fn run_within(&mut self, statements: &[Statement], file: &Gate) -> Result<(), ConfigError> {
        let mut block = file.clone();
        for Statement { origin, directive } in statements {
            match directive {
                Directive::Host(hosts) => {
                    block = file.of_block(hosts.match_host(self.settled.unwrap_or(self.original)));
                }
                Directive::Match(criteria) => block = self.judge(criteria, origin, file)?,
                Directive::Include(files) => {
                    files.iter().try_for_each(|statements| self.run_within(statements, &block))?;
                }
                Directive::IncludePerDevice(_) if matches!(block, Gate::Shut) => {}
                Directive::IncludePerDevice(text) => {
                    return Err(malformed(origin, "Include", Problem::IncludePerDevice(text.clone())));
                }
                Directive::Assign(keyword, assignment) => self.assign(keyword, assignment, origin, &block)?,
                Directive::Unknown(keyword) => self.check_unknown(keyword, origin)?,
            }
        }
        Ok(())
    }

    /// A value that is set already, or that does not change anything, does not depend on an undecided block.
    fn assign(
        &mut self,
        keyword: &'static str,
        assignment: &Assignment,
        origin: &Origin,
        block: &Gate,
    ) -> Result<(), ConfigError> {
        match block {
            Gate::Shut => Ok(()),
            Gate::Open => assignment.apply(origin, &mut self.settings).map_err(|refusal| self.refused(refusal, origin)),
            Gate::Undecided(doubt) => {
                let mut settings = self.settings.clone();
                match assignment.apply(origin, &mut settings) {
                    Ok(()) if settings == self.settings => Ok(()),
                    _ => Err(self.undecided(doubt, keyword, origin)),
                }
            }
        }
    }

    fn judge(&mut self, criteria: &Criteria, origin: &Origin, file: &Gate) -> Result<Gate, ConfigError> {
        self.wants_second |= criteria.want_second_pass();
        let host = self.host()?;
        let settings = &self.settings;
        let candidate = Candidate {
            host: &host,
            original: self.original,
            user: settings.user.as_ref().map_or(&self.local.user, |user| &user.value),
            local_user: &self.local.user,
            tag: settings.tag.as_ref().map_or("", |tag| &tag.value),
            is_final: self.settled.is_some(),
        };
        Ok(match (criteria.judge(&candidate), file) {
            (Judgement::Fails, _) | (_, Gate::Shut) => Gate::Shut,
            (Judgement::Open(criterion), Gate::Open) => {
                Gate::Undecided(Arc::new(Doubt { criterion, origin: origin.clone() }))
            }
            (Judgement::Holds | Judgement::Open(_), file) => file.clone(),
        })
    }

    /// The name to connect to, as far as it is known.
    pub(super) fn host(&self) -> Result<String, ConfigError> {
        match (self.settled, &self.settings.host_name) {
            (Some(host), _) => Ok(host.to_owned()),
            (None, None) => Ok(self.original.to_owned()),
            (None, Some(name)) => Tokens::HostName(self.original)
                .expand(&name.value)
                .map_err(|problem| malformed(&name.origin, "Hostname", problem)),
        }
    }

    fn check_unknown(&self, keyword: &str, origin: &Origin) -> Result<(), ConfigError> {
        let ignored = self.settings.ignore_unknown.as_ref();
        if ignored.is_some_and(|list| pattern::host_list_matches(&list.value, keyword)) {
            return Ok(());
        }
        let similar = keyword::similar(&keyword.to_ascii_lowercase());
        Err(ConfigError::UnknownKeyword { origin: origin.clone(), keyword: keyword.to_owned(), similar })
    }

    fn refused(&self, refusal: Refusal, origin: &Origin) -> ConfigError {
        let (origin, host) = (origin.clone(), self.original.to_owned());
        match refusal {
            Refusal::Message(message) => ConfigError::Refused { origin, host, message },
            Refusal::Unsupported(keyword) => ConfigError::Unsupported { origin, keyword, host },
        }
    }

    fn undecided(&self, doubt: &Doubt, keyword: &'static str, at: &Origin) -> ConfigError {
        ConfigError::Undecided(Box::new(Undecided {
            criterion: doubt.criterion,
            origin: doubt.origin.clone(),
            keyword,
            at: at.clone(),
            host: self.original.to_owned(),
        }))
    }
}
