//! Keywords that mean nothing to us, or too much: all that are not an [`Assignment`](super::assignment::Assignment).

use super::error::Problem;
use super::line::Line;
use super::value;

/// The values that an ignored keyword takes, as far as they are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Anything at all, up to the end of the line.
    Anything,
    /// One of these words or, with an empty list, any word.
    Word(&'static [&'static str]),
    /// `yes` or `no`.
    Flag,
    /// A time.
    Time,
}

const ASK: &[&str] = &["yes", "true", "no", "false", "ask"];
const TTY: &[&str] = &["yes", "true", "no", "false", "force", "auto"];
const MASTER: &[&str] = &["yes", "true", "no", "false", "ask", "auto", "autoask"];
const TUNNEL: &[&str] = &["yes", "true", "no", "false", "ethernet", "point-to-point"];
const LEVELS: &[&str] = &["quiet", "fatal", "error", "info", "verbose", "debug", "debug1", "debug2", "debug3"];
const FACILITIES: &[&str] = &[
    "daemon", "user", "auth", "authpriv", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7",
];
const COMPRESSION: &[&str] = &["yes", "no"];
const SESSION: &[&str] = &["none", "subsystem", "default"];
const WEAK: &[&str] = &["yes", "true", "no", "false", "no-pq-kex"];

/// What is ignored, and why that is right: it is about forwarding, commands, terminals or connections that we do not
/// have; about what is logged; it grants more than we take (trust in the DNS, methods of authentication that FortiOS
/// has not); or OpenSSH itself ignores it by now.
const IGNORED: &[(&str, Shape)] = &[
    // Forwarding and tunnels.
    ("clearallforwardings", Shape::Flag),
    ("dynamicforward", Shape::Anything),
    ("exitonforwardfailure", Shape::Flag),
    ("forwardagent", Shape::Word(&[])),
    ("forwardx11", Shape::Flag),
    ("forwardx11timeout", Shape::Time),
    ("forwardx11trusted", Shape::Flag),
    ("gatewayports", Shape::Flag),
    ("localforward", Shape::Anything),
    ("permitremoteopen", Shape::Anything),
    ("remoteforward", Shape::Anything),
    ("streamlocalbindmask", Shape::Word(&[])),
    ("streamlocalbindunlink", Shape::Flag),
    ("tunnel", Shape::Word(TUNNEL)),
    ("tunneldevice", Shape::Word(&[])),
    ("xauthlocation", Shape::Word(&[])),
    // Sessions, commands and terminals: a shell on a terminal is what is opened.
    ("channeltimeout", Shape::Anything),
    ("enableescapecommandline", Shape::Flag),
    ("escapechar", Shape::Word(&[])),
    ("forkafterauthentication", Shape::Flag),
    ("localcommand", Shape::Anything),
    ("obscurekeystroketiming", Shape::Anything),
    ("permitlocalcommand", Shape::Flag),
    ("remotecommand", Shape::Anything),
    ("requesttty", Shape::Word(TTY)),
    ("sendenv", Shape::Anything),
    ("sessiontype", Shape::Word(SESSION)),
    ("setenv", Shape::Anything),
    ("stdinnull", Shape::Flag),
    ("versionaddendum", Shape::Anything),
    // Sharing a connection with `ssh`.
    ("controlmaster", Shape::Word(MASTER)),
    ("controlpath", Shape::Word(&[])),
    ("controlpersist", Shape::Word(&[])),
    // The connection.
    ("compression", Shape::Word(COMPRESSION)),
    ("ipqos", Shape::Anything),
    ("keepalive", Shape::Flag),
    ("proxyusefdpass", Shape::Flag),
    ("rekeylimit", Shape::Anything),
    ("tcpkeepalive", Shape::Flag),
    // What is said and logged.
    ("fingerprinthash", Shape::Word(&["md5", "sha1", "sha256", "sha384", "sha512"])),
    ("loglevel", Shape::Word(LEVELS)),
    ("logverbose", Shape::Anything),
    ("syslogfacility", Shape::Word(FACILITIES)),
    ("visualhostkey", Shape::Flag),
    ("warnweakcrypto", Shape::Word(WEAK)),
    // More trust in a host key than `known_hosts` gives, or changes to that file that are not asked for.
    ("nohostauthenticationforlocalhost", Shape::Flag),
    ("updatehostkeys", Shape::Word(ASK)),
    ("verifyhostkeydns", Shape::Word(ASK)),
    // Authentication that FortiOS has not, or that the agent does. The GSSAPI ones beyond two are of distributions.
    ("addkeystoagent", Shape::Anything),
    ("enablesshkeysign", Shape::Flag),
    ("gssapiauthentication", Shape::Flag),
    ("gssapiclientidentity", Shape::Word(&[])),
    ("gssapidelegatecredentials", Shape::Flag),
    ("gssapikexalgorithms", Shape::Word(&[])),
    ("gssapikeyexchange", Shape::Flag),
    ("gssapirenewalforcesrekey", Shape::Flag),
    ("gssapiserveridentity", Shape::Word(&[])),
    ("gssapitrustdns", Shape::Flag),
    ("hostbasedacceptedalgorithms", Shape::Word(&[])),
    ("hostbasedauthentication", Shape::Flag),
    ("hostbasedkeytypes", Shape::Word(&[])),
    ("kbdinteractivedevices", Shape::Word(&[])),
    ("securitykeyprovider", Shape::Word(&[])),
    #[cfg(target_os = "macos")]
    ("usekeychain", Shape::Flag),
    // Only about what is canonicalized, and with which outcome; that it is done at all is looked at.
    ("canonicalizefallbacklocal", Shape::Flag),
    // OpenSSH reads these and does nothing.
    ("afstokenpassing", Shape::Anything),
    ("cipher", Shape::Anything),
    ("compressionlevel", Shape::Anything),
    ("fallbacktorsh", Shape::Anything),
    ("globalknownhostsfile2", Shape::Anything),
    ("kerberosauthentication", Shape::Anything),
    ("kerberostgtpassing", Shape::Anything),
    ("protocol", Shape::Anything),
    ("rhostsauthentication", Shape::Anything),
    ("rhostsrsaauthentication", Shape::Anything),
    ("rsaauthentication", Shape::Anything),
    ("useprivilegedport", Shape::Anything),
    ("userknownhostsfile2", Shape::Anything),
    ("useroaming", Shape::Anything),
    ("usersh", Shape::Anything),
];

/// The shape of an ignored keyword (in lower case); `None` if it is not one.
pub(super) fn ignored(keyword: &str) -> Option<Shape> {
    IGNORED.iter().find(|(name, _)| *name == keyword).map(|(_, shape)| *shape)
}

/// Whether a line with an ignored keyword is one that OpenSSH accepts.
pub(super) fn check(shape: Shape, line: &Line) -> Result<(), Problem> {
    if shape == Shape::Anything {
        return Ok(());
    }
    let value = line.argument()?;
    match shape {
        Shape::Anything => Ok(()),
        Shape::Word(words) if words.is_empty() || words.iter().any(|word| word.eq_ignore_ascii_case(value)) => Ok(()),
        Shape::Word(_) => Err(Problem::Value { value: value.to_owned(), expected: "a word that it takes" }),
        Shape::Flag => value::flag(value).map(drop),
        Shape::Time => value::time(value).map(drop),
    }
}

/// The keyword that an unknown one may be meant for.
pub(super) fn similar(keyword: &str) -> Option<&'static str> {
    let names = super::assignment::NAMES.iter().copied().chain(["Host", "Match", "Include"]);
    names
        .map(|name| (strsim::damerau_levenshtein(keyword, &name.to_ascii_lowercase()), name))
        .filter(|(distance, _)| *distance <= 2)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
