//! Lists of algorithms as `ssh_config` writes them, applied to what is there by default.

use super::hostkeys::match_pattern;

/// Applies `spec` to the names in `default`; `supported` are all names that there are. `+` appends, `-` removes, `^`
/// puts in front; without one of these the list replaces the default. `*` and `?` stand for what they match. Names that
/// are not supported are passed over: `ssh` may know more than we do.
pub(super) fn assemble(spec: Option<&str>, default: &[String], supported: &[String]) -> Vec<String> {
    let Some(spec) = spec else { return default.to_vec() };
    let (mark, list) = match spec.chars().next() {
        Some(mark @ ('+' | '-' | '^')) => (Some(mark), spec.get(1..).unwrap_or_default()),
        _ => (None, spec),
    };
    let named = || list.split(',').map(str::trim).filter(|name| !name.is_empty());
    let listed = || named().flat_map(|name| supported.iter().filter(|supported| match_pattern(name, supported)));
    match mark {
        Some('+') => unique(default.iter().chain(listed())),
        Some('-') => {
            let keeps = |name: &&String| !named().any(|pattern| match_pattern(pattern, name));
            default.iter().filter(keeps).cloned().collect()
        }
        Some(_) => unique(listed().chain(default)),
        None => unique(listed()),
    }
}

fn unique<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut all = Vec::new();
    for name in names {
        if !all.contains(name) {
            all.push(name.clone());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_mark_says_what_becomes_of_the_default() {
        let (default, supported) = (names("a1 a2 b1"), names("a1 a2 b1 c1 c2"));
        for (spec, expected) in [
            (None, "a1 a2 b1"),
            (Some("b1,a1"), "b1 a1"),
            (Some("+c2"), "a1 a2 b1 c2"),
            (Some("+a1,c?"), "a1 a2 b1 c1 c2"),
            (Some("-a*"), "b1"),
            (Some("^c1,b1"), "c1 b1 a1 a2"),
            (Some("c*,a1,c1"), "c1 c2 a1"),
            (Some("other,b1"), "b1"),
            (Some("other"), ""),
            (Some("-other"), "a1 a2 b1"),
        ] {
            assert_eq!(assemble(spec, &default, &supported), names(expected), "{spec:?}");
        }
    }
}
