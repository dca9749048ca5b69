//! One line of ssh_config, cut into a keyword and arguments as OpenSSH cuts it.

use super::error::Problem;

const WHITESPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// A line that says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// The keyword in lower case: keywords are the same in either case.
    pub keyword: String,
    /// The keyword as it was written, for messages.
    pub written: String,
    /// All that follows the keyword and an equals sign, quotes and comments included: what commands are taken from.
    pub rest: String,
    /// The arguments, unquoted, without a comment.
    pub arguments: Vec<String>,
}

impl Line {
    /// `None` is a line that says nothing: empty, or a comment.
    pub(super) fn parse(text: &str) -> Result<Option<Line>, (String, Problem)> {
        let text = text.trim_end_matches([' ', '\t', '\r', '\n', '\x0c']).trim_start_matches(WHITESPACE);
        if text.is_empty() || text.starts_with('#') {
            return Ok(None);
        }
        let (written, rest) = cut_keyword(text);
        if rest.is_empty() {
            return Err((written.to_owned(), Problem::NoArgument));
        }
        let arguments = split_arguments(rest).map_err(|problem| (written.to_owned(), problem))?;
        let keyword = written.to_ascii_lowercase();
        Ok(Some(Line { keyword, written: written.to_owned(), rest: rest.to_owned(), arguments }))
    }

    /// The one argument, for keywords that take one.
    pub(super) fn argument(&self) -> Result<&str, Problem> {
        match self.arguments.as_slice() {
            [] => Err(Problem::NoArgument),
            [value] if value.is_empty() => Err(Problem::EmptyArgument),
            [value] => Ok(value),
            [_, extra, ..] => Err(Problem::ExtraArgument(extra.clone())),
        }
    }
}

/// The keyword ends at white space, at one equals sign with or without white space around it, or it stands in quotes.
fn cut_keyword(text: &str) -> (&str, &str) {
    if let Some((quoted, rest)) = text.strip_prefix('"').and_then(|text| text.split_once('"')) {
        return (quoted, rest.trim_start_matches(WHITESPACE));
    }
    let (keyword, rest) = text.split_at(text.find(['=', ' ', '\t', '\r', '\n', '"']).unwrap_or(text.len()));
    let rest = rest.trim_start_matches(WHITESPACE);
    (keyword, rest.strip_prefix('=').unwrap_or(rest).trim_start_matches(WHITESPACE))
}

/// Arguments are separated by blanks; either quote keeps blanks together, a backslash takes the meaning from quotes,
/// blanks and itself, and `#` at the start of an argument begins a comment.
pub(super) fn split_arguments(text: &str) -> Result<Vec<String>, Problem> {
    let mut arguments = Vec::new();
    let mut rest = text.trim_start_matches([' ', '\t']);
    while !rest.is_empty() && !rest.starts_with('#') {
        let (argument, after) = take_argument(rest)?;
        arguments.push(argument);
        rest = after.trim_start_matches([' ', '\t']);
    }
    Ok(arguments)
}

fn take_argument(text: &str) -> Result<(String, &str), Problem> {
    let mut argument = String::new();
    let mut quote = None;
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        match (c, quote) {
            ('\\', _) => match characters.next_if(|(_, next)| is_escaped(*next, quote)) {
                Some((_, escaped)) => argument.push(escaped),
                None => argument.push('\\'),
            },
            (' ' | '\t', None) => return Ok((argument, text.get(at..).unwrap_or_default())),
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (c, _) => argument.push(c),
        }
    }
    if quote.is_some() { Err(Problem::Quotes) } else { Ok((argument, "")) }
}

fn is_escaped(c: char, quote: Option<char>) -> bool {
    matches!(c, '"' | '\'' | '\\') || (c == ' ' && quote.is_none())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(text: &str) -> (String, Vec<String>) {
        let line = Line::parse(text).unwrap().unwrap();
        (line.keyword, line.arguments)
    }

    #[test]
    fn a_keyword_ends_at_a_blank_or_an_equals_sign() {
        for text in ["Port 22", " port=22", "PORT = 22 ", "\tPort  =22\r\n", "port\t22\x0c", "\"Port\" 22"] {
            assert_eq!(cut(text), ("port".to_owned(), vec!["22".to_owned()]), "{text:?}");
        }
    }

    #[test]
    fn quotes_and_backslashes_keep_arguments_together() {
        let arguments = |text| split_arguments(text).unwrap();
        assert_eq!(arguments(r#""a b" c"#), ["a b", "c"]);
        assert_eq!(arguments(r"a\ b 'c d'"), ["a b", "c d"]);
        assert_eq!(arguments(r#"a"b c"d \"e \x "f\ g""#), ["ab cd", "\"e", r"\x", r"f\ g"]);
        assert_eq!(arguments("a # b"), ["a"]);
        assert_eq!(arguments("a#b"), ["a#b"]);
        assert_eq!(arguments("\"\""), [""]);
        assert_eq!(split_arguments("\"a b"), Err(Problem::Quotes));
    }

    #[test]
    fn empty_lines_and_comments_say_nothing() {
        for text in ["", "   ", "# Port 22", " \t#", "\x0c"] {
            assert_eq!(Line::parse(text), Ok(None), "{text:?}");
        }
        assert!(Line::parse("Port").is_err());
        assert!(Line::parse("Port = ").is_err());
    }

    proptest! {
        #[test]
        fn no_line_makes_a_panic(text in "\\PC{0,80}") {
            let _ = Line::parse(&text);
        }

        #[test]
        fn words_survive_quoting(words in prop::collection::vec("[a-z '#=]{1,8}", 1..5)) {
            let text = words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" ");
            prop_assert_eq!(split_arguments(&text).unwrap(), words);
        }
    }
}
