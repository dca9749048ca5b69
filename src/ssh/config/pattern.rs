//! Patterns as ssh_config has them: `*` is any number of characters, `?` is one.

/// Whether `text` is what `pattern` describes; letters in the case in which they stand. Backtracks to the last `*`
/// only, so the time is bounded by the product of the lengths.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(b) if *b == b'?' || text.get(t) == Some(b) => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    (p, t) = (at + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|b| *b == b'*')
}

/// Whether a pattern of a comma-separated list matches and no negated one (`!pattern`) does.
pub(super) fn list_matches(list: &str, text: &str) -> bool {
    patterns_match(list.split(','), text)
}

/// As [`list_matches`], for host names: in either case.
pub(super) fn host_list_matches(list: &str, host: &str) -> bool {
    list_matches(&list.to_ascii_lowercase(), &host.to_ascii_lowercase())
}

/// As [`list_matches`], for patterns that are separate words, as after `Host`.
pub(super) fn patterns_match<'a>(patterns: impl IntoIterator<Item = &'a str>, text: &str) -> bool {
    let mut matched = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(negated) if matches(negated, text) => return false,
            Some(_) => {}
            None => matched |= matches(pattern, text),
        }
    }
    matched
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negated_pattern_takes_back_what_another_grants() {
        assert!(list_matches("fw*,!fw9", "fw1"));
        assert!(!list_matches("fw*,!fw9", "fw9"));
        assert!(!list_matches("!fw9", "fw1"));
        assert!(patterns_match(["fw?", "*"], "fw1"));
    }

    #[test]
    fn only_lists_of_hosts_match_in_either_case() {
        assert!(host_list_matches("FW*", "fw1"));
        assert!(host_list_matches("fw*", "FW1"));
        assert!(!list_matches("FW*", "fw1"));
    }
}
