//! How the operator says how long something takes or lasts: `90m`, `12h`, `30d`, `1d12h`, `60s`.

use std::time::Duration;

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Not a number with a unit, or longer than anybody means.
    #[error("{0:?} is not a duration such as 60s, 90m, 12h or 7d")]
    Form(String),
    /// `90`: of what?
    #[error("{0:?} has no unit")]
    NoUnit(String),
}

impl DurationError {
    /// What to type instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            DurationError::Form(_) => Some("for example 60s, 90m, 12h, 7d or 1d12h".to_owned()),
            DurationError::NoUnit(text) => Some(format!("did you mean {text}s or {text}m?")),
        }
    }
}

/// Reads whole days, hours, minutes and seconds (`d`, `h`, `m`, `s`) and sums of them, the greater unit first or not. A day
/// is 24 hours. No time at all (`0s`) is a duration too.
///
/// # Errors
/// [`DurationError`].
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let form = || DurationError::Form(text.to_owned());
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(form());
    }
    if rest.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DurationError::NoUnit(rest.to_owned()));
    }
    let mut seconds: u64 = 0;
    while let Some(end) = rest.find(|c: char| !c.is_ascii_digit()) {
        let (count, tail) = rest.split_at(end);
        let mut tail = tail.chars();
        let unit = tail.next().and_then(unit_seconds).ok_or_else(form)?;
        let part = count.parse().ok().and_then(|count: u64| count.checked_mul(unit));
        seconds = part.and_then(|part| seconds.checked_add(part)).ok_or_else(form)?;
        rest = tail.as_str();
    }
    if rest.is_empty() { Ok(Duration::from_secs(seconds)) } else { Err(form()) }
}

fn unit_seconds(unit: char) -> Option<u64> {
    match unit {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(60 * 60),
        'd' => Some(24 * 60 * 60),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units_and_sums_of_them() {
        let day = 24 * 60 * 60;
        for (text, seconds) in
            [("60s", 60), ("0s", 0), ("15m", 900), ("30d", 30 * day), ("1d12h", day + day / 2), (" 1m1h ", 3660)]
        {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", " ", "m", "7w", "7d5", "-7d", "1é", "1.5h", "99999999999999999999d", "tomorrow", "later"] {
            assert_eq!(parse(text), Err(DurationError::Form(text.to_owned())), "{text}");
        }
        assert_eq!(parse("90").unwrap_err().hint().as_deref(), Some("did you mean 90s or 90m?"));
    }
}
