//! Paths that name the device: `keys/{{ device.name }}.env`.

use std::path::{Path, PathBuf};

use minijinja::value::{Value, ValueKind};
use minijinja::{AutoEscape, Environment, ErrorKind, Output, State, UndefinedBehavior, context};

use super::{DeliverError, Device};

/// A path in which `{{ device.name }}` and `{{ device.address }}` stand for those of the device.
///
/// What the operator writes is taken as it is, `~/` at the start being the home directory. What a *device* contributes
/// is one component or a part of one: a value with a separator in it, or `..`, is refused and cannot lead elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathTemplate(String);

/// Why a path template has no usable result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// No path at all, or one that ends in a separator.
    #[error("`{0}` does not name a file")]
    NoFile(String),
    /// The template does not parse, or names something unknown.
    #[error("`{template}`: {problem}")]
    Template {
        /// The template as given.
        template: String,
        /// What the template engine says.
        problem: String,
    },
    /// A value that would leave the directory.
    #[error("`{value}` cannot be part of a file name")]
    Escapes {
        /// The value of the device.
        value: String,
    },
    /// `~/` without a home directory.
    #[error("`{0}`: HOME is not set")]
    NoHome(String),
}

impl PathError {
    /// What to type next, where there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            PathError::Template { .. } => Some("a path may use {{ device.name }} and {{ device.address }}".into()),
            PathError::Escapes { .. } => {
                Some("name the file without this value, or give the device another name".into())
            }
            _ => None,
        }
    }
}

impl PathTemplate {
    /// Checks `text`: it parses and names only what exists. Fails with the template engine's words.
    pub fn new(text: &str) -> Result<Self, PathError> {
        let template = PathTemplate(text.to_owned());
        template.text_for(&Device { name: "fw1".into(), address: "192.0.2.1".into() })?;
        Ok(template)
    }

    /// The template as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path for `device`. Fails when a value of the device is not safe in a file name.
    pub fn path_for(&self, device: &Device) -> Result<PathBuf, PathError> {
        let text = self.text_for(device)?;
        match text.strip_prefix("~/") {
            Some(rest) => home().map(|home| home.join(rest)).ok_or(PathError::NoHome(text)),
            None => Ok(PathBuf::from(text)),
        }
    }

    /// The file that a destination of `kind` stands for on `device`, and how that destination is called.
    ///
    /// Fails as [`PathTemplate::path_for`] does.
    pub(super) fn file_for(&self, kind: &str, device: &Device) -> Result<(String, PathBuf), DeliverError> {
        let path = self.path_for(device).map_err(|source| self.unusable(kind, device, source))?;
        Ok((format!("{kind}:{}", path.display()), path))
    }

    /// The text for `device`, for what is no file: a path in a secret store, a name.
    pub(super) fn name_for(&self, kind: &str, device: &Device) -> Result<String, DeliverError> {
        self.text_for(device).map_err(|source| self.unusable(kind, device, source))
    }

    fn unusable(&self, kind: &str, device: &Device, source: PathError) -> DeliverError {
        DeliverError::Path { destination: format!("{kind}:{}", self.0), device: device.name.clone(), source }
    }

    fn text_for(&self, device: &Device) -> Result<String, PathError> {
        let values = context! { device => context! { name => &device.name, address => &device.address } };
        let text = environment().render_str(&self.0, values).map_err(|error| self.explain(&error))?;
        let is_file = Path::new(&text).file_name().is_some() && !text.ends_with('/') && !text.contains('\0');
        if is_file { Ok(text) } else { Err(PathError::NoFile(text)) }
    }

    fn explain(&self, error: &minijinja::Error) -> PathError {
        match error.detail() {
            Some(value) if error.kind() == ErrorKind::BadEscape => PathError::Escapes { value: value.to_owned() },
            detail => {
                let problem = detail.map_or_else(|| error.kind().to_string(), str::to_owned);
                PathError::Template { template: self.0.clone(), problem }
            }
        }
    }
}

/// A file as an option names it: `~/` at the start is the home directory.
pub(super) fn expanded(text: &str) -> PathBuf {
    let in_home = text.strip_prefix("~/").and_then(|rest| home().map(|home| home.join(rest)));
    in_home.unwrap_or_else(|| PathBuf::from(text))
}

/// The home directory, as `~/` at the start of a path stands for it.
pub(super) fn home() -> Option<PathBuf> {
    std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_formatter(write_component);
    environment
}

/// Writes a value of the device into a path, if it stays inside its component.
fn write_component(out: &mut Output, _: &mut State, value: &Value) -> Result<(), minijinja::Error> {
    if value.is_undefined() {
        return Err(minijinja::Error::new(ErrorKind::UndefinedError, "it names something that does not exist"));
    }
    let text = value.to_string();
    if value.kind() != ValueKind::String || !is_component(&text) {
        return Err(minijinja::Error::new(ErrorKind::BadEscape, text));
    }
    out.write_str(&text).map_err(minijinja::Error::from)
}

fn is_component(text: &str) -> bool {
    let separates = |c: char| matches!(c, '/' | '\\') || c.is_control();
    !text.is_empty() && text != "." && !text.contains("..") && !text.contains(separates)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(name: &str) -> Device {
        Device { name: name.into(), address: "2001:db8::2".into() }
    }

    #[test]
    fn a_path_names_the_device() {
        let template = PathTemplate::new("keys/{{ device.name }}@{{ device.address }}.env").unwrap();
        assert_eq!(template.path_for(&device("fw1")).unwrap(), PathBuf::from("keys/fw1@2001:db8::2.env"));
    }

    #[test]
    fn a_device_name_cannot_lead_out_of_its_directory() {
        let template = PathTemplate::new("keys/{{ device.name }}").unwrap();
        for name in ["..", "../x", "a/b", "/etc/passwd", "a\\b", "a\0b", "a\nb", "", "."] {
            let error = template.path_for(&device(name)).unwrap_err();
            assert_eq!(error, PathError::Escapes { value: name.into() }, "{name:?}");
        }
    }

    #[test]
    fn a_template_that_names_something_unknown_is_refused_before_any_device_is_known() {
        for text in ["{{ device.serial }}.env", "{{ name }}", "{{ device.name", "{% if %}", "{{ device }}"] {
            assert!(PathTemplate::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_path_without_a_file_name_is_refused() {
        for text in ["", "/", "keys/", ".."] {
            assert_eq!(PathTemplate::new(text), Err(PathError::NoFile(text.into())));
        }
    }
}
