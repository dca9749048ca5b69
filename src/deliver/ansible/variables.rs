//! The variables of a YAML file that belongs to somebody else: top-level keys, replaced in place.
//!
//! A YAML parser says where each of them begins and ends. What it cannot say for sure is refused with its line, and after
//! the edit the parser has to find every other variable exactly as it was.

use std::borrow::Cow;
use std::ops::Range;

use granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StructureStyle};
use zeroize::Zeroizing;

use crate::deliver::EditError;

/// A variable to write.
pub(super) struct Variable {
    /// Its name, a plain key.
    pub(super) name: String,
    /// What stands behind the colon: one line, or several of which all but the first are indented.
    pub(super) value: Zeroizing<String>,
}

/// A block mapping at the top of the only document, or nothing yet.
pub(super) struct Variables<'a> {
    text: &'a str,
    entries: Vec<Entry<'a>>,
    /// Where a new variable goes: behind everything, in front of a mark of the document's end.
    end: usize,
}

struct Entry<'a> {
    name: Cow<'a, str>,
    /// From the first letter of the key to the last one of the value, in bytes.
    place: Range<usize>,
    /// Key and value, without their places.
    events: Vec<Event<'a>>,
}

impl<'a> Variables<'a> {
    /// Finds the variables of `text`.
    ///
    /// Fails on what is no YAML, on several documents, and on what is not plainly `key: value` at the left margin.
    pub(super) fn read(text: &'a str) -> Result<Self, EditError> {
        refuse_other_line_ends(text)?;
        // A byte order mark is no part of the document; the parser counts it as a character of the first line.
        let mark = text.len() - text.trim_start_matches('\u{feff}').len();
        let mut reader = Reader { mark, ..Reader::default() };
        for event in Parser::new_from_str(text.get(mark..).unwrap_or_default()) {
            let (event, span) = event.map_err(|error| not_yaml(&error))?;
            reader.take(event, &span)?;
        }
        for entry in &mut reader.entries {
            entry.place.end = without_blank_lines(text, entry.place.end);
        }
        let last = reader.entries.last().map_or(reader.begin, |entry| entry.place.end);
        if reader.ends_in_block && !text.ends_with('\n') {
            return Err(unclear(text.matches('\n').count() + 1, "a block of text ends without a line end"));
        }
        Ok(Variables { text, end: end_of_document(text, last), entries: reader.entries })
    }

    /// The scalar that is the value of `name`, or of `key` in the mapping that is its value.
    pub(super) fn scalar(&self, name: &str) -> Option<(&str, Option<String>)> {
        let entry = self.entries.iter().rev().find(|entry| entry.name == name)?;
        match entry.events.get(1)? {
            Event::Scalar(text, _, _, tag) => Some((text, tag.as_ref().map(|tag| tag.original()))),
            _ => None,
        }
    }

    /// The text with `variables` in it: the first of each name is replaced where it stands, repetitions of it go, what was
    /// not there is added at the end, and every other byte stays.
    ///
    /// Fails where the result would say something else about any other variable.
    pub(super) fn with(&self, variables: &[Variable]) -> Result<Zeroizing<String>, EditError> {
        let added: usize = variables.iter().map(|variable| variable.name.len() + 2 * variable.value.len() + LEAD).sum();
        // With room for everything at once the buffer never moves and leaves no copy of the key behind.
        let mut edit =
            Edit { out: Zeroizing::new(String::with_capacity(self.text.len() + added)), end: self.line_end() };
        let (mut at, mut placed) = (0, Vec::new());
        for entry in &self.entries {
            let Some(variable) = variables.iter().find(|variable| variable.name == entry.name) else { continue };
            edit.copy(self.text, at..entry.place.start);
            at = entry.place.end;
            if placed.contains(&&*variable.name) {
                at = edit.leave_out(self.text, at);
            } else {
                placed.push(&variable.name);
                at = edit.put(variable, self.text, at);
            }
        }
        edit.copy(self.text, at..self.end.max(at));
        variables.iter().filter(|new| !placed.contains(&&*new.name)).for_each(|new| edit.add(new));
        edit.copy(self.text, self.end.max(at)..self.text.len());
        self.prove(&edit.out, variables)?;
        Ok(edit.out)
    }

    fn line_end(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// Reads the result again: all others are as they were, and ours are there once.
    fn prove(&self, result: &str, variables: &[Variable]) -> Result<(), EditError> {
        let is_ours = |entry: &&Entry<'_>| variables.iter().any(|variable| variable.name == entry.name);
        let after = Variables::read(result)?;
        let kept = self.entries.iter().filter(|entry| !is_ours(entry)).map(|entry| &entry.events);
        let found = after.entries.iter().filter(|entry| !is_ours(entry)).map(|entry| &entry.events);
        let once = after.entries.iter().filter(is_ours).count() == variables.len();
        let ours = variables.iter().all(|variable| after.entries.iter().any(|entry| entry.is(variable)));
        if kept.eq(found) && once && ours {
            Ok(())
        } else {
            Err(unclear(1, "its other variables would not stay as they are"))
        }
    }
}

impl Entry<'_> {
    /// Whether it says what `variable` says.
    fn is(&self, variable: &Variable) -> bool {
        let alone = line_of(variable, "\n");
        Variables::read(&alone).is_ok_and(|alone| alone.entries.iter().any(|entry| entry.events == self.events))
    }
}

/// Room for what one variable may need beside its own text: colon, blank, line ends.
const LEAD: usize = 16;

/// The text that is being put together.
struct Edit {
    out: Zeroizing<String>,
    end: &'static str,
}

impl Edit {
    fn copy(&mut self, text: &str, range: Range<usize>) {
        self.out.push_str(text.get(range).unwrap_or_default());
    }

    fn write(&mut self, variable: &Variable) {
        push_line(&mut self.out, variable, self.end);
    }

    /// Adds a variable on lines of its own.
    fn add(&mut self, variable: &Variable) {
        let starts_a_line = self.out.is_empty() || self.out.ends_with(['\n', '\u{feff}']);
        if !starts_a_line {
            self.out.push_str(self.end);
        }
        self.write(variable);
        self.out.push_str(self.end);
    }

    /// Writes a variable in place of one that ended at `at`, and says where to go on. A comment behind the old value stays
    /// behind the new one, or above it where the new one ends with a block of text.
    fn put(&mut self, variable: &Variable, text: &str, at: usize) -> usize {
        let rest = rest_of_line(text, at);
        if variable.value.contains('\n') && !rest.trim().is_empty() {
            self.out.push_str(rest.trim());
            self.out.push_str(self.end);
        }
        self.write(variable);
        if !variable.value.contains('\n') && !starts_line(text, at) {
            return at;
        }
        self.out.push_str(self.end);
        if starts_line(text, at) { at } else { behind_line(text, at) }
    }

    /// Leaves out what is left of a line whose variable goes, its comment excepted.
    fn leave_out(&mut self, text: &str, at: usize) -> usize {
        if starts_line(text, at) {
            return at;
        }
        let comment = rest_of_line(text, at);
        if comment.trim().is_empty() { behind_line(text, at) } else { at + comment.len() - comment.trim_start().len() }
    }
}

fn line_of(variable: &Variable, end: &str) -> Zeroizing<String> {
    let mut line = Zeroizing::new(String::with_capacity(variable.name.len() + 2 * variable.value.len() + LEAD));
    push_line(&mut line, variable, end);
    line.push_str(end);
    line
}

fn push_line(out: &mut String, variable: &Variable, end: &str) {
    out.push_str(&variable.name);
    out.push_str(": ");
    for (number, line) in variable.value.split('\n').enumerate() {
        if number > 0 {
            out.push_str(end);
        }
        out.push_str(line);
    }
}

/// Whether `at` is the beginning of a line: a block of text ends there, its own line end included.
fn starts_line(text: &str, at: usize) -> bool {
    text.get(..at).is_some_and(|before| before.ends_with('\n'))
}

/// A block of text ends behind the blank lines below it; they stay, whatever becomes of the block.
fn without_blank_lines(text: &str, end: usize) -> usize {
    let above = text.get(..end).unwrap_or_default();
    if !above.ends_with('\n') {
        return end;
    }
    let filled = above.trim_end();
    behind_line(text, filled.len()).min(end)
}

/// What is left of the line at `at`, without its end.
fn rest_of_line(text: &str, at: usize) -> &str {
    if starts_line(text, at) {
        return "";
    }
    let rest = text.get(at..).unwrap_or_default();
    rest.split(['\r', '\n']).next().unwrap_or_default()
}

/// Where the line after that of `at` begins.
fn behind_line(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.find('\n').map_or(text.len(), |end| at + end + 1)
}

/// In front of a line with `...`, else the end.
fn end_of_document(text: &str, last: usize) -> usize {
    let mut at = if last == 0 || starts_line(text, last) { last } else { behind_line(text, last) };
    while at < text.len() {
        if text.get(at..).is_some_and(|rest| rest.starts_with("...")) {
            return at;
        }
        at = behind_line(text, at);
    }
    text.len()
}

/// YAML 1.1 ends lines at characters that YAML 1.2 does not: what ends a line for one reader only is refused.
fn refuse_other_line_ends(text: &str) -> Result<(), EditError> {
    let odd = |line: &str| line.trim_end_matches('\n').trim_end_matches('\r').contains(ODD_LINE_ENDS);
    match text.split_inclusive('\n').position(odd) {
        Some(line) => Err(unclear(line + 1, "a line ends in a way that not every reader knows")),
        None => Ok(()),
    }
}

const ODD_LINE_ENDS: [char; 4] = ['\r', '\u{85}', '\u{2028}', '\u{2029}'];

fn unclear(line: usize, problem: &str) -> EditError {
    EditError::Yaml { line, problem: problem.to_owned() }
}

/// The parser's own words may quote the text, which may hold secrets: they are left out.
fn not_yaml(error: &ScanError) -> EditError {
    unclear(error.marker().line(), "it is no valid YAML")
}

/// Takes the parser's events apart.
#[derive(Default)]
struct Reader<'a> {
    /// The bytes in front of what the parser reads.
    mark: usize,
    documents: usize,
    /// The collections that are open, the mapping of variables first.
    open: Vec<StructureStyle>,
    entries: Vec<Entry<'a>>,
    /// Whether the entry at the end still lacks its value.
    in_entry: bool,
    /// Behind the mark of the document's beginning.
    begin: usize,
    ends_in_block: bool,
}

impl<'a> Reader<'a> {
    fn take(&mut self, event: Event<'a>, span: &Span) -> Result<(), EditError> {
        match (&event, self.open.len()) {
            (Event::DocumentStart(explicit, _), _) => self.document(*explicit, span),
            (Event::StreamStart | Event::StreamEnd | Event::DocumentEnd, _) => Ok(()),
            (_, 0) => self.root(&event, span),
            (Event::MappingEnd, 1) => {
                self.open.clear();
                Ok(())
            }
            (_, 1) if !self.in_entry => self.key(event, span),
            _ => {
                self.value(event, span);
                Ok(())
            }
        }
    }

    fn document(&mut self, explicit: bool, span: &Span) -> Result<(), EditError> {
        self.documents += 1;
        if self.documents > 1 {
            return Err(unclear(span.start.line(), "a second document begins"));
        }
        if explicit {
            self.begin = self.byte(&span.end);
        }
        Ok(())
    }

    /// The top of the document: a mapping in block style, or nothing.
    fn root(&mut self, event: &Event<'a>, span: &Span) -> Result<(), EditError> {
        match event {
            Event::MappingStart(style @ StructureStyle::Block, 0, None) => {
                self.open.push(*style);
                Ok(())
            }
            Event::Scalar(_, ScalarStyle::Plain, 0, None) if span.is_empty() => Ok(()),
            _ => Err(unclear(span.start.line(), "what is at the top is not a mapping of variables, one a line")),
        }
    }

    fn key(&mut self, event: Event<'a>, span: &Span) -> Result<(), EditError> {
        let Event::Scalar(name, _, 0, None) = &event else {
            return Err(unclear(span.start.line(), "a key is not a plain name"));
        };
        if span.start.col() != 0 || span.is_empty() {
            return Err(unclear(span.start.line(), "a variable does not begin at the left margin"));
        }
        let place = self.byte(&span.start)..self.byte(&span.end) + ":".len();
        self.entries.push(Entry { name: name.clone(), place, events: vec![event] });
        self.in_entry = true;
        Ok(())
    }

    fn value(&mut self, event: Event<'a>, span: &Span) {
        let end = self.last_byte(&event, span);
        if let Event::Scalar(_, style, ..) = &event {
            self.ends_in_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        }
        self.in_entry = self.open.len() > 1;
        if let Some(entry) = self.entries.last_mut() {
            entry.place.end = entry.place.end.max(end);
            entry.events.push(event);
        }
    }

    /// Where the value ends as far as this event says it. A collection in block style ends with what is in it: the parser
    /// finds its end where the next thing begins.
    fn last_byte(&mut self, event: &Event<'_>, span: &Span) -> usize {
        match event {
            Event::MappingStart(style, ..) | Event::SequenceStart(style, ..) => {
                self.open.push(*style);
                0
            }
            Event::MappingEnd | Event::SequenceEnd if self.open.pop() == Some(StructureStyle::Block) => 0,
            _ if span.is_empty() => span.tag_span().map_or(0, |tag| self.byte(&tag.end)),
            _ => self.byte(&span.end),
        }
    }

    fn byte(&self, marker: &Marker) -> usize {
        self.mark + marker.byte_offset().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::deliver::ansible::quoted;

    fn edited(text: &str) -> Result<String, EditError> {
        let value = |text: &str| Zeroizing::new(text.to_owned());
        let ours = [
            Variable { name: "host".into(), value: value("\"192.0.2.1\"") },
            Variable { name: "token".into(), value: value("!vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3839") },
        ];
        Variables::read(text)?.with(&ours).map(|text| text.to_string())
    }

    const HOST: &str = "host: \"192.0.2.1\"\n";
    const TOKEN: &str = "token: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3839\n";

    #[test]
    fn other_variables_stay_byte_for_byte() {
        let cases = [
            ("", format!("{HOST}{TOKEN}")),
            ("---\n", format!("---\n{HOST}{TOKEN}")),
            ("# ours\n\n", format!("# ours\n\n{HOST}{TOKEN}")),
            ("a: 1", format!("a: 1\n{HOST}{TOKEN}")),
            ("---\na: 1\n# end\n...\n", format!("---\na: 1\n# end\n{HOST}{TOKEN}...\n")),
            ("host: old # why\na: 1\n", format!("host: \"192.0.2.1\" # why\na: 1\n{TOKEN}")),
            ("token: old # why\na: 1\n", format!("# why\n{TOKEN}a: 1\n{HOST}")),
            ("token: |\n  old\n  text\n\n# next\na: 1\n", format!("{TOKEN}\n# next\na: 1\n{HOST}")),
            ("token: !vault |\n  old\n\n  text\na: 1\n", format!("{TOKEN}a: 1\n{HOST}")),
            ("token: |+\n  old\n\n\na: 1\n", format!("{TOKEN}\n\na: 1\n{HOST}")),
            ("token: {a: [1,\n2], # x\nb: '}'}\na: 1\n", format!("{TOKEN}a: 1\n{HOST}")),
            ("token:\n- 1\n- b: 2\n  c: 3\n# next\na: 1\n", format!("{TOKEN}# next\na: 1\n{HOST}")),
            ("host:\n  a: 'x\n\n    y'\n  # inner\ntoken:\na: 1\n", format!("{HOST}  # inner\n{TOKEN}a: 1\n")),
            ("token: \"o\nld\"\n'host': a\na: 1\n", format!("{TOKEN}{HOST}a: 1\n")),
            ("token: a\n  b\n  c\na: 1\n", format!("{TOKEN}a: 1\n{HOST}")),
            ("host: a\ntoken: b\nhost: c\ntoken: d\n", format!("{HOST}{TOKEN}")),
            ("host: a\nhost: b # why\n", format!("{HOST}# why\n{TOKEN}")),
            ("a: |\n  token: text\n  host: text\n", format!("a: |\n  token: text\n  host: text\n{HOST}{TOKEN}")),
            ("a: \"\ntoken: text\"\n", format!("a: \"\ntoken: text\"\n{HOST}{TOKEN}")),
            ("é: [\ntoken, host]\n", format!("é: [\ntoken, host]\n{HOST}{TOKEN}")),
            ("\u{feff}host: a\nb: 1\n", format!("\u{feff}{HOST}b: 1\n{TOKEN}")),
            ("\u{feff}", format!("\u{feff}{HOST}{TOKEN}")),
            ("token: old", format!("{TOKEN}{HOST}")),
        ];
        for (before, after) in cases {
            assert_eq!(edited(before).as_deref(), Ok(&*after), "{before:?}");
            assert_eq!(edited(&after).as_deref(), Ok(&*after), "a second time: {before:?}");
        }
    }

    #[test]
    fn lines_end_as_they_did() {
        let token = TOKEN.replace('\n', "\r\n");
        assert_eq!(
            edited("host: a\r\nb: |\r\n  x\r\n").unwrap(),
            format!("host: \"192.0.2.1\"\r\nb: |\r\n  x\r\n{token}")
        );
    }

    #[test]
    fn what_cannot_be_told_apart_is_refused_with_its_line() {
        let cases = [
            ("a: 1\n---\nb: 2\n", 2),
            ("{a: 1}\n", 1),
            ("- a\n", 1),
            ("a: 1\n  host: 2\n", 2),
            ("  host: 2\n", 1),
            ("a: 1\n? host\n: 2\n", 2),
            ("a: 1\n&x host: 2\n", 2),
            ("a: 1\nb: \"x\n", 2),
            ("a: 1\nb: 2\rc: 3\n", 2),
            ("a: 1\nb: \u{2028}c: 3\n", 2),
            ("a: 1\nb: |\n  x", 3),
            // The comment would be taken for a line of the block above it.
            ("token:\n  a: 1\n  # inner\nb: 1\n", 1),
            ("host: &x 1\nb: *x\n", 2),
        ];
        for (text, line) in cases {
            match edited(text) {
                Err(EditError::Yaml { line: found, .. }) => assert_eq!(found, line, "{text:?}"),
                other => panic!("{text:?}: {other:?}"),
            }
        }
    }

    /// Pieces of YAML in any order: some of it is valid, and much of it nearly.
    fn text() -> impl Strategy<Value = String> {
        let pieces = vec![
            "a: 1\n",
            "host: x\n",
            "token: \"old\" # c\n",
            "token:",
            "host :",
            " ",
            "\n",
            "\r\n",
            "  b: 2\n",
            "- c\n",
            "|\n",
            ">-\n",
            "  text\n",
            "\"",
            "'",
            "{",
            "}",
            "[",
            "]",
            ",",
            "#",
            " # c\n",
            "&x ",
            "*x\n",
            "!vault ",
            "---\n",
            "...\n",
            "? ",
            "k: |+\n  t\n\n",
            "d: {e: [1,\n2]}\n",
            "q: \"a\nhost: b\"\n",
            "é",
            "\t",
            "<<: ",
            "\u{feff}",
            "%YAML 1.1\n",
        ];
        prop::collection::vec(prop::sample::select(pieces), 0..16).prop_map(|pieces| pieces.concat())
    }

    /// The variables of others as bytes, from the key to the end of the value.
    fn others<'a>(read: &'a Variables<'_>) -> Vec<&'a str> {
        let is_other = |entry: &&Entry<'_>| entry.name != "host" && entry.name != "token";
        read.entries.iter().filter(is_other).map(|entry| &read.text[entry.place.clone()]).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn whatever_the_file_the_others_stay_and_ours_read_back(text in text(), token in ".{0,20}") {
            let Ok(before) = Variables::read(&text) else { return Ok(()) };
            let value = quoted(&token);
            let ours = [
                Variable { name: "host".into(), value: quoted("192.0.2.1") },
                Variable { name: "token".into(), value },
            ];
            let Ok(result) = before.with(&ours) else { return Ok(()) };
            let after = Variables::read(&result).unwrap();
            prop_assert_eq!(others(&before), others(&after), "{:?} -> {:?}", text, *result);
            prop_assert_eq!(after.scalar("token"), Some((&*token, None)));
            prop_assert_eq!(after.scalar("host"), Some(("192.0.2.1", None)));
            prop_assert_eq!(&*after.with(&ours).unwrap(), &*result, "a second time");
            let comments = |text: &str| text.matches('#').count();
            if others(&before).len() == before.entries.len() {
                prop_assert_eq!(comments(&text) + comments(&token), comments(&result));
                prop_assert!(result.replace("\r\n", "\n").starts_with(text.trim_end_matches(['.', '\n', '\r'])) || text.contains("...") || text.contains('\r'));
            }
        }

        #[test]
        fn a_reader_that_is_not_the_editor_finds_the_same_values(text in text()) {
            type Values = std::collections::BTreeMap<String, serde_json::Value>;
            let Ok(Ok(result)) = Variables::read(&text).map(|read| read.with(&[Variable { name: "token".into(), value: quoted("new") }])) else {
                return Ok(());
            };
            let Ok(mut before) = serde_saphyr::from_str::<Option<Values>>(&text).map(Option::unwrap_or_default) else { return Ok(()) };
            before.insert("token".into(), "new".into());
            prop_assert_eq!(serde_saphyr::from_str::<Values>(&result).unwrap(), before, "{:?} -> {:?}", text, *result);
        }
    }
}
