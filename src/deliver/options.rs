//! What a destination is given: its value, and options behind commas (`vault:secret/fw1,namespace=net`) or in a YAML map.

use serde_json::Value;

use super::destination::DestinationError;

/// A value and its options, each of them one that the kind knows. The text form and the YAML form give the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) kind: &'static str,
    pub(super) value: String,
    given: Vec<(String, String)>,
}

impl Options {
    /// Out of `VALUE,NAME=TEXT,…`. Only a comma that is followed by a known name and `=` ends the value, so that a path may
    /// have commas.
    pub(super) fn parse(kind: &'static str, text: &str, known: &[&str]) -> Options {
        let mut pieces: Vec<String> = Vec::new();
        for piece in text.split(',') {
            match pieces.last_mut() {
                Some(last) if named(piece, known).is_none() => {
                    last.push(',');
                    last.push_str(piece);
                }
                _ => pieces.push(piece.to_owned()),
            }
        }
        let mut pieces = pieces.into_iter();
        let value = pieces.next().unwrap_or_default();
        let given = pieces.filter_map(|piece| named(&piece, known).map(|(name, text)| (name.into(), text.into())));
        Options { kind, value, given: given.collect() }
    }

    /// Out of the request's YAML: text, or a map in which `value_name` (`path`, `command`) is the value and every other key
    /// an option; a list gives its option several times.
    pub(super) fn from_yaml(
        kind: &'static str,
        yaml: &Value,
        value_name: &'static str,
        known: &[&str],
    ) -> Result<Options, DestinationError> {
        let map = match yaml {
            Value::Null => return Ok(Options::parse(kind, "", known)),
            Value::String(text) => return Ok(Options::parse(kind, text, known)),
            Value::Object(map) => map,
            _ => return Err(DestinationError::Shape { kind, value_name }),
        };
        let mut options = Options { kind, value: String::new(), given: Vec::new() };
        for (name, value) in map {
            let name = name.replace('_', "-");
            if name == value_name {
                options.value = value_text(kind, value_name, value)?;
            } else if known.contains(&name.as_str()) {
                let given = texts(kind, &name, value)?.into_iter().map(|text| (name.clone(), text));
                options.given.extend(given);
            } else {
                let known = known.iter().map(|known| (*known).to_owned()).collect();
                return Err(DestinationError::UnknownOption { kind, option: name, known });
            }
        }
        Ok(options)
    }

    /// What was said last for an option.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.given.iter().rev().find(|(given, _)| given == name).map(|(_, text)| text.as_str())
    }

    /// All that was said for an option.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.given.iter().filter(move |(given, _)| given == name).map(|(_, text)| text.as_str())
    }

    /// The error for an option whose text cannot be used.
    pub(super) fn refused(&self, option: &'static str, problem: impl ToString) -> DestinationError {
        let text = self.one(option).unwrap_or_default().to_owned();
        DestinationError::Option { kind: self.kind, option, text, problem: problem.to_string() }
    }

    /// The text form, which reads back as it is.
    pub(super) fn text(&self) -> String {
        format!("{}:{}{}", self.kind, self.value, self.tail())
    }

    /// The options as they stand behind the value in the text form: `,name=text` for each of them.
    pub(super) fn tail(&self) -> String {
        self.given.iter().map(|(name, text)| format!(",{name}={text}")).collect()
    }

    /// The same, of these options alone.
    pub(super) fn tail_of(&self, names: &[&str]) -> String {
        let given = self.given.iter().filter(|(name, _)| names.contains(&name.as_str()));
        given.map(|(name, text)| format!(",{name}={text}")).collect()
    }

    /// The same options, the texts of `names` (files) being absolute paths.
    pub(super) fn absolute(mut self, names: &[&str]) -> Options {
        for (_, text) in self.given.iter_mut().filter(|(name, _)| names.contains(&name.as_str())) {
            *text = absolute(text);
        }
        self
    }

    /// The same with `texts` for `name`, which may have been given already.
    pub(super) fn and(mut self, name: &str, texts: &[String]) -> Options {
        self.given.extend(texts.iter().map(|text| (name.to_owned(), text.clone())));
        self
    }
}

/// A file as another run finds it from whatever directory; `~/` stays.
pub(super) fn absolute(file: &str) -> String {
    let path = std::path::absolute(file).ok().filter(|_| !file.starts_with("~/"));
    path.map_or_else(|| file.to_owned(), |path| path.display().to_string())
}

fn named<'a>(piece: &'a str, known: &[&str]) -> Option<(&'a str, &'a str)> {
    piece.split_once('=').filter(|(name, _)| known.contains(name))
}

/// The value as text. A list is for a command alone: its arguments, in the JSON that `exec:` reads back.
fn value_text(kind: &'static str, value_name: &'static str, value: &Value) -> Result<String, DestinationError> {
    let texts = texts(kind, value_name, value)?;
    match value {
        Value::Array(_) if value_name == "command" => Ok(json_list(&texts)),
        Value::Array(_) => Err(DestinationError::Shape { kind, value_name }),
        _ => texts.into_iter().next().ok_or(DestinationError::Shape { kind, value_name }),
    }
}

fn json_list(texts: &[String]) -> String {
    // A list of texts into memory: nothing in it can fail.
    serde_json::to_string(texts).unwrap_or_default()
}

fn texts(kind: &'static str, option: &str, value: &Value) -> Result<Vec<String>, DestinationError> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    };
    let texts = match value {
        Value::Array(list) => list.iter().map(text).collect(),
        one => text(one).map(|text| vec![text]),
    };
    texts.ok_or_else(|| DestinationError::OptionShape { kind, option: option.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const KNOWN: [&str; 2] = ["namespace", "recipient"];

    #[test]
    fn only_a_known_name_ends_the_value() {
        let options = Options::parse("age", "a,b=c.age,recipient=one,two,recipient=three,namespace=n", &KNOWN);
        assert_eq!(options.value, "a,b=c.age");
        assert_eq!(options.all("recipient").collect::<Vec<_>>(), ["one,two", "three"]);
        assert_eq!(options.one("namespace"), Some("n"));
        assert_eq!(options.text(), "age:a,b=c.age,recipient=one,two,recipient=three,namespace=n");
    }

    #[test]
    fn yaml_says_the_same_as_text() {
        let yaml = json!({ "path": "x.age", "recipient": ["one", "two"] });
        let options = Options::from_yaml("age", &yaml, "path", &KNOWN).unwrap();
        assert_eq!(options, Options::parse("age", "x.age,recipient=one,recipient=two", &KNOWN));
        assert_eq!(Options::from_yaml("age", &json!("x.age"), "path", &KNOWN).unwrap().value, "x.age");
    }

    #[test]
    fn an_option_that_nobody_knows_is_refused() {
        let error = Options::from_yaml("age", &json!({ "path": "x", "receiver": "y" }), "path", &KNOWN).unwrap_err();
        assert_eq!(error.to_string(), "age has no option `receiver`");
        assert!(error.hint().unwrap().contains("recipient"), "{:?}", error.hint());
    }
}
