//! Terraform variable files: top-level `name = value` in HCL's native syntax.

use zeroize::Zeroizing;

use super::EditError;
use super::edit::{Setting, Statement, first_line, identifier, indentation};

/// The width of the longer of the two names: `terraform fmt` aligns the equals signs.
const WIDTH: usize = "fortios_hostname".len();

/// `name = "value"`, escaped so that HCL reads back exactly `value`.
pub(super) fn setting(name: &'static str, value: &str) -> Setting {
    let mut line = Zeroizing::new(String::with_capacity(WIDTH + 5 + 6 * value.len()));
    line.push_str(name);
    (name.len()..WIDTH).for_each(|_| line.push(' '));
    line.push_str(" = \"");
    let mut characters = value.chars().peekable();
    while let Some(c) = characters.next() {
        push_escaped(&mut line, c, characters.peek() == Some(&'{'));
    }
    line.push('"');
    Setting { name, line }
}

/// The text that `name = "text"` gives; none where it is no such text, or one with a template in it.
pub(super) fn value(statement: &str) -> Option<Zeroizing<String>> {
    let (_, rest) = identifier(indentation(statement).1, &['_', '-'])?;
    let quoted = indentation(indentation(rest).1.strip_prefix('=')?).1;
    let inner = quoted.strip_prefix('"')?.get(..quoted.len() - behind_string(quoted)?.len() - 2)?;
    let mut text = Zeroizing::new(String::with_capacity(inner.len()));
    let mut rest = inner;
    while let Some(c) = rest.chars().next() {
        let (read, length) = unescaped(c, rest)?;
        text.push_str(read);
        rest = rest.get(length..)?;
    }
    Some(text)
}

/// What stands at the beginning of `rest`, which begins with `c`, and how many bytes that took.
fn unescaped(c: char, rest: &str) -> Option<(&str, usize)> {
    const ESCAPES: [(&str, &str); 7] =
        [("\\\"", "\""), ("\\\\", "\\"), ("\\n", "\n"), ("\\r", "\r"), ("\\t", "\t"), ("$${", "${"), ("%%{", "%{")];
    if let Some((escape, text)) = ESCAPES.iter().find(|(escape, _)| rest.starts_with(escape)) {
        return Some((*text, escape.len()));
    }
    let is_more_than_text = c == '\\' || rest.starts_with("${") || rest.starts_with("%{");
    if is_more_than_text { None } else { Some((rest.get(..c.len_utf8())?, c.len_utf8())) }
}

fn push_escaped(line: &mut String, c: char, before_brace: bool) {
    match c {
        '"' | '\\' => line.extend(['\\', c]),
        '\n' => line.push_str("\\n"),
        '\r' => line.push_str("\\r"),
        '\t' => line.push_str("\\t"),
        '$' | '%' if before_brace => line.extend([c, c]),
        other => line.push(other),
    }
}

/// The statements of a variables file. Lists, maps, heredocs and block comments may span lines; one without an end is
/// refused, because nobody can say which of the lines below it are settings.
pub(super) fn statements(text: &str) -> Result<Vec<Statement<'_>>, EditError> {
    let mut found = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while !rest.is_empty() {
        let length = statement_length(rest).ok_or(EditError::Unclosed { line })?;
        let (text, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        line += text.matches('\n').count();
        found.push(named(text));
        rest = behind;
    }
    Ok(found)
}

fn named(text: &str) -> Statement<'_> {
    let (lead, rest) = indentation(text);
    let name = identifier(rest, &['_', '-']).filter(|(_, rest)| indentation(rest).1.starts_with('='));
    Statement { text, lead, name: name.map(|(name, _)| name) }
}

/// The bytes of the first statement, line end included. None: it has no end.
fn statement_length(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = match c {
            '\n' if depth == 0 => return Some(text.len() - rest.len() + 1),
            '"' => behind_string(rest)?,
            '#' => behind_line_comment(rest),
            '/' if rest.starts_with("//") => behind_line_comment(rest),
            '/' if rest.starts_with("/*") => rest.split_once("*/")?.1,
            '<' if rest.starts_with("<<") => behind_heredoc(rest)?,
            _ => {
                depth = nested(depth, c);
                behind(rest, c)
            }
        };
    }
    (depth == 0).then_some(text.len())
}

fn nested(depth: usize, c: char) -> usize {
    match c {
        '(' | '[' | '{' => depth + 1,
        ')' | ']' | '}' => depth.saturating_sub(1),
        _ => depth,
    }
}

fn behind(text: &str, c: char) -> &str {
    text.get(c.len_utf8()..).unwrap_or("")
}

/// A comment ends before its line end, which ends the statement as well.
fn behind_line_comment(text: &str) -> &str {
    text.find('\n').and_then(|at| text.get(at..)).unwrap_or("")
}

/// A quoted string never spans lines in HCL.
fn behind_string(text: &str) -> Option<&str> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\n' => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return text.get(at + 1..),
            _ => {}
        }
    }
    None
}

/// `<<WORD` or `<<-WORD` up to and including the line that holds only `WORD`, without its line end.
fn behind_heredoc(text: &str) -> Option<&str> {
    let opening = text.strip_prefix("<<")?;
    let opening = opening.strip_prefix('-').unwrap_or(opening);
    let Some((word, rest)) = identifier(opening, &['_', '-']) else { return Some(opening) };
    let mut rest = first_line(rest).1;
    while !rest.is_empty() {
        let (line, below) = first_line(rest);
        if line.trim() == word {
            return rest.get(line.trim_end().len()..);
        }
        rest = below;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::edit::rewrite;

    fn edited(text: &str) -> String {
        let settings = [setting("fortios_hostname", "192.0.2.1"), setting("fortios_token", "newkey")];
        rewrite(&statements(text).unwrap(), &settings).to_string()
    }

    const HOST: &str = "fortios_hostname = \"192.0.2.1\"\n";
    const TOKEN: &str = "fortios_token    = \"newkey\"\n";

    #[test]
    fn other_statements_stay_byte_for_byte() {
        let cases = [
            (String::new(), format!("{HOST}{TOKEN}")),
            ("region = \"x\"".into(), format!("region = \"x\"\n{HOST}{TOKEN}")),
            (
                "a = [\n  \"]\", # ]\n  1,\n]\nfortios_token=\"old\" # comment\nb = 2\n".into(),
                format!("a = [\n  \"]\", # ]\n  1,\n]\n{TOKEN}b = 2\n{HOST}"),
            ),
            (
                "a = <<-EOT\n  fortios_token = \"text\"\n  EOT\n/* fortios_token = 1\n*/\nfortios_token = \"o\\\"ld\"\n".into(),
                format!("a = <<-EOT\n  fortios_token = \"text\"\n  EOT\n/* fortios_token = 1\n*/\n{TOKEN}{HOST}"),
            ),
            (
                "m = {\n  fortios_token = \"inner\"\n}\n// fortios_token = 1\n".into(),
                format!("m = {{\n  fortios_token = \"inner\"\n}}\n// fortios_token = 1\n{HOST}{TOKEN}"),
            ),
        ];
        for (before, after) in cases {
            assert_eq!(edited(&before), after, "{before:?}");
            assert_eq!(edited(&after), after, "a second time: {before:?}");
        }
    }

    #[test]
    fn what_has_no_end_is_refused_with_its_line() {
        for text in ["a = 1\nb = [\n1,\n", "a = 1\nb = \"x\nc = 2\n", "a = 1\n/* x\n", "a = 1\nb = <<E\nx\n"] {
            assert_eq!(statements(text), Err(EditError::Unclosed { line: 2 }), "{text:?}");
        }
    }

    #[test]
    fn a_value_reads_back() {
        for text in ["fccys3", "[2001:db8::2]", "a\"b\\c${d}%{e}$f\n\t"] {
            let line = setting("fortios_token", text).line;
            assert_eq!(value(&line).unwrap().as_str(), text, "{}", *line);
        }
        for other in ["a = var.b", "a = \"${b}\"", "a = [\"b\"]", "a"] {
            assert!(value(other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_value_is_escaped_as_hcl_reads_it() {
        let line = |value: &str| setting("fortios_token", value).line.to_string();
        assert_eq!(line("a\"b\\c${d}%{e}$f"), r#"fortios_token    = "a\"b\\c$${d}%%{e}$f""#);
    }
}
