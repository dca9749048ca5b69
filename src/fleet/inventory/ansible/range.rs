//! `fw[01:50]`: one entry that stands for many devices, and the port behind a name.

use std::net::Ipv6Addr;

/// The most devices that one entry may stand for: a slip of the pen must not fill the memory.
const MOST: usize = 1_000_000;

/// The names that `text` stands for, and the port behind it (`fw1:2222`, `[2001:db8::1]:22`).
///
/// Fails with what is wrong with a range.
pub(super) fn expand(text: &str) -> Result<(Vec<String>, Option<u16>), String> {
    let (pattern, port) = split_port(text);
    let mut names = vec![pattern.to_owned()];
    while names.first().is_some_and(|name| name.contains('[')) {
        let mut expanded = Vec::new();
        for name in &names {
            expanded.extend(first_range(name)?);
            if expanded.len() > MOST {
                return Err(format!("`{text}` stands for more than {MOST} devices"));
            }
        }
        names = expanded;
    }
    Ok((names, port))
}

/// Ansible takes for a port what stands behind the last colon outside of brackets, when it is a number and what stands in
/// front of it is a host.
fn split_port(text: &str) -> (&str, Option<u16>) {
    if let Some((address, port)) = text.strip_prefix('[').and_then(|rest| rest.split_once("]:"))
        && let Ok(port) = port.parse()
        && !address.contains(['[', ']'])
    {
        return (address, Some(port));
    }
    match text.rsplit_once(':') {
        Some((host, port)) if is_closed(host) && !has_colon(host) && is_number(port) => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (text, None),
        },
        _ => (text, None),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// All brackets in it are closed.
fn is_closed(text: &str) -> bool {
    text.matches('[').count() == text.matches(']').count()
}

/// Whether a colon stands outside of brackets.
fn has_colon(text: &str) -> bool {
    let mut depth = 0i32;
    text.chars().any(|c| {
        depth += i32::from(c == '[') - i32::from(c == ']');
        c == ':' && depth == 0
    })
}

/// The names that the first range of `name` makes of it.
fn first_range(name: &str) -> Result<Vec<String>, String> {
    let wrong = |why: &str| format!("the range in `{name}` {why}");
    let (head, rest) = name.split_once('[').unwrap_or((name, ""));
    let (range, tail) = rest.split_once(']').ok_or_else(|| wrong("is not closed"))?;
    if range.parse::<Ipv6Addr>().is_ok() && head.is_empty() && tail.is_empty() {
        return Ok(vec![range.to_owned()]);
    }
    let bounds: Vec<&str> = range.split(':').collect();
    let (first, last, step) = match bounds.as_slice() {
        [first, last] => (*first, *last, 1),
        [first, last, step] => match step.parse() {
            Ok(step) if step > 0 => (*first, *last, step),
            _ => return Err(wrong("has a step that is no number from 1 on")),
        },
        _ => return Err(wrong("is not FIRST:LAST or FIRST:LAST:STEP")),
    };
    let members = letters(first, last, step).or_else(|| numbers(first, last, step));
    let members = members.ok_or_else(|| wrong("does not go from a number or a letter to one that is not smaller"))?;
    if members.len() > MOST {
        return Err(format!("`{name}` stands for more than {MOST} devices"));
    }
    Ok(members.iter().map(|member| format!("{head}{member}{tail}")).collect())
}

/// Python's `string.ascii_letters`: the small ones, then the large ones.
fn letters(first: &str, last: &str, step: usize) -> Option<Vec<String>> {
    let all = || ('a'..='z').chain('A'..='Z');
    let at = |text: &str| all().position(|letter| text.len() == 1 && text.starts_with(letter));
    let (first, last) = (at(first)?, at(last)?);
    let count = (last + 1).checked_sub(first).filter(|count| *count > 0)?;
    Some(all().skip(first).take(count).step_by(step).map(String::from).collect())
}

/// A leading zero gives the width, which both ends must have then.
fn numbers(first: &str, last: &str, step: usize) -> Option<Vec<String>> {
    let first = if first.is_empty() { "0" } else { first };
    let padded = first.len() > 1 && first.starts_with('0');
    if padded && first.len() != last.len() {
        return None;
    }
    let width = if padded { first.len() } else { 0 };
    let (first, last) = (is_number(first).then(|| first.parse::<u64>().ok())??, last.parse::<u64>().ok()?);
    (first <= last).then(|| (first..=last).step_by(step).take(MOST + 1).map(|n| format!("{n:0width$}")).collect())
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn ranges_stand_for_what_ansible_says() {
        for (text, names) in [
            ("fw1", "fw1"),
            ("fw[1:3]", "fw1 fw2 fw3"),
            ("fw[01:03]-x", "fw01-x fw02-x fw03-x"),
            ("fw[8:10]", "fw8 fw9 fw10"),
            ("fw[0:10:5]", "fw0 fw5 fw10"),
            ("fw-[a:c]", "fw-a fw-b fw-c"),
            ("fw-[a:e:2]", "fw-a fw-c fw-e"),
            ("fw-[y:B]", "fw-y fw-z fw-A fw-B"),
            ("[a:b][1:2]", "a1 a2 b1 b2"),
            ("fw[:2]", "fw0 fw1 fw2"),
        ] {
            assert_eq!(expand(text), Ok((names.split(' ').map(str::to_owned).collect(), None)), "{text}");
        }
    }

    #[test]
    fn a_port_stands_behind_the_name() {
        for (text, name, port) in [
            ("fw1:2222", "fw1", Some(2222)),
            ("[2001:db8::1]:2222", "2001:db8::1", Some(2222)),
            ("2001:db8::1", "2001:db8::1", None),
            ("[2001:db8::1]", "2001:db8::1", None),
            ("192.0.2.1:22", "192.0.2.1", Some(22)),
        ] {
            assert_eq!(expand(text), Ok((vec![name.to_owned()], port)), "{text}");
        }
        assert_eq!(expand("fw[1:2]:2222"), Ok((vec!["fw1".to_owned(), "fw2".to_owned()], Some(2222))));
    }

    #[test]
    fn what_is_no_range_says_why() {
        for (text, why) in [
            ("fw[1:3", "is not closed"),
            ("fw[1]", "is not FIRST:LAST or FIRST:LAST:STEP"),
            ("fw[3:1]", "does not go from a number or a letter to one that is not smaller"),
            ("fw[01:100]", "does not go from a number or a letter to one that is not smaller"),
            ("fw[1:]", "does not go from a number or a letter to one that is not smaller"),
            ("fw[1:3:0]", "has a step that is no number from 1 on"),
        ] {
            assert_eq!(expand(text), Err(format!("the range in `{text}` {why}")));
        }
        assert!(expand("fw[0:99999999]").unwrap_err().ends_with("stands for more than 1000000 devices"));
    }
}
