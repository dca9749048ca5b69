//! A command line to words, by the quoting rules of the FortiOS CLI (documentation 651640, "CLI text strings").

/// One word of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// Quotes or backslashes were used: the word is a value, never a pipe.
    pub(super) quoted: bool,
}

/// What a typed line is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Split {
    Words(Vec<Word>),
    /// A quote is still open, or the line ends in a backslash: the next line belongs to it.
    Open(Open),
}

/// Why a line goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    DoubleQuote,
    SingleQuote,
    Backslash,
}

/// Splits a line at its blanks; `"…"`, `'…'` and `\` protect them.
pub(super) fn split(line: &str) -> Split {
    if is_plain(line) {
        let word = |text: &str| Word { text: text.to_owned(), quoted: false };
        return Split::Words(line.split_ascii_whitespace().map(word).collect());
    }
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let mut quote = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (_, '\\') => match characters.next() {
                Some(escaped) => grow(&mut word, escaped, true),
                None => return Split::Open(Open::Backslash),
            },
            (Some(open), _) if character == open => quote = None,
            (Some(_), _) => grow(&mut word, character, true),
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_with(|| Word { text: String::new(), quoted: true }).quoted = true;
            }
            (None, _) if character.is_ascii_whitespace() => words.extend(word.take()),
            (None, _) => grow(&mut word, character, false),
        }
    }
    words.extend(word);
    match quote {
        None => Split::Words(words),
        Some('"') => Split::Open(Open::DoubleQuote),
        Some(_) => Split::Open(Open::SingleQuote),
    }
}

/// Whether nothing in the line protects blanks, as in most lines: it is complete, and its words are what blanks part.
fn is_plain(line: &str) -> bool {
    !line.bytes().any(|byte| matches!(byte, b'\\' | b'"' | b'\''))
}

/// Why the line goes on in the next one; `None` when it is complete.
pub(super) fn open_end(line: &str) -> Option<Open> {
    if is_plain(line) {
        return None;
    }
    match split(line) {
        Split::Open(open) => Some(open),
        Split::Words(_) => None,
    }
}

fn grow(word: &mut Option<Word>, character: char, quoted: bool) {
    let word = word.get_or_insert_with(|| Word { text: String::new(), quoted });
    word.text.push(character);
    word.quoted |= quoted;
}

/// What an abbreviation stands for among the words that are possible here.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Abbreviation<'a> {
    Of(&'a str),
    Ambiguous,
    Unknown,
}

/// Finds what `typed` abbreviates. The whole word always counts as itself; case matters.
pub(super) fn expand<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Abbreviation<'a> {
    let mut found = Abbreviation::Unknown;
    for word in known {
        if word == typed {
            return Abbreviation::Of(word);
        }
        if !typed.is_empty() && word.starts_with(typed) {
            found = match found {
                Abbreviation::Unknown => Abbreviation::Of(word),
                Abbreviation::Of(other) if other == word => found,
                _ => Abbreviation::Ambiguous,
            };
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        match split(line) {
            Split::Words(words) => words.into_iter().map(|word| word.text).collect(),
            Split::Open(open) => panic!("{line} is open: {open:?}"),
        }
    }

    #[test]
    fn quotes_and_backslashes_keep_blanks_in_a_word() {
        assert_eq!(texts(r#"set vdom "a b" 'c d' e\ f"#), ["set", "vdom", "a b", "c d", "e f"]);
        assert_eq!(texts(r#"set comments "say \"hi\" \\ it\'s""#), ["set", "comments", r#"say "hi" \ it's"#]);
        assert_eq!(texts(r#"  set   comments ""  "#), ["set", "comments", ""]);
    }

    #[test]
    fn an_open_quote_or_a_last_backslash_continues_the_line() {
        assert_eq!(split(r#"set comments "open"#), Split::Open(Open::DoubleQuote));
        assert_eq!(split("set comments 'open"), Split::Open(Open::SingleQuote));
        assert_eq!(split(r"set comments a\"), Split::Open(Open::Backslash));
    }

    #[test]
    fn an_abbreviation_counts_when_only_one_word_begins_like_it() {
        let known = || ["read", "read-write", "none"].into_iter();
        assert_eq!(expand("read", known()), Abbreviation::Of("read"));
        assert_eq!(expand("read-", known()), Abbreviation::Of("read-write"));
        assert_eq!(expand("re", known()), Abbreviation::Ambiguous);
        assert_eq!(expand("NONE", known()), Abbreviation::Unknown);
    }
}
