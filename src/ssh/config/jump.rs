//! `ProxyJump` and `-J`: the hosts on the way.

use super::error::Problem;
use super::value;

/// One host on the way, as it was named: it is looked up in ssh_config as any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jump {
    /// The user to log in there as; none: what ssh_config has for the host.
    pub user: Option<String>,
    /// A name or an address, IPv6 without brackets.
    pub host: String,
    /// 1 to 65535; none: what ssh_config has for the host.
    pub port: Option<u16>,
}

impl Jump {
    /// Reads what follows `-J` or `ProxyJump`: `[user@]host[:port]` or `ssh://[user@]host[:port]`, several of them with
    /// commas between, the first one the nearest. `none` is no host at all.
    pub fn list(text: &str) -> Result<Vec<Jump>, Problem> {
        let text = text.split('#').next().unwrap_or_default().trim_end();
        if text.eq_ignore_ascii_case("none") {
            return Ok(Vec::new());
        }
        text.split(',').map(|hop| parse_jump(hop).ok_or_else(|| problem(hop))).collect()
    }
}

fn problem(hop: &str) -> Problem {
    Problem::Value { value: hop.to_owned(), expected: "a jump host ([user@]host[:port])" }
}

fn parse_jump(text: &str) -> Option<Jump> {
    match text.strip_prefix("ssh://") {
        Some(uri) => parse_uri(uri),
        None => parse_plain(text),
    }
}

fn parse_plain(text: &str) -> Option<Jump> {
    let (user, place) = match text.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, text),
    };
    if user.is_some_and(str::is_empty) {
        return None;
    }
    let (host, port) = split_port(place)?;
    Some(Jump { user: user.map(str::to_owned), host: host.to_owned(), port })
}

/// The user of a URI may be written with `%XX`, and may be followed by `;parameters`, which nobody uses.
fn parse_uri(text: &str) -> Option<Jump> {
    let (user, place) = match text.split_once('@') {
        Some((user, place)) => (user.split(';').next(), place),
        None => (None, text),
    };
    let user = match user {
        Some(user) => Some(decode_percent(user)?),
        None => None,
    };
    let (host, port) = split_port(place.strip_suffix('/').unwrap_or(place))?;
    let is_domain = host.starts_with(|c: char| c.is_ascii_alphanumeric()) && host.chars().all(is_of_domain);
    (is_domain && user.as_deref() != Some("")).then(|| Jump { user, host: host.to_owned(), port })
}

fn is_of_domain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')
}

/// As `ssh` cuts it: at the first colon, unless the host stands in brackets. An empty port is none.
fn split_port(place: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match place.strip_prefix('[') {
        Some(bracketed) => {
            let (host, after) = bracketed.split_once(']')?;
            (host, if after.is_empty() { "" } else { after.strip_prefix(':')? })
        }
        None => place.split_once(':').unwrap_or((place, "")),
    };
    let port = if port.is_empty() { None } else { Some(value::port(port).ok()?) };
    (!host.is_empty() && !host.contains('/')).then_some((host, port))
}

fn decode_percent(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        bytes.push(if b == b'%' { hex(rest.next()?)? << 4 | hex(rest.next()?)? } else { b });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let hops = Jump::list(text).unwrap();
        hops.iter().map(|hop| format!("{:?} {} {:?}", hop.user, hop.host, hop.port)).collect()
    }

    #[test]
    fn hops_stand_in_order_with_user_and_port() {
        assert_eq!(told("hop"), ["None hop None"]);
        assert_eq!(told("a@hop:2222,[2001:db8::1]:22"), ["Some(\"a\") hop Some(2222)", "None 2001:db8::1 Some(22)"]);
        assert_eq!(told("ad@min@hop"), ["Some(\"ad@min\") hop None"]);
        assert_eq!(told("ssh://ad%40min@hop:22/"), ["Some(\"ad@min\") hop Some(22)"]);
        assert_eq!(told("NONE"), [""; 0]);
        assert_eq!(told("none  # nothing"), [""; 0]);
        assert_eq!(told("hop  # the old one"), ["None hop None"]);
    }

    #[test]
    fn a_broken_hop_is_named() {
        for text in ["", "hop,", "@hop", "hop:0", "hop:x", "hop:65536", "[::1", "[::1]x", "2001:db8::1", "ssh://[::1]"]
        {
            assert!(matches!(Jump::list(text), Err(Problem::Value { .. })), "{text}");
        }
    }
}
