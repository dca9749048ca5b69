//! The prompt.

use super::spec::DeviceSpec;

/// The longest hostname that the prompt shows whole; of a longer one it shows the first 20 and the last 3 characters
/// with `~` between (netshot PR 129).
const SHOWN_WHOLE: usize = 24;

/// `HOST[(ROLE)][ (TAG)][ (CONTEXT)] # `.
pub(super) fn prompt(spec: &DeviceSpec, hostname: &str, view: &View<'_>) -> String {
    let mut prompt = shown(hostname);
    if let Some(role) = spec.ha.role().filter(|_| spec.shows_role()) {
        let role = if view.flipped { flip(role) } else { role };
        prompt.extend(["(", role, ")"]);
    }
    for context in [spec.traps.build_tag.as_deref(), view.context].into_iter().flatten() {
        prompt.extend([" (", context, ")"]);
    }
    prompt.push_str(if spec.traps.dollar.unwrap_or(!view.super_admin) { " $ " } else { " # " });
    prompt
}

/// What of the session the prompt depends on.
pub(super) struct View<'a> {
    pub(super) context: Option<&'a str>,
    pub(super) super_admin: bool,
    pub(super) flipped: bool,
}

fn flip(role: &str) -> &'static str {
    if role == "Primary" { "Secondary" } else { "Primary" }
}

fn shown(hostname: &str) -> String {
    if hostname.len() <= SHOWN_WHOLE {
        return hostname.to_owned();
    }
    let characters: Vec<char> = hostname.chars().collect();
    if characters.len() <= SHOWN_WHOLE {
        return hostname.to_owned();
    }
    let tail = characters.iter().skip(characters.len() - 3);
    characters.iter().take(20).chain(&['~']).chain(tail).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fortios::version::Version;
    use crate::sim::spec::Ha;

    const PLAIN: View<'_> = View { context: None, super_admin: true, flipped: false };

    #[test]
    fn a_hostname_over_24_characters_is_cut() {
        let spec = DeviceSpec::default();
        assert_eq!(prompt(&spec, "lab-fortigate-active-appliance", &PLAIN), "lab-fortigate-active~nce # ");
        assert_eq!(prompt(&spec, "FW02-0_MAR02_SBMDEV-24ch", &PLAIN), "FW02-0_MAR02_SBMDEV-24ch # ");
    }

    #[test]
    fn the_ha_role_is_glued_and_the_context_is_not() {
        let spec = DeviceSpec { version: Version::new(7, 6, 7), ha: Ha::Primary, ..DeviceSpec::default() };
        let global = View { context: Some("global"), ..PLAIN };
        assert_eq!(prompt(&spec, "hostname", &PLAIN), "hostname(Primary) # ");
        assert_eq!(prompt(&spec, "hostname", &global), "hostname(Primary) (global) # ");
        assert_eq!(prompt(&spec, "900G-1", &View { super_admin: false, ..PLAIN }), "900G-1(Primary) $ ");
        let older = DeviceSpec { version: Version::new(7, 6, 6), ..spec };
        assert_eq!(prompt(&older, "hostname", &PLAIN), "hostname # ");
    }
}
