//! How a device serves its REST API: port, certificate, and whether keys may stand in URLs.

/// The port of HTTPS administration on a device where nobody changed it (`admin-sport`).
pub const DEFAULT_PORT: u16 = 443;

/// What `get system global` says of HTTPS administration; `None`: it was not printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Https {
    /// `admin-sport`.
    pub port: Option<u16>,
    /// `admin-server-cert`: the name of the certificate that is presented.
    pub certificate: Option<String>,
    /// `rest-api-key-url-query`: whether a key in a URL is accepted. Without the setting (before 7.4.5, and again from 8.0
    /// on) nothing is known.
    ///
    /// Source: Fortinet community ta-p/357228; the schemas of 7.6.1 to 7.6.7 have it.
    pub key_in_url: Option<bool>,
}

impl Https {
    /// The same; `None` when nothing of it was printed.
    pub fn of(printed: &[String]) -> Option<Https> {
        Some(Https::parse(printed)).filter(|https| https.port.is_some() || https.certificate.is_some())
    }

    /// Reads the lines that `get system global` printed, whole or through `grep`.
    pub fn parse<'a>(lines: impl IntoIterator<Item = &'a String>) -> Https {
        let mut https = Https::default();
        for line in lines {
            match line.split_once(':').map(|(name, value)| (name.trim(), value.trim())) {
                Some(("admin-sport", port)) => https.port = port.parse().ok().filter(|port| *port != 0),
                Some(("admin-server-cert", name)) => https.certificate = named(name),
                Some(("rest-api-key-url-query", word)) => https.key_in_url = Some(word == "enable"),
                _ => {}
            }
        }
        https
    }
}

fn named(name: &str) -> Option<String> {
    let name = name.trim_matches(['"', ' ']);
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Https {
        Https::parse(&text.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn the_settings_are_found_among_all_others() {
        let https = parsed(
            "admin-scp           : disable\nadmin-server-cert   : Fortinet_GUI_Server \nadmin-sport         : 8443\n\
             rest-api-key-url-query: disable",
        );
        let expected =
            Https { port: Some(8443), certificate: Some("Fortinet_GUI_Server".into()), key_in_url: Some(false) };
        assert_eq!(https, expected);
    }

    #[test]
    fn what_is_not_printed_is_not_known() {
        assert_eq!(parsed("admin-server-cert : \nadmin-sport : none"), Https::default());
        assert_eq!(parsed(""), Https::default());
    }
}
