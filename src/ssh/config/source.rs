//! The files: read once, with all that they include, into statements.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use glob::MatchOptions;

use super::assignment::{self, Assignment};
use super::criteria::{Criteria, Hosts};
use super::error::{ConfigError, Origin, Problem};
use super::keyword;
use super::line::Line;
use super::local::Local;
use super::tokens::Tokens;
use crate::ssh::hostkeys::Place;

/// How deep files may include each other, as in OpenSSH.
pub(super) const MOST_DEPTH: usize = 16;

/// A line that means something to us.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub origin: Origin,
    pub directive: Directive,
}

#[derive(Debug, Clone)]
pub(super) enum Directive {
    Host(Hosts),
    Match(Criteria),
    /// The files, each of which begins in the state of the line.
    Include(Vec<Vec<Statement>>),
    /// An `Include` whose files depend on the device.
    IncludePerDevice(String),
    Assign(&'static str, Assignment),
    /// No keyword that we know, as it was written; `IgnoreUnknown` may make it harmless.
    Unknown(String),
}

/// Whose file it is decides on where the files lie that it includes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Person,
    System,
}

/// Reads files for a person on a machine.
pub(super) struct Reader<'a> {
    pub local: &'a Local,
    pub owner: Owner,
}

impl Reader<'_> {
    /// Reads `file`. A file that `protected` is must not be writable for others.
    pub(super) fn read(&self, file: &Path, protected: bool) -> Result<Vec<Statement>, ConfigError> {
        self.read_at(file, protected, 0)
    }

    fn read_at(&self, file: &Path, protected: bool, depth: usize) -> Result<Vec<Statement>, ConfigError> {
        let read = |source| ConfigError::Read { file: file.to_owned(), source };
        let mut open = File::open(file).map_err(read)?;
        let metadata = open.metadata().map_err(read)?;
        let is_own = metadata.uid() == 0 || metadata.uid() == self.local.uid;
        if protected && (!is_own || metadata.mode() & 0o022 != 0) {
            return Err(ConfigError::Permissions { file: file.to_owned() });
        }
        let mut bytes = Vec::new();
        match open.read_to_end(&mut bytes) {
            // OpenSSH finds nothing in a directory.
            Err(error) if error.kind() == ErrorKind::IsADirectory => {}
            result => drop(result.map_err(read)?),
        }
        self.statements(file, &String::from_utf8_lossy(&bytes), depth)
    }

    fn statements(&self, file: &Path, text: &str, depth: usize) -> Result<Vec<Statement>, ConfigError> {
        let file: Arc<Path> = Arc::from(file);
        let mut statements = Vec::new();
        for (index, text) in text.split('\n').enumerate() {
            let origin = Origin::File(Place { file: file.clone(), line: index + 1 });
            statements.extend(self.statement(text, origin, depth)?);
        }
        Ok(statements)
    }

    fn statement(&self, text: &str, origin: Origin, depth: usize) -> Result<Option<Statement>, ConfigError> {
        let Some(line) = parse_line(text, &origin)? else { return Ok(None) };
        let directive = match line.keyword.as_str() {
            "host" => Hosts::parse(&line).map(Directive::Host),
            "match" => Criteria::parse(&line).map(Directive::Match),
            "include" => return self.include(&line, origin, depth).map(Some),
            _ => return plain_statement(&line, origin),
        };
        let directive = directive.map_err(|problem| malformed(&origin, &line.written, problem))?;
        Ok(Some(Statement { origin, directive }))
    }

    fn include(&self, line: &Line, origin: Origin, depth: usize) -> Result<Statement, ConfigError> {
        let failed = |problem| malformed(&origin, &line.written, problem);
        let mut files = Vec::new();
        for argument in &line.arguments {
            let pattern = match Tokens::Local(self.local).expand_all(argument, self.local) {
                Ok(pattern) => pattern,
                // OpenSSH passes over the file then.
                Err(Problem::Unset(_)) => continue,
                Err(_) => {
                    return Ok(Statement { origin, directive: Directive::IncludePerDevice(argument.clone()) });
                }
            };
            for file in self.files(&pattern).map_err(failed)? {
                if depth == MOST_DEPTH {
                    return Err(failed(Problem::TooDeep));
                }
                files.push(self.read_at(&file, true, depth + 1)?);
            }
        }
        Ok(Statement { origin, directive: Directive::Include(files) })
    }

    /// The files that a pattern names, in alphabetical order; a relative one is sought where its owner's files lie.
    fn files(&self, pattern: &str) -> Result<Vec<PathBuf>, Problem> {
        if pattern.is_empty() {
            return Err(Problem::EmptyArgument);
        }
        if pattern.starts_with('~') && self.owner == Owner::System {
            return Err(Problem::HomeInSystemFile(pattern.to_owned()));
        }
        let directory = match self.owner {
            Owner::Person => self.local.home.join(".ssh"),
            Owner::System => PathBuf::from("/etc/ssh"),
        };
        let Some(path) = self.local.expand_home(pattern) else { return Ok(Vec::new()) };
        let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::default() };
        let paths = glob::glob_with(&directory.join(path).to_string_lossy(), options);
        // A directory that cannot be listed holds nothing, as for OpenSSH.
        Ok(paths.map_err(|_| Problem::Glob(pattern.to_owned()))?.filter_map(Result::ok).collect())
    }
}

/// Reads the text of a `-o`.
pub(super) fn option(text: &str) -> Result<Option<Statement>, ConfigError> {
    let origin = Origin::Option(Arc::from(text));
    let Some(line) = parse_line(text, &origin)? else { return Ok(None) };
    if matches!(line.keyword.as_str(), "host" | "match" | "include") {
        return Err(malformed(&origin, &line.written, Problem::FileOnly));
    }
    plain_statement(&line, origin)
}

/// Whether a file that may be missing is there.
pub(super) fn exists(file: &Path) -> bool {
    !matches!(fs::metadata(file), Err(error) if is_missing(&error))
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn parse_line(text: &str, origin: &Origin) -> Result<Option<Line>, ConfigError> {
    Line::parse(text).map_err(|(keyword, problem)| malformed(origin, &keyword, problem))
}

/// A line with neither `Host`, `Match` nor `Include`; `None` if it is ignored.
fn plain_statement(line: &Line, origin: Origin) -> Result<Option<Statement>, ConfigError> {
    let failed = |problem| malformed(&origin, &line.written, problem);
    let directive = if let Some(name) = assignment::name_of(&line.keyword) {
        Directive::Assign(name, Assignment::parse(name, line).map_err(failed)?)
    } else if let Some(shape) = keyword::ignored(&line.keyword) {
        keyword::check(shape, line).map_err(failed)?;
        return Ok(None);
    } else {
        Directive::Unknown(line.written.clone())
    };
    Ok(Some(Statement { origin, directive }))
}

pub(super) fn malformed(origin: &Origin, keyword: &str, problem: Problem) -> ConfigError {
    ConfigError::Malformed { origin: origin.clone(), keyword: keyword.to_owned(), problem }
}
