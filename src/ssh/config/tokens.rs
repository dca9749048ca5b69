//! The tokens (`%h`) and variables (`${NAME}`) in values.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::error::Problem;
use super::local::Local;

/// What each token stands for; those that are not among them are not known.
#[derive(Debug, Clone)]
pub(super) struct Tokens(Vec<(char, String)>);

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

impl Tokens {
    /// Of `Hostname`: `%h` is the name as it was given.
    pub(super) fn for_host_name(original: &str) -> Self {
        Tokens(vec![('h', original.to_owned())])
    }

    /// Of this side.
    pub(super) fn local(local: &Local) -> Self {
        let short = local.host_name.split('.').next().unwrap_or_default();
        Tokens(vec![
            ('L', short.to_owned()),
            ('d', local.home.to_string_lossy().into_owned()),
            ('i', local.uid.to_string()),
            ('l', local.host_name.clone()),
            ('u', local.user.clone()),
        ])
    }

    /// Of both sides, as most keywords know them.
    pub(super) fn all(local: &Local, remote: &Remote) -> Self {
        let mut tokens = Self::for_jump(remote).0;
        tokens.extend(Self::local(local).0);
        tokens.extend([('C', connection_hash(local, remote)), ('j', remote.jump.to_owned())]);
        Tokens(tokens)
    }

    /// Of `ProxyJump`.
    pub(super) fn for_jump(remote: &Remote) -> Self {
        Tokens(vec![
            ('h', remote.host.to_owned()),
            ('k', remote.key_alias.to_owned()),
            ('n', remote.original.to_owned()),
            ('p', remote.port.to_string()),
            ('r', remote.user.to_owned()),
        ])
    }

    /// Of `User`: all that do not depend on the user.
    pub(super) fn without_user(self) -> Self {
        Tokens(self.0.into_iter().filter(|(token, _)| !matches!(token, 'r' | 'C')).collect())
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
    fn expand_token<'a>(&self, special: &'a str, expanded: &mut String) -> Option<&'a str> {
        let Some(after) = special.strip_prefix('%') else {
            expanded.push('$');
            return special.get(1..);
        };
        let token = after.chars().next()?;
        match self.0.iter().find(|(known, _)| *known == token) {
            Some((_, value)) => expanded.push_str(value),
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

    fn tokens() -> Tokens {
        let remote =
            Remote { host: "192.0.2.1", original: "fw1", key_alias: "alias", port: 2222, user: "admin", jump: "" };
        Tokens::all(&local(), &remote)
    }

    #[test]
    fn tokens_and_variables_are_replaced() {
        let expanded = |text| tokens().expand_all(text, &local()).unwrap();
        assert_eq!(
            expanded("%h %k %n %p %r %u %i %l %L %d %j%%"),
            "192.0.2.1 alias fw1 2222 admin netops 1000 desk.example.net desk /home/netops %"
        );
        assert_eq!(expanded("${SITE}/$SITE/$"), "berlin/$SITE/$");
        assert_eq!(expanded("%C"), "d9bddfaef6535ff3957a9ea70ceb99b31b7e889a");
    }

    #[test]
    fn what_cannot_be_replaced_is_named() {
        let problem = |text| tokens().expand_all(text, &local()).unwrap_err();
        assert_eq!(problem("a%x"), Problem::Token("a%x".to_owned()));
        assert_eq!(problem("a%"), Problem::Token("a%".to_owned()));
        assert_eq!(problem("${HOME}"), Problem::Unset("HOME".to_owned()));
        assert_eq!(problem("a${SITE"), Problem::Variable("${SITE".to_owned()));
        assert!(tokens().without_user().expand("%r").is_err());
    }

    #[test]
    fn a_path_begins_at_a_home() {
        let expanded = |text: &str| tokens().expand_path(Path::new(text), &local());
        assert_eq!(expanded("~/.ssh/%n").unwrap(), Path::new("/home/netops/.ssh/fw1"));
        assert_eq!(expanded("~other/k").unwrap(), Path::new("/home/other/k"));
        assert_eq!(expanded("/a/~/b").unwrap(), Path::new("/a/~/b"));
        assert!(expanded("~nobody/k").is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_a_panic(text in "\\PC{0,40}") {
            let _ = tokens().expand_all(&text, &local());
        }
    }
}
