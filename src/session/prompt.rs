//! The prompt of a FortiGate: `HOST # `, `HOST (CONTEXT) # `, `HOST(Primary) (CONTEXT) $ `.
//!
//! What varies, and the firmware that made it vary: the sign is `$` for restricted administrators (and for some
//! unrestricted ones); a name of more than 24 characters is shown as its first 20, a `~` and its last 3; from 7.6.7 on a
//! cluster member has its HA role glued to the name, and the role changes on failover within a session; special builds
//! print a tag behind the name, with a space, as a context would be (`HOST (Interim) # `). So the base is learned from
//! the first prompt after the login, where the depth is zero, and never built from the configured host name.

/// A prompt as it was printed, less the name of the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// `Primary` or `Secondary`, from 7.6.7 on members of a cluster.
    pub role: Option<String>,
    /// The innermost level of the configuration shell: `global`, `accprofile`, the name of an entry.
    pub context: Option<String>,
    /// `$` instead of `#`: a hint at a restricted administrator, no proof.
    pub restricted: bool,
}

/// The part of the prompt that stays the same for a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasePrompt {
    name: String,
    tag: Option<String>,
}

/// Longest name that a prompt is believed to have; FortiOS cuts at 24 characters, some sister products do not.
const LONGEST_NAME: usize = 80;

impl BasePrompt {
    /// Learns the base from `line`, the whole last line of the greeting, if that looks like a prompt at depth zero.
    pub fn learn(line: &str) -> Option<(BasePrompt, Prompt)> {
        let name_end = line.find([' ', '('])?;
        let (name, rest) = line.split_at_checked(name_end)?;
        if !is_name(name) {
            return None;
        }
        let (role, rest) = glued_role(rest);
        let (tag, rest) = context(rest);
        let restricted = sign(rest).filter(|(_, rest)| rest.is_empty())?.0;
        let base = BasePrompt { name: name.to_owned(), tag };
        Some((base, Prompt { role, context: None, restricted }))
    }

    /// The name as the prompt shows it: cut for a long host name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads a prompt at the beginning of `line`; also returns what follows it on the line.
    pub fn read<'a>(&self, line: &'a str) -> Option<(Prompt, &'a str)> {
        let rest = line.strip_prefix(self.name.as_str())?;
        let (role, rest) = glued_role(rest);
        let (mut context_shown, mut rest) = context(rest);
        if context_shown.is_some() && context_shown == self.tag {
            (context_shown, rest) = context(rest);
        }
        let (restricted, rest) = sign(rest)?;
        Some((Prompt { role, context: context_shown, restricted }, rest))
    }
}

impl Prompt {
    /// Whether this prompt can be that of the level `expected` (`None`: no level is open). Long names of entries may be
    /// cut like host names.
    pub fn confirms(&self, expected: Option<&str>) -> bool {
        match (self.context.as_deref(), expected) {
            (None, None) => true,
            (Some(shown), Some(expected)) => shown == expected || is_cut_of(shown, expected),
            _ => false,
        }
    }
}

/// Letters, digits and what occurs in host names in the field, with a letter or a digit among them, so that boxes of `#`
/// and `*` in banners are not taken for a name.
fn is_name(name: &str) -> bool {
    let first = name.chars().next().is_some_and(|c| c.is_alphanumeric() || "-_".contains(c));
    let rest = name.chars().all(|c| c.is_alphanumeric() || "-_.~:/@+&=%!,".contains(c));
    first && rest && name.chars().any(char::is_alphanumeric) && name.chars().count() <= LONGEST_NAME
}

/// `(Primary)` directly behind the name.
fn glued_role(text: &str) -> (Option<String>, &str) {
    let Some((role, rest)) = text.strip_prefix('(').and_then(|inner| inner.split_once(')')) else {
        return (None, text);
    };
    let is_word = !role.is_empty() && role.chars().all(char::is_alphanumeric);
    if is_word { (Some(role.to_owned()), rest) } else { (None, text) }
}

/// ` (CONTEXT)`, which may hold dots, spaces and whatever an entry may be named.
fn context(text: &str) -> (Option<String>, &str) {
    let Some(inner) = text.strip_prefix(" (") else { return (None, text) };
    for (at, _) in inner.match_indices(')') {
        let (shown, rest) = inner.split_at(at);
        let rest = rest.get(1..).unwrap_or_default();
        if sign(rest).is_some() || rest.starts_with(" (") {
            return (Some(shown.to_owned()), rest);
        }
    }
    (None, text)
}

/// ` # ` or ` $ `: whether it is `$`, and what follows.
fn sign(text: &str) -> Option<(bool, &str)> {
    let hash = text.strip_prefix(" # ").map(|rest| (false, rest));
    hash.or_else(|| text.strip_prefix(" $ ").map(|rest| (true, rest)))
}

/// Whether `shown` is `full` cut as FortiOS cuts long names: its beginning, `~`, its end.
fn is_cut_of(shown: &str, full: &str) -> bool {
    match shown.split_once('~') {
        Some((head, tail)) => {
            head.len() >= 8 && full.starts_with(head) && full.ends_with(tail) && shown.len() < full.len()
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(line: &str) -> BasePrompt {
        BasePrompt::learn(line).unwrap_or_else(|| panic!("`{line}` is a prompt")).0
    }

    #[test]
    fn the_prompts_of_the_captures_are_learned() {
        for (line, name) in [
            ("FW02-0_MAR02_SBMDEVE~MEN # ", "FW02-0_MAR02_SBMDEVE~MEN"),
            ("firewall01.company.com $ ", "firewall01.company.com"),
            ("900G-1(Primary) $ ", "900G-1"),
            ("hostname(Secondary) # ", "hostname"),
            ("FGT-200G # ", "FGT-200G"),
            ("HOST (Interim) # ", "HOST"),
            ("_edge-1 # ", "_edge-1"),
        ] {
            assert_eq!(learned(line).name(), name);
        }
    }

    #[test]
    fn banner_lines_are_no_prompts() {
        for line in [
            "################# ",
            "~~   # ",
            "* # ",
            "------ # ",
            "# ",
            "$ ",
            "> ",
            "fines are up to 100 $ ",
            "login: ",
            "fw1 #",
            "fw1 # x",
        ] {
            assert_eq!(BasePrompt::learn(line), None, "{line}");
        }
    }

    #[test]
    fn the_role_is_no_context_and_may_change() {
        let base = learned("hostname(Primary) # ");
        let (prompt, rest) = base.read("hostname(Secondary) (global) # show").unwrap();
        assert_eq!(
            (prompt.role.as_deref(), prompt.context.as_deref(), rest),
            (Some("Secondary"), Some("global"), "show")
        );
        assert_eq!(base.read("hostname # ").unwrap().0.role, None);
    }

    #[test]
    fn a_context_may_hold_dots_and_spaces() {
        let base = learned("fw # ");
        for context in ["l2t.TESTIF", "my user", "1"] {
            let line = format!("fw ({context}) # ");
            assert_eq!(base.read(&line).unwrap().0.context.as_deref(), Some(context));
        }
    }

    #[test]
    fn the_tag_of_a_special_build_belongs_to_the_base() {
        let base = learned("HOST (Interim) # ");
        assert_eq!(base.read("HOST (Interim) # ").unwrap().0.context, None);
        assert_eq!(base.read("HOST (Interim) (global) # ").unwrap().0.context.as_deref(), Some("global"));
        assert_eq!(base.read("HOST (global) # ").unwrap().0.context.as_deref(), Some("global"));
    }

    #[test]
    fn a_prompt_confirms_the_level_it_shows() {
        let prompt =
            |context: Option<&str>| Prompt { role: None, context: context.map(str::to_owned), restricted: false };
        assert!(prompt(None).confirms(None));
        assert!(prompt(Some("tf")).confirms(Some("tf")));
        assert!(prompt(Some("abcdefghijklmnopqrst~xyz")).confirms(Some("abcdefghijklmnopqrstuvwxyz")));
        assert!(!prompt(Some("tf")).confirms(Some("trusthost")));
        assert!(!prompt(Some("tf")).confirms(None));
        assert!(!prompt(None).confirms(Some("tf")));
    }
}
