//! The tokens (`%h`) and variables (`${NAME}`) in values.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::error::Problem;
use super::local::Local;

/// The tokens that are known at some place. What one stands for is found out only where it is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tokens<'a> {
    /// Of `Hostname`: `%h` is the name as it was given.
    HostName(&'a str),
    /// Of this side.
    Local(&'a Local),
    /// Of `ProxyJump`.
    Jump(Remote<'a>),
    /// Of `User`: all that do not depend on the user.
    User(&'a Local, Remote<'a>),
    /// Of both sides, as most keywords know them.
    All(&'a Local, Remote<'a>),
}

/// What the tokens for the other side are made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Remote<'a> {
    /// The name to connect to.
    pub host: &'a str,
    /// The name as it was given.
    pub original: &'a str,
    /// The name under which the host key is known.
    pub key_alias: &'a str,
    pub port: u16,
    pub user: &'a str,
    /// The host that is the last one on the way; empty for none.
    pub jump: &'a str,
}

impl Local {
    fn token(&self, token: char) -> Option<Cow<'_, str>> {
        let value = match token {
            'L' => self.host_name.split('.').next().unwrap_or_default(),
            'd' => return Some(self.home.to_string_lossy()),
            'i' => return Some(self.uid.to_string().into()),
            'l' => &self.host_name,
            'u' => &self.user,
            _ => return None,
        };
        Some(value.into())
    }
}

impl<'a> Remote<'a> {
    fn token(&self, token: char) -> Option<Cow<'a, str>> {
        let value = match token {
            'h' => self.host,
            'k' => self.key_alias,
            'n' => self.original,
            'p' => return Some(self.port.to_string().into()),
            'r' => self.user,
            _ => return None,
        };
        Some(value.into())
    }
}

impl<'a> Tokens<'a> {
    fn value(&self, token: char) -> Option<Cow<'a, str>> {
        match (*self, token) {
            (Tokens::HostName(original), 'h') => Some(original.into()),
            (Tokens::HostName(_), _) | (Tokens::User(..), 'r' | 'C') => None,
            (Tokens::Local(local), token) => local.token(token),
            (Tokens::Jump(remote), token) => remote.token(token),
            (Tokens::User(_, remote) | Tokens::All(_, remote), 'j') => Some(remote.jump.into()),
            (Tokens::All(local, remote), 'C') => Some(connection_hash(local, &remote).into()),
            (Tokens::User(local, remote) | Tokens::All(local, remote), token) => {
                remote.token(token).or_else(|| local.token(token))
            }
        }
    }

    /// `text` with every token replaced; `%%` is a percent sign.
    pub(super) fn expand(&self, text: &str) -> Result<String, Problem> {
        self.expand_with(text, None)
    }

    /// As [`Tokens::expand`], and with every `${NAME}` replaced too.
    pub(super) fn expand_all(&self, text: &str, local: &Local) -> Result<String, Problem> {
        self.expand_with(text, Some(local.variable))
    }

    /// As [`Tokens::expand_all`], for a path that may begin with `~`. A path that is not UTF-8 has no tokens.
    pub(super) fn expand_path(&self, path: &Path, local: &Local) -> Result<PathBuf, Problem> {
        let Some(text) = path.to_str() else { return Ok(path.to_owned()) };
        let at_home = local.expand_home(text).ok_or_else(|| Problem::NoSuchUser(text.to_owned()))?;
        match at_home.to_str() {
            Some(text) => self.expand_all(text, local).map(PathBuf::from),
            None => Ok(at_home),
        }
    }

    fn expand_with(&self, text: &str, variable: Option<fn(&str) -> Option<String>>) -> Result<String, Problem> {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['%', '$']) {
            let (plain, special) = rest.split_at(at);
            expanded.push_str(plain);
            rest = match (special.strip_prefix("${"), variable) {
                (Some(after), Some(variable)) => expand_variable(after, variable, &mut expanded)?,
                _ => self.expand_token(special, &mut expanded).ok_or_else(|| Problem::Token(text.to_owned()))?,
            };
        }
        expanded.push_str(rest);
        Ok(expanded)
    }

    /// `special` begins with `%`, or with a `$` that means itself. Returns what follows.
    fn expand_token<'t>(&self, special: &'t str, expanded: &mut String) -> Option<&'t str> {
        let Some(after) = special.strip_prefix('%') else {
            expanded.push('$');
            return special.get(1..);
        };
        let token = after.chars().next()?;
        match self.value(token) {
            Some(value) => expanded.push_str(&value),
            None if token == '%' => expanded.push('%'),
            None => return None,
        }
        after.get(token.len_utf8()..)
    }
}

/// `after` follows `${`. Returns what follows the `}`.
fn expand_variable<'a>(
    after: &'a str,
    variable: fn(&str) -> Option<String>,
    expanded: &mut String,
) -> Result<&'a str, Problem> {
    let (name, rest) = after.split_once('}').ok_or_else(|| Problem::Variable(format!("${{{after}")))?;
    expanded.push_str(&variable(name).ok_or_else(|| Problem::Unset(name.to_owned()))?);
    Ok(rest)
}

/// `%C`: SHA-1 of `%l%h%p%r%j` in hexadecimal digits. OpenSSH before 9.8 leaves out `%j`, which is empty without a jump
/// host.
fn connection_hash(local: &Local, remote: &Remote) -> String {
    let Remote { host, port, user, jump, .. } = remote;
    let text = format!("{}{host}{port}{user}{jump}", local.host_name);
    let mut hash = String::new();
    for byte in digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()).as_ref() {
        // Writing to a string does not fail.
        let _ = write!(hash, "{byte:02x}");
    }
    hash
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn local() -> Local {
        Local {
            user: "netops".to_owned(),
            uid: 1000,
            home: "/home/netops".into(),
            host_name: "desk.example.net".to_owned(),
            home_of: |name| (name == "other").then(|| "/home/other".into()),
            variable: |name| (name == "SITE").then(|| "berlin".to_owned()),
        }
    }

    const REMOTE: Remote<'_> =
        Remote { host: "192.0.2.1", original: "fw1", key_alias: "alias", port: 2222, user: "admin", jump: "" };

    #[test]
    fn tokens_and_variables_are_replaced() {
        let expanded = |text| Tokens::All(&local(), REMOTE).expand_all(text, &local()).unwrap();
        assert_eq!(
            expanded("%h %k %n %p %r %u %i %l %L %d %j%%"),
            "192.0.2.1 alias fw1 2222 admin netops 1000 desk.example.net desk /home/netops %"
        );
        assert_eq!(expanded("${SITE}/$SITE/$"), "berlin/$SITE/$");
        assert_eq!(expanded("%C"), "d9bddfaef6535ff3957a9ea70ceb99b31b7e889a");
    }

    #[test]
    fn what_cannot_be_replaced_is_named() {
        let problem = |text| Tokens::All(&local(), REMOTE).expand_all(text, &local()).unwrap_err();
        assert_eq!(problem("a%x"), Problem::Token("a%x".to_owned()));
        assert_eq!(problem("a%"), Problem::Token("a%".to_owned()));
        assert_eq!(problem("${HOME}"), Problem::Unset("HOME".to_owned()));
        assert_eq!(problem("a${SITE"), Problem::Variable("${SITE".to_owned()));
        let of_user = |text| Tokens::User(&local(), REMOTE).expand(text);
        assert!(of_user("%r").is_err() && of_user("%C").is_err());
        assert_eq!(of_user("%u@%h").unwrap(), "netops@192.0.2.1");
    }

    #[test]
    fn a_path_begins_at_a_home() {
        let expanded = |text: &str| Tokens::All(&local(), REMOTE).expand_path(Path::new(text), &local());
        assert_eq!(expanded("~/.ssh/%n").unwrap(), Path::new("/home/netops/.ssh/fw1"));
        assert_eq!(expanded("~other/k").unwrap(), Path::new("/home/other/k"));
        assert_eq!(expanded("/a/~/b").unwrap(), Path::new("/a/~/b"));
        assert!(expanded("~nobody/k").is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_a_panic(text in "\\PC{0,40}") {
            let _ = Tokens::All(&local(), REMOTE).expand_all(&text, &local());
        }
    }
}
