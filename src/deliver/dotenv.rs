//! dotenv files: `NAME=value` lines, as shells, Docker and the dotenv libraries read them.

use zeroize::Zeroizing;

use super::EditError;
use super::edit::{Setting, Statement, first_line, identifier, indentation};

/// `NAME=value`, quoted where a shell or a dotenv library would read the bare value differently.
pub(super) fn setting(name: &'static str, value: &str) -> Setting {
    let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || "._:/@%+,-".contains(c));
    let mut line = Zeroizing::new(String::with_capacity(name.len() + 2 * value.len() + 3));
    line.push_str(name);
    line.push('=');
    if plain {
        line.push_str(value);
    } else if value.contains('\'') {
        line.push('"');
        value.chars().for_each(|c| push_escaped(&mut line, c));
        line.push('"');
    } else {
        line.push('\'');
        line.push_str(value);
        line.push('\'');
    }
    Setting { name, line }
}

/// Inside double quotes a backslash protects what would end or expand the value.
fn push_escaped(line: &mut String, c: char) {
    if matches!(c, '"' | '\\' | '$' | '`') {
        line.push('\\');
    }
    line.push(c);
}

/// The statements of a dotenv file. A quoted value may span lines; one without an end is refused, because nobody can say
/// which of the lines below it are settings.
pub(super) fn statements(text: &str) -> Result<Vec<Statement<'_>>, EditError> {
    let mut found = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while !rest.is_empty() {
        let (statement, behind) = statement(rest).ok_or(EditError::Unclosed { line })?;
        line += statement.text.matches('\n').count();
        found.push(statement);
        rest = behind;
    }
    Ok(found)
}

fn statement(text: &str) -> Option<(Statement<'_>, &str)> {
    let (line, behind) = first_line(text);
    let Some((lead, name, value)) = assignment(text) else {
        return Some((Statement { text: line, lead: "", name: None }, behind));
    };
    let begin = text.len() - value.len();
    let end = begin + value_length(value)?;
    let tail = text.get(end..)?;
    let (last, behind) = first_line(tail);
    let whole = text.get(..end + last.len())?;
    Some((Statement { text: whole, lead, name: Some(name) }, behind))
}

/// Indentation with `export`, name, and everything from the value on.
fn assignment(text: &str) -> Option<(&str, &str, &str)> {
    let (indent, rest) = indentation(text);
    let rest = match rest.strip_prefix("export") {
        Some(exported) if exported.starts_with([' ', '\t']) => indentation(exported).1,
        _ => rest,
    };
    let lead = if rest.len() + indent.len() == text.len() { indent } else { text.get(..text.len() - rest.len())? };
    let (name, rest) = identifier(rest, &['_', '.', '-'])?;
    let value = indentation(rest).1.strip_prefix('=')?;
    Some((lead, name, indentation(value).1))
}

/// The value that an assignment gives, unquoted; none where a quote has no end.
pub(super) fn value(statement: &str) -> Option<Zeroizing<String>> {
    let (_, _, value) = assignment(statement)?;
    match value.chars().next() {
        Some(quote @ ('"' | '\'' | '`')) => {
            let inner = value.get(1..value_length(value)?.checked_sub(1)?)?;
            Some(unescaped(inner, quote))
        }
        _ => {
            let bare = value.split_once(" #").map_or(value, |(value, _)| value);
            Some(Zeroizing::new(bare.trim().to_owned()))
        }
    }
}

fn unescaped(inner: &str, quote: char) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(inner.len()));
    let mut characters = inner.chars().peekable();
    while let Some(c) = characters.next() {
        match characters.peek() {
            Some(&next) if c == '\\' && quote != '\'' && matches!(next, '"' | '\\' | '$' | '`') => {
                characters.next();
                text.push(next);
            }
            _ => text.push(c),
        }
    }
    text
}

/// The bytes of a quoted value, quotes included; 0 for a bare one, which ends with its line. None: it has no end.
fn value_length(value: &str) -> Option<usize> {
    let quote = match value.chars().next() {
        Some(quote @ ('"' | '\'' | '`')) => quote,
        _ => return Some(0),
    };
    let mut escaped = false;
    for (at, c) in value.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote != '\'' => escaped = true,
            _ if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::edit::rewrite;

    fn edited(text: &str) -> String {
        let settings = [setting("FORTIOS_ACCESS_HOSTNAME", "192.0.2.1"), setting("FORTIOS_ACCESS_TOKEN", "newkey")];
        rewrite(&statements(text).unwrap(), &settings).to_string()
    }

    #[test]
    fn other_lines_stay_byte_for_byte() {
        let cases = [
            ("", "FORTIOS_ACCESS_HOSTNAME=192.0.2.1\nFORTIOS_ACCESS_TOKEN=newkey\n"),
            (
                "# ours\nA=1\n\nFORTIOS_ACCESS_TOKEN=old\nB='x'\n",
                "# ours\nA=1\n\nFORTIOS_ACCESS_TOKEN=newkey\nB='x'\nFORTIOS_ACCESS_HOSTNAME=192.0.2.1\n",
            ),
            ("A=1", "A=1\nFORTIOS_ACCESS_HOSTNAME=192.0.2.1\nFORTIOS_ACCESS_TOKEN=newkey\n"),
            (
                "A=1\r\nexport FORTIOS_ACCESS_TOKEN = \"old\"\r\n",
                "A=1\r\nexport FORTIOS_ACCESS_TOKEN=newkey\r\nFORTIOS_ACCESS_HOSTNAME=192.0.2.1\r\n",
            ),
            (
                "FORTIOS_ACCESS_TOKEN=a\nFORTIOS_ACCESS_HOSTNAME=b\nFORTIOS_ACCESS_TOKEN=c\n",
                "FORTIOS_ACCESS_TOKEN=newkey\nFORTIOS_ACCESS_HOSTNAME=192.0.2.1\n",
            ),
            (
                "NOTE=\"two\nFORTIOS_ACCESS_TOKEN=not a setting\n\\\" end\"\nFORTIOS_ACCESS_TOKEN='o\nld'\n",
                "NOTE=\"two\nFORTIOS_ACCESS_TOKEN=not a setting\n\\\" end\"\nFORTIOS_ACCESS_TOKEN=newkey\n\
                 FORTIOS_ACCESS_HOSTNAME=192.0.2.1\n",
            ),
            (
                "\u{feff}FORTIOS_ACCESS_TOKEN=old\n#FORTIOS_ACCESS_TOKEN=x\nMY_FORTIOS_ACCESS_TOKEN=y\nQ=it's\n",
                "\u{feff}FORTIOS_ACCESS_TOKEN=newkey\n#FORTIOS_ACCESS_TOKEN=x\nMY_FORTIOS_ACCESS_TOKEN=y\nQ=it's\n\
                 FORTIOS_ACCESS_HOSTNAME=192.0.2.1\n",
            ),
        ];
        for (before, after) in cases {
            assert_eq!(edited(before), after, "{before:?}");
            assert_eq!(edited(after), after, "a second time: {before:?}");
        }
    }

    #[test]
    fn a_quote_without_an_end_is_refused_with_its_line() {
        assert_eq!(statements("A=1\nB=\"x\nC=2\n"), Err(EditError::Unclosed { line: 2 }));
    }

    #[test]
    fn a_value_reads_back() {
        for text in ["fccys3", "[2001:db8::2]", "a'b$c", "a\"b\\c`d", "it's"] {
            let line = setting("X", text).line;
            assert_eq!(value(&line).unwrap().as_str(), text, "{}", *line);
        }
        assert_eq!(value("export X = 'a' # b\n").unwrap().as_str(), "a");
        assert_eq!(value("X=a # b\r\n").unwrap().as_str(), "a");
    }

    #[test]
    fn a_value_is_quoted_when_a_shell_would_read_it_differently() {
        let line = |value: &str| setting("X", value).line.to_string();
        assert_eq!(line("fw1.example.net:8443"), "X=fw1.example.net:8443");
        assert_eq!(line("[2001:db8::2]"), "X='[2001:db8::2]'");
        assert_eq!(line("a'b$c"), "X=\"a'b\\$c\"");
    }
}
