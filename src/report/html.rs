//! What every HTML page has: one file that needs nothing else, no network, no font.
//!
//! Everything that came from a device or an operator goes through the template's escaping; style and script are our own, and
//! the page's own policy (CSP) lets only these two run, by their hashes.

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use russh::keys::ssh_encoding::base64::{Base64, Encoding};

use super::text::printable;

const PAGE: &str = include_str!("../../templates/page/page.html");
const SCHEME: &str = include_str!("../../templates/page/scheme.html");
const STYLE: &str = include_str!("../../templates/page/page.css");
const SCRIPT: &str = include_str!("../../templates/page/page.js");

/// The page could not be made: a fault of the embedded template, which a test rules out.
#[derive(Debug, thiserror::Error)]
#[error("the page could not be written: {0}")]
pub struct PageError(#[from] minijinja::Error);

/// What one kind of page adds to what all have.
pub(super) struct Kind {
    /// The template of what stands in the body; its value `scheme` is the button for light and dark.
    pub body: &'static str,
    /// Its style.
    pub style: &'static str,
    /// Its script.
    pub script: &'static str,
}

impl Kind {
    /// The page of that title, with these values.
    pub fn page(&self, title: String, values: Value) -> Result<String, PageError> {
        let environment = environment();
        let scheme = Value::from_safe_string(SCHEME.trim_end().to_owned());
        let body = environment.render_str(self.body, context! { scheme, ..values })?;
        let style = format!("{STYLE}{}", self.style);
        let script = format!("{SCRIPT}{}", self.script);
        let page = context! {
            title,
            policy => policy(&style, &script),
            style => Value::from_safe_string(style),
            script => Value::from_safe_string(script),
            body => Value::from_safe_string(body),
        };
        Ok(environment.render_str(PAGE, page)?)
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_filter("printable", |text: String| printable(&text));
    environment
}

/// What the page may load and run: its own style and script.
fn policy(style: &str, script: &str) -> String {
    let hash = |text: &str| {
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        format!("'sha256-{}'", Base64::encode_string(digest.as_ref()))
    };
    let (style, script) = (hash(style), hash(script));
    format!("default-src 'none'; style-src {style}; script-src {script}; base-uri 'none'; form-action 'none'")
}
