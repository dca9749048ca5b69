//! Faults as data: what goes wrong, and at which command line.
//!
//! A fault is written `LINE=ACTION`. `LINE` is a number (the n-th command line that the device receives, over all its
//! sessions, empty lines not counted) or a text that the line starts with; `*text` is found anywhere in the line;
//! `text#2` is its second occurrence, `text#*` each one. A fault that is not `#*` happens once in the device's life.

use std::fmt;
use std::str::FromStr;

/// One thing that goes wrong at one command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which line.
    pub at: Place,
    /// What happens there.
    pub action: FaultAction,
}

/// Which command line a fault sits on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The n-th command line of the device's life, counted from 1.
    Number(usize),
    /// A line by its text.
    Text {
        /// The text to look for.
        text: String,
        /// Anywhere in the line instead of at its start.
        anywhere: bool,
        /// Which occurrence, counted from 1; `None` is each of them.
        nth: Option<usize>,
    },
}

/// What happens at the line of a [`Fault`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultAction {
    /// The device answers with an error and does not do it. A refused `next` or `end` discards the entry and leaves, as
    /// FortiOS does. Without a text the error is one that suits the command.
    Refuse(Option<String>),
    /// The connection dies before the command is executed.
    Drop,
    /// The command is executed, and the connection dies before the reply.
    DropAfter,
    /// The command is not executed and the session never says another byte.
    Hang,
    /// The command is executed and the session never says another byte.
    HangAfter,
    /// The command is executed, this many bytes of its reply arrive, and the connection dies.
    Cut(usize),
    /// The device asks `Do you want to continue? (y/n)` first.
    Ask,
}

/// Why a text is not a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// There is no `=ACTION` in it that could be understood.
    #[error("fault `{0}` has no action: it is LINE=refuse[:TEXT], drop, drop-after, hang, hang-after, cut:N or ask")]
    NoAction(String),
    /// Nothing stands before the `=`.
    #[error("fault `{0}` does not say at which line")]
    NoPlace(String),
    /// The count after `#` is neither a number from 1 nor `*`.
    #[error("fault `{fault}`: `#{count}` is not an occurrence, which is a number from 1, or `*`")]
    Count {
        /// The whole text.
        fault: String,
        /// What stands after `#`.
        count: String,
    },
    /// Lines are counted from 1.
    #[error("fault `{0}`: lines are counted from 1")]
    LineZero(String),
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let split = text.match_indices('=').find_map(|(at, _)| {
            let (place, action) = (text.get(..at)?, text.get(at + 1..)?);
            Some((place, FaultAction::parse(action)?))
        });
        let (place, action) = split.ok_or_else(|| FaultError::NoAction(text.into()))?;
        Ok(Fault { at: parse_place(place, text)?, action })
    }
}

impl FaultAction {
    /// `refuse`, `refuse:TEXT`, `drop`, `drop-after`, `hang`, `hang-after`, `cut:N` or `ask`.
    pub(super) fn parse(text: &str) -> Option<FaultAction> {
        let (word, rest) = text.split_once(':').map_or((text, None), |(word, rest)| (word, Some(rest)));
        match (word, rest) {
            ("refuse", rest) => Some(FaultAction::Refuse(rest.map(str::to_owned))),
            ("drop", None) => Some(FaultAction::Drop),
            ("drop-after", None) => Some(FaultAction::DropAfter),
            ("hang", None) => Some(FaultAction::Hang),
            ("hang-after", None) => Some(FaultAction::HangAfter),
            ("cut", Some(bytes)) => bytes.parse().ok().map(FaultAction::Cut),
            ("ask", None) => Some(FaultAction::Ask),
            _ => None,
        }
    }
}

fn parse_place(place: &str, fault: &str) -> Result<Place, FaultError> {
    match place.parse() {
        Ok(0) => return Err(FaultError::LineZero(fault.into())),
        Ok(number) => return Ok(Place::Number(number)),
        Err(_) => (),
    }
    let (text, nth) = match place.rsplit_once('#') {
        None => (place, Some(1)),
        Some((text, "*")) => (text, None),
        Some((text, count)) => (text, Some(parse_count(count, fault)?)),
    };
    let (text, anywhere) = text.strip_prefix('*').map_or((text, false), |text| (text, true));
    match text.trim() {
        "" => Err(FaultError::NoPlace(fault.into())),
        text => Ok(Place::Text { text: text.into(), anywhere, nth }),
    }
}

fn parse_count(count: &str, fault: &str) -> Result<usize, FaultError> {
    let wrong = || FaultError::Count { fault: fault.into(), count: count.into() };
    count.parse().ok().filter(|count| *count > 0).ok_or_else(wrong)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.at, self.action)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Number(number) => write!(f, "{number}"),
            Place::Text { text, anywhere, nth } => {
                let star = if *anywhere { "*" } else { "" };
                match nth {
                    None => write!(f, "{star}{text}#*"),
                    Some(1) => write!(f, "{star}{text}"),
                    Some(nth) => write!(f, "{star}{text}#{nth}"),
                }
            }
        }
    }
}

impl fmt::Display for FaultAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FaultAction::Refuse(None) => f.write_str("refuse"),
            FaultAction::Refuse(Some(text)) => write!(f, "refuse:{text}"),
            FaultAction::Drop => f.write_str("drop"),
            FaultAction::DropAfter => f.write_str("drop-after"),
            FaultAction::Hang => f.write_str("hang"),
            FaultAction::HangAfter => f.write_str("hang-after"),
            FaultAction::Cut(bytes) => write!(f, "cut:{bytes}"),
            FaultAction::Ask => f.write_str("ask"),
        }
    }
}

/// The faults of one device, with what has been counted so far.
#[derive(Debug, Default)]
pub(super) struct FaultBook {
    faults: Vec<(Fault, usize)>,
    lines: usize,
}

impl FaultBook {
    pub(super) fn new(faults: Vec<Fault>) -> Self {
        FaultBook { faults: faults.into_iter().map(|fault| (fault, 0)).collect(), lines: 0 }
    }

    /// Counts a command line and says what goes wrong at it.
    pub(super) fn at(&mut self, line: &str) -> Option<FaultAction> {
        self.lines += 1;
        let number = self.lines;
        let mut due = None;
        for (fault, seen) in &mut self.faults {
            if fault.at.is(number, line.trim(), seen) {
                due = due.or_else(|| Some(fault.action.clone()));
            }
        }
        due
    }
}

impl Place {
    fn is(&self, number: usize, line: &str, seen: &mut usize) -> bool {
        match self {
            Place::Number(wanted) => *wanted == number,
            Place::Text { text, anywhere, nth } => {
                let found = if *anywhere { line.contains(text.as_str()) } else { line.starts_with(text.as_str()) };
                *seen += usize::from(found);
                found && nth.is_none_or(|nth| nth == *seen)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_back_as_it_was_written() {
        let written = [
            "3=refuse",
            "next=drop",
            "next#2=drop-after",
            "set accprofile=refuse:entry not found in datasource",
            "execute api-user=cut:17",
            "*generate-key#*=hang",
            "end=hang-after",
            "end=ask",
        ];
        for text in written {
            assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_fault_that_makes_no_sense_is_refused_with_its_reason() {
        assert_eq!("next".parse::<Fault>(), Err(FaultError::NoAction("next".into())));
        assert_eq!("next=explode".parse::<Fault>(), Err(FaultError::NoAction("next=explode".into())));
        assert_eq!("next=cut:x".parse::<Fault>(), Err(FaultError::NoAction("next=cut:x".into())));
        assert_eq!("=drop".parse::<Fault>(), Err(FaultError::NoPlace("=drop".into())));
        assert_eq!("0=drop".parse::<Fault>(), Err(FaultError::LineZero("0=drop".into())));
        assert!(matches!("next#0=drop".parse::<Fault>(), Err(FaultError::Count { .. })));
    }

    #[test]
    fn a_fault_at_the_second_occurrence_happens_once() {
        let mut book = FaultBook::new(vec!["next#2=drop".parse().unwrap()]);
        let due: Vec<_> = ["next", "end", "next", "next"].iter().map(|line| book.at(line).is_some()).collect();
        assert_eq!(due, [false, false, true, false]);
    }

    #[test]
    fn a_fault_by_number_counts_lines_over_all_sessions() {
        let mut book = FaultBook::new(vec!["2=hang".parse().unwrap()]);
        assert_eq!(book.at("get system status"), None);
        assert_eq!(book.at("config system api-user"), Some(FaultAction::Hang));
    }
}
