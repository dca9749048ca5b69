//! What an inventory of our own has for a device, a group, or all of them: keys and values with their lines.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use super::entry::Place;
use super::variables::{Said, Variable, Variables};
use crate::fortios::request::RequestPart;

/// Of what a part is.
pub(super) trait Kind {
    /// The keys that may stand there.
    const KEYS: &'static [&'static str];
    /// What messages call it.
    const WHAT: &'static str;
}

/// What holds for all devices.
#[derive(Debug)]
pub(super) struct Defaults;

/// What holds for the devices of a group.
#[derive(Debug)]
pub(super) struct OfGroup;

/// One device; its name stands in front of it.
#[derive(Debug)]
pub(super) struct OfDevice;

/// One device on a line of its own, its name with it.
#[derive(Debug)]
pub(super) struct Row;

impl Kind for Defaults {
    const KEYS: &'static [&'static str] = &["user", "port", "jump", "identity", "host_key", "site", "request"];
    const WHAT: &'static str = "`defaults`";
}

impl Kind for OfGroup {
    const KEYS: &'static [&'static str] =
        &["children", "user", "port", "jump", "identity", "host_key", "site", "request"];
    const WHAT: &'static str = "a group";
}

impl Kind for OfDevice {
    const KEYS: &'static [&'static str] =
        &["address", "port", "user", "jump", "identity", "host_key", "serial", "site", "groups", "request"];
    const WHAT: &'static str = "a device";
}

impl Kind for Row {
    const KEYS: &'static [&'static str] =
        &["name", "address", "port", "user", "jump", "identity", "host_key", "serial", "site", "groups", "request"];
    const WHAT: &'static str = "a device";
}

/// A word and its line.
pub(super) type Word = (String, u64);

/// What stands there, each value with its line.
#[derive(Debug)]
pub(super) struct Part<K> {
    pub(super) name: Option<Word>,
    /// The groups of a device, or the children of a group.
    pub(super) groups: Vec<Word>,
    said: Vec<(Variable, Vec<String>, u64)>,
    request: Option<(RequestPart, u64)>,
    kind: PhantomData<K>,
}

impl<K> Default for Part<K> {
    fn default() -> Self {
        Part { name: None, groups: Vec::new(), said: Vec::new(), request: None, kind: PhantomData }
    }
}

impl<K> Part<K> {
    /// With the file it was read from, of which `above` lines stand in front of it.
    pub(super) fn variables(self, file: &Arc<str>, above: u64) -> Variables {
        let place = |line: u64| Place { file: file.clone(), line: line + above };
        let mut variables = Variables::default();
        for (variable, values, line) in self.said {
            // A map has each key once: nothing can contradict.
            let _ = variables.say(variable, Said { values, place: place(line) });
        }
        variables.request = self.request.map(|(request, line)| (Arc::new(request.at(file, above)), place(line)));
        variables
    }
}

impl<'de, K: Kind> Deserialize<'de> for Part<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PartVisitor<K>(PhantomData<K>);
        impl<'de, K: Kind> Visitor<'de> for PartVisitor<K> {
            type Value = Part<K>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "the keys and values of {}", K::WHAT)
            }

            /// `fw1:` and nothing behind it.
            fn visit_unit<E>(self) -> Result<Part<K>, E> {
                Ok(Part::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Part<K>, A::Error> {
                let (mut part, mut seen) = (Part::default(), HashSet::new());
                while let Some(key) = map.next_key::<String>()? {
                    if !K::KEYS.contains(&key.as_str()) {
                        return Err(A::Error::unknown_field(&key, K::KEYS));
                    }
                    part.take(&key, &mut map)?;
                    if !seen.insert(key.clone()) {
                        return Err(A::Error::custom(format_args!("`{key}` is there twice")));
                    }
                }
                Ok(part)
            }
        }
        deserializer.deserialize_any(PartVisitor(PhantomData))
    }
}

impl<K> Part<K> {
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match (key, Variable::of_key(key)) {
            ("name", _) => self.name = map.next_value::<Option<Spanned<String>>>()?.map(word),
            ("groups" | "children", _) => self.groups = map.next_value::<Words>()?.0,
            ("request", _) => {
                let request = map.next_value::<Option<Spanned<RequestPart>>>()?;
                self.request = request.map(|part| (part.value, part.referenced.line()));
            }
            (_, Some(Variable::Identity)) => {
                let (paths, line) = of_list(map.next_value::<Spanned<Words>>()?);
                self.say(Variable::Identity, paths, line);
            }
            (_, Some(variable)) => {
                if let Some((value, line)) = map.next_value::<Option<Spanned<String>>>()?.map(word) {
                    self.say(variable, vec![value], line);
                }
            }
            // Not among the keys of any kind.
            (_, None) => {}
        }
        Ok(())
    }

    fn say(&mut self, variable: Variable, values: Vec<String>, line: u64) {
        if !values.is_empty() {
            self.said.push((variable, values, line));
        }
    }
}

fn word(text: Spanned<String>) -> Word {
    (text.value, text.referenced.line())
}

fn of_list(words: Spanned<Words>) -> (Vec<String>, u64) {
    (words.value.0.into_iter().map(|(word, _)| word).collect(), words.referenced.line())
}

/// One word, or a list of them.
#[derive(Debug, Default)]
pub(super) struct Words(pub(super) Vec<Word>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordsVisitor;
        impl<'de> Visitor<'de> for WordsVisitor {
            type Value = Vec<String>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a word or a list of words")
            }

            fn visit_unit<E>(self) -> Result<Vec<String>, E> {
                Ok(Vec::new())
            }

            fn visit_str<E>(self, word: &str) -> Result<Vec<String>, E> {
                Ok(vec![word.to_owned()])
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<String>, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = list.next_element()? {
                    words.push(word);
                }
                Ok(words)
            }
        }
        struct Listed(Vec<String>);
        impl<'de> Deserialize<'de> for Listed {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(WordsVisitor).map(Listed)
            }
        }
        let list = Spanned::<Listed>::deserialize(deserializer)?;
        let line = list.referenced.line();
        Ok(Words(list.value.0.into_iter().map(|word| (word, line)).collect()))
    }
}

/// A map whose keys are names, in the order of the file, each with its line; one that is there twice is kept twice.
#[derive(Debug)]
pub(super) struct Names<T>(pub(super) Vec<(Word, T)>);

impl<T> Default for Names<T> {
    fn default() -> Self {
        Names(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Names<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NamesVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for NamesVisitor<T> {
            type Value = Names<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("names, and what belongs to each of them")
            }

            fn visit_unit<E>(self) -> Result<Names<T>, E> {
                Ok(Names::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names<T>, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = map.next_key::<Spanned<String>>()? {
                    names.push((word(name), map.next_value()?));
                }
                Ok(Names(names))
            }
        }
        deserializer.deserialize_any(NamesVisitor(PhantomData))
    }
}
