//! What `show` prints, as a tree.
//!
//! `show` prints replayable configuration: `config`, `edit`, `set`, `next`, `end`, values quoted or not, a quoted value over
//! several lines (certificates). Lines that are none of these (comments, `diagnose debug cli` noise, messages of the
//! device) are passed over.

use std::borrow::Cow;

use super::words;

/// A `config … end` block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Block {
    /// The words behind `config`: `["system", "api-user"]`.
    pub path: Vec<String>,
    /// What is set in the block itself.
    pub settings: Vec<Setting>,
    /// Its entries, for a table.
    pub entries: Vec<Entry>,
}

/// An `edit … next` entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// The word behind `edit`.
    pub name: String,
    /// What is set in it.
    pub settings: Vec<Setting>,
    /// The blocks within it.
    pub blocks: Vec<Block>,
}

/// A `set NAME VALUE…` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The word behind `set`.
    pub name: String,
    /// The words behind that, unquoted.
    pub values: Vec<String>,
}

/// A configuration that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShowError {
    /// The text ends within a block.
    #[error("the printed configuration ends within `{0}`")]
    Unfinished(String),
    /// An `edit`, `next` or `end` where none can be.
    #[error("the printed configuration has a misplaced `{0}`")]
    Misplaced(String),
}

impl Entry {
    /// The first value of a setting.
    pub fn value(&self, name: &str) -> Option<&str> {
        value(&self.settings, name)
    }

    /// All values of a setting; none when it is not shown.
    pub fn values(&self, name: &str) -> &[String] {
        self.settings
            .iter()
            .find(|setting| setting.name == name)
            .map(|setting| setting.values.as_slice())
            .unwrap_or_default()
    }

    /// A block within it, by its last word: `trusthost`.
    pub fn block(&self, name: &str) -> Option<&Block> {
        self.blocks.iter().find(|block| block.path.last().is_some_and(|last| last == name))
    }
}

impl Block {
    /// The first value of a setting of the block itself.
    pub fn value(&self, name: &str) -> Option<&str> {
        value(&self.settings, name)
    }

    /// An entry by its name.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }
}

fn value<'a>(settings: &'a [Setting], name: &str) -> Option<&'a str> {
    settings.iter().find(|setting| setting.name == name)?.values.first().map(String::as_str)
}

/// Reads the blocks of what `show` printed.
///
/// # Errors
/// When blocks and ends do not match: something is missing, so nothing can be concluded from what is there.
pub fn parse<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<Vec<Block>, ShowError> {
    let mut reader = Reader::default();
    let mut pending = Cow::Borrowed("");
    for line in lines {
        if !pending.is_empty() {
            pending += "\n";
        }
        pending += line;
        match words::split(&pending) {
            // A value in quotes that goes on in the next line.
            Err(words::Unsplit::Quote) if is_configuration(&pending) => {}
            split => {
                reader.line(&split.unwrap_or_default())?;
                pending = Cow::Borrowed("");
            }
        }
    }
    reader.finish()
}

fn owned(words: &[Cow<'_, str>]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

fn is_configuration(line: &str) -> bool {
    line.trim_start().starts_with("set ")
}

/// Whether the words behind `config` name a block. Messages of the device can begin with the same word: `config transaction
/// id=1 will expire in 30 seconds` (workspace mode, FortiOS 7.6 administration guide).
fn is_path(words: &[Cow<'_, str>]) -> bool {
    !words.is_empty() && words.iter().all(|word| !word.contains('='))
}

#[derive(Debug)]
enum Open {
    Block(Block),
    Entry(Entry),
}

#[derive(Debug, Default)]
struct Reader {
    open: Vec<Open>,
    blocks: Vec<Block>,
}

impl Reader {
    fn line(&mut self, words: &[Cow<'_, str>]) -> Result<(), ShowError> {
        match words {
            [verb, path @ ..] if verb == "config" && is_path(path) => self.open_block(path),
            [verb, name] if verb == "edit" => self.open_entry(name),
            [verb, name, values @ ..] if verb == "set" => self.set(name, values),
            [verb] if verb == "next" => return self.close_entry(),
            [verb] if verb == "end" => return self.close_block(),
            _ => {}
        }
        Ok(())
    }

    fn open_block(&mut self, path: &[Cow<'_, str>]) {
        self.open.push(Open::Block(Block { path: owned(path), ..Block::default() }));
    }

    fn open_entry(&mut self, name: &str) {
        self.open.push(Open::Entry(Entry { name: name.to_owned(), ..Entry::default() }));
    }

    fn set(&mut self, name: &str, values: &[Cow<'_, str>]) {
        let setting = Setting { name: name.to_owned(), values: owned(values) };
        match self.open.last_mut() {
            Some(Open::Block(block)) => block.settings.push(setting),
            Some(Open::Entry(entry)) => entry.settings.push(setting),
            None => {}
        }
    }

    fn close_entry(&mut self) -> Result<(), ShowError> {
        match (self.open.pop(), self.open.last_mut()) {
            (Some(Open::Entry(entry)), Some(Open::Block(table))) => table.entries.push(entry),
            _ => return Err(ShowError::Misplaced("next".into())),
        }
        Ok(())
    }

    fn close_block(&mut self) -> Result<(), ShowError> {
        match (self.open.pop(), self.open.last_mut()) {
            (Some(Open::Block(block)), None) => self.blocks.push(block),
            (Some(Open::Block(block)), Some(Open::Entry(entry))) => entry.blocks.push(block),
            // `show` within an entry prints no `next` behind it.
            (Some(Open::Entry(entry)), Some(Open::Block(table))) => {
                table.entries.push(entry);
                return self.close_block();
            }
            _ => return Err(ShowError::Misplaced("end".into())),
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<Block>, ShowError> {
        match self.open.pop() {
            None => Ok(self.blocks),
            Some(Open::Block(block)) => Err(ShowError::Unfinished(block.path.join(" "))),
            Some(Open::Entry(entry)) => Err(ShowError::Unfinished(entry.name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<Block> {
        parse(text.lines()).unwrap()
    }

    const USER: &str = "config system api-user\n    edit \"testapiuser\"\n        set api-key ENC SH2abc=\n        \
        set accprofile \"super_admin\"\n        set vdom \"root\" \"edge two\"\n        config trusthost\n            edit 1\n                \
        set ipv4-trusthost 192.168.0.0 255.255.0.0\n            next\n        end\n    next\nend\n";

    #[test]
    fn a_printed_user_is_a_tree() {
        let blocks = parsed(USER);
        let user = blocks[0].entry("testapiuser").unwrap();
        assert_eq!(user.value("accprofile"), Some("super_admin"));
        assert_eq!(user.values("vdom"), ["root", "edge two"]);
        let row = &user.block("trusthost").unwrap().entries[0];
        assert_eq!(row.values("ipv4-trusthost"), ["192.168.0.0", "255.255.0.0"]);
    }

    #[test]
    fn noise_between_the_lines_does_not_matter() {
        let noisy = USER
            .replace("        config trusthost", "path=system, objname=api-user, size=1312\n        config trusthost");
        assert_eq!(parsed(&format!("#config-version=FGT\n{noisy}")), parsed(USER));
    }

    #[test]
    fn a_message_that_begins_like_a_block_opens_none() {
        for message in ["config transaction id=1 will expire in 30 seconds", "config transaction id=1 has expired"] {
            let noisy = USER.replace("        config trusthost", &format!("{message}\n        config trusthost"));
            assert_eq!(parsed(&format!("{message}\n{noisy}{message}\n")), parsed(USER));
        }
    }

    #[test]
    fn a_value_over_several_lines_is_one_value() {
        let text = "config vpn certificate local\n    edit \"x\"\n        set certificate \"-----BEGIN\nend\n-----END\"\n    next\nend\n";
        assert_eq!(parsed(text)[0].entry("x").unwrap().value("certificate"), Some("-----BEGIN\nend\n-----END"));
    }

    #[test]
    fn what_is_cut_off_is_an_error_and_never_a_shorter_configuration() {
        let lines: Vec<&str> = USER.lines().collect();
        for count in 1..lines.len() {
            assert!(parse(lines.iter().take(count).copied()).is_err(), "{count} lines");
        }
        assert!(parse(["end"]).is_err());
        assert!(parse(["next"]).is_err());
    }
}
