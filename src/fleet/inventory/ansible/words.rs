//! The words of a line, as Python's `shlex` splits them, and the values of variables, as Python reads them.

/// Splits a line into words. A `#` begins a comment, even in mid-word; quotes are taken away; a backslash takes the meaning
/// from what follows, between double quotes only from a quote and a backslash. None: a quote is not closed, or nothing
/// follows a backslash.
pub(super) fn split(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '#' => break,
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\\' => word.get_or_insert_default().push(chars.next()?),
            quote @ ('"' | '\'') => quoted(quote, &mut chars, word.get_or_insert_default())?,
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

fn quoted(quote: char, chars: &mut std::str::Chars<'_>, word: &mut String) -> Option<()> {
    loop {
        match chars.next()? {
            c if c == quote => return Some(()),
            '\\' if quote == '"' => {
                let next = chars.next()?;
                if !matches!(next, '"' | '\\') {
                    word.push('\\');
                }
                word.push(next);
            }
            c => word.push(c),
        }
    }
}

/// What Ansible makes of a value: a text between quotes loses them, everything else that we need is what it looks like.
pub(super) fn value(text: &str) -> String {
    let inner =
        ['"', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote).map(|t| (quote, t)));
    match inner {
        Some((quote, inner)) => unescaped(quote, inner).unwrap_or_else(|| text.to_owned()),
        None => text.to_owned(),
    }
}

/// None: it is not one text between quotes, and so Ansible leaves it as it is.
fn unescaped(quote: char, inner: &str) -> Option<String> {
    let (mut value, mut chars) = (String::new(), inner.chars());
    while let Some(c) = chars.next() {
        match c {
            c if c == quote => return None,
            '\\' => match chars.next()? {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                other @ ('\\' | '"' | '\'') => value.push(other),
                other => value.extend(['\\', other]),
            },
            c => value.push(c),
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_split_as_shlex_does() {
        for (line, words) in [
            ("fw1 a=b", vec!["fw1", "a=b"]),
            ("fw1 a='b c' # comment", vec!["fw1", "a=b c"]),
            ("fw1 a=b#c d=e", vec!["fw1", "a=b"]),
            (r#"fw1 a="b \"c\" \d" e=f\ g"#, vec!["fw1", r#"a=b "c" \d"#, "e=f g"]),
            (r"fw1 a='b\c'", vec!["fw1", r"a=b\c"]),
            ("fw1\ta=''", vec!["fw1", "a="]),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
        for line in ["fw1 a='b", "fw1 a=\"b", "fw1 \\"] {
            assert_eq!(split(line), None, "{line}");
        }
    }

    #[test]
    fn a_value_between_quotes_loses_them() {
        for (text, read) in [
            ("admin", "admin"),
            ("'admin'", "admin"),
            (r#""a\"b""#, "a\"b"),
            ("'a' + 'b'", "'a' + 'b'"),
            ("2222", "2222"),
            ("'", "'"),
        ] {
            assert_eq!(value(text), read, "{text}");
        }
    }
}
