//! Words of a CLI line: how FortiOS splits them, and how a value is written so that it stays one word.

use std::borrow::Cow;

/// Why a line cannot be split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsplit {
    /// A quote is not closed.
    Quote,
    /// The line ends in a backslash.
    Backslash,
}

/// The words of `line`: separated by spaces, held together by `"…"` or `'…'`, a backslash before one character taken off. A
/// word that stands in the line in one piece is not copied.
///
/// Source: FortiOS administration guide 7.0.11, "CLI text strings" (651640).
///
/// # Errors
/// When the shell would wait for more.
pub fn split(line: &str) -> Result<Vec<Cow<'_, str>>, Unsplit> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let (word, behind) = first_word(rest)?;
        words.push(word);
        rest = behind.trim_start();
    }
    Ok(words)
}

/// The word at the beginning of `rest`, and what stands behind it.
fn first_word(mut rest: &str) -> Result<(Cow<'_, str>, &str), Unsplit> {
    let mut word = Cow::Borrowed("");
    let mut quote = None;
    loop {
        let ends = |c: char| match quote {
            Some(open) => c == open || c == '\\',
            None => matches!(c, '"' | '\'' | '\\') || c.is_whitespace(),
        };
        let (plain, behind) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
        word += plain;
        let mut behind_it = behind.chars();
        match (quote, behind_it.next()) {
            (_, Some('\\')) => word.to_mut().push(behind_it.next().ok_or(Unsplit::Backslash)?),
            (Some(_), Some(_)) => quote = None,
            (Some(_), None) => return Err(Unsplit::Quote),
            (None, Some(open @ ('"' | '\''))) => quote = Some(open),
            (None, _) => return Ok((word, behind)),
        }
        rest = behind_it.as_str();
    }
}

/// `value` as one word: as it is where an engineer would type it bare, in double quotes otherwise.
pub fn quote(value: &str) -> Cow<'_, str> {
    let bare = |c: char| c.is_ascii_alphanumeric() || "._-:/@+=,%~*".contains(c);
    if !value.is_empty() && value.chars().all(bare) {
        return Cow::Borrowed(value);
    }
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for c in value.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    Cow::Owned(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_split_as_the_shell_does() {
        assert_eq!(split(r#"set vdom "a b" 'c"d' e\ f"#).unwrap(), ["set", "vdom", "a b", "c\"d", "e f"]);
        assert_eq!(split("").unwrap(), Vec::<String>::new());
        assert_eq!(split(r#"set comments """#).unwrap(), ["set", "comments", ""]);
        assert_eq!(split("set x \"open"), Err(Unsplit::Quote));
        assert_eq!(split("set x \\"), Err(Unsplit::Backslash));
    }

    #[test]
    fn names_that_need_no_quotes_get_none() {
        for bare in ["terraform", "10.0.0.1", "2001:db8::/64", "read-write", "https://a.example"] {
            assert_eq!(quote(bare), bare);
        }
        assert_eq!(quote("two words"), "\"two words\"");
        assert_eq!(quote(""), "\"\"");
        assert_eq!(quote(r#"a\"b"#), r#""a\\\"b""#);
    }

    proptest! {
        #[test]
        fn a_quoted_value_is_one_word_again(value in "\\PC*") {
            let line = format!("set comments {}", quote(&value));
            prop_assert_eq!(split(&line).unwrap(), ["set", "comments", value.as_str()]);
        }
    }
}
