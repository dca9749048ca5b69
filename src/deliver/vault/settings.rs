//! Who the server is and who we are: options first, then the environment that `bao` and `vault` read.

use std::fs;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::address::Address;
use super::error::VaultError;
use super::login::Login;
use super::trust::Trust;
use crate::deliver::options::Options;
use crate::deliver::path::home;
use crate::secret::Secret;

/// The options of the destination. Secrets are none of them: they would stand in the arguments of a command.
pub(super) const OPTIONS: [&str; 11] = [
    "address",
    "namespace",
    "mount",
    "ca-file",
    "ca-path",
    "token-file",
    "role-id",
    "role-id-file",
    "secret-id-file",
    "approle-mount",
    "plaintext",
];

/// The namespace that all others are in, by name.
const ROOT: &str = "root";

/// Looks up a variable of the environment.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// All that has to be known before the server is asked.
pub(super) struct Settings {
    /// The server.
    pub(super) address: Address,
    /// The namespace, without slashes at its ends; the root namespace without one.
    pub(super) namespace: Option<String>,
    /// Whose certificates the server may show.
    pub(super) trust: Trust,
    /// Whether a connection without TLS was allowed by name.
    pub(super) plaintext: bool,
    /// Who we are.
    pub(super) login: Login,
}

impl Settings {
    /// Fails where something is missing, cannot be read, or would send the key past TLS or to whom nobody checked.
    pub(super) fn read(options: &Options, environment: Environment) -> Result<Settings, VaultError> {
        let address = match options.one("address") {
            Some(text) => Address::parse(text)?,
            None => Address::parse(&variable(environment, "ADDR").ok_or(VaultError::NoAddress)?)?,
        };
        // YAML makes `true` of a bare `yes`.
        let plaintext = matches!(options.one("plaintext"), Some("yes" | "true"));
        if !address.is_secure() && !address.is_loopback() && !plaintext {
            return Err(VaultError::Plaintext { server: address.server().to_owned() });
        }
        refuse_blind_trust(&address, environment)?;
        Ok(Settings {
            namespace: namespace(options, environment),
            trust: trust(options, environment),
            login: login(options, environment)?,
            plaintext,
            address,
        })
    }

    /// The options with which another run, in another directory and another shell, comes to the same server. What names
    /// secrets is taken over as far as it is files; a token out of the environment has to be there again.
    pub(super) fn spec(&self, options: &Options) -> String {
        let mut spec = format!(",address={}", self.address);
        let mut add = |name: &str, text: &str| spec.extend([",", name, "=", text]);
        // Said even where it is the root, for a shell in which VAULT_NAMESPACE is set.
        add("namespace", self.namespace.as_deref().unwrap_or(ROOT));
        for (name, path) in [("ca-file", &self.trust.file), ("ca-path", &self.trust.directory)] {
            if let Some(path) = path {
                add(name, &path.display().to_string());
            }
        }
        for name in ["role-id", "approle-mount", "plaintext"] {
            if let Some(text) = options.one(name) {
                add(name, text);
            }
        }
        for name in ["token-file", "role-id-file", "secret-id-file"] {
            if let Some(text) = options.one(name) {
                add(name, &absolute(text).display().to_string());
            }
        }
        spec
    }
}

/// `BAO_NAME`, else `VAULT_NAME`; an empty one is none. As `bao` has it, `BAO_NAME` counts even when it is empty.
fn variable(environment: Environment, name: &str) -> Option<String> {
    let found = environment(&format!("BAO_{name}")).or_else(|| environment(&format!("VAULT_{name}")));
    found.filter(|text| !text.is_empty())
}

fn refuse_blind_trust(address: &Address, environment: Environment) -> Result<(), VaultError> {
    let asked = variable(environment, "SKIP_VERIFY");
    let is_on = asked.is_some_and(|text| !["0", "f", "false"].contains(&text.to_ascii_lowercase().as_str()));
    if is_on && address.is_secure() {
        let bao = environment("BAO_SKIP_VERIFY").is_some();
        return Err(VaultError::SkipVerify {
            variable: if bao { "BAO_SKIP_VERIFY" } else { "VAULT_SKIP_VERIFY" }.into(),
        });
    }
    Ok(())
}

fn namespace(options: &Options, environment: Environment) -> Option<String> {
    let text = options.one("namespace").map(str::to_owned).or_else(|| variable(environment, "NAMESPACE"))?;
    let text = text.trim_matches('/');
    (!text.is_empty() && text != ROOT).then(|| text.to_owned())
}

/// Options replace the environment as a whole: a CA file that was named is not widened by a directory that was not.
fn trust(options: &Options, environment: Environment) -> Trust {
    let option = |name| options.one(name).map(absolute);
    let named = Trust { file: option("ca-file"), directory: option("ca-path") };
    if named != Trust::default() {
        return named;
    }
    let variable = |name| variable(environment, name).map(|text| absolute(&text));
    Trust { file: variable("CACERT"), directory: variable("CAPATH") }
}

/// The first that is there: a token file, an AppRole in the options, a token in the environment, an AppRole there, the
/// token that `vault login` left.
fn login(options: &Options, environment: Environment) -> Result<Login, VaultError> {
    if let Some(path) = options.one("token-file") {
        return Ok(Login::Token(secret("token file", &absolute(path))?));
    }
    if let Some(login) = approle_of_options(options, environment)? {
        return Ok(login);
    }
    if let Some(token) = variable(environment, "TOKEN") {
        return Ok(Login::Token(Secret::new(Zeroizing::new(token).trim())));
    }
    if let Some(role_id) = variable(environment, "ROLE_ID") {
        return approle(options, environment, role_id);
    }
    if options.one("secret-id-file").is_some() {
        return Err(VaultError::NoRole);
    }
    let left = environment("HOME").map(|home| Path::new(&home).join(".vault-token")).filter(|path| path.exists());
    Ok(Login::Token(secret("token file", &left.ok_or(VaultError::NoToken)?)?))
}

fn approle_of_options(options: &Options, environment: Environment) -> Result<Option<Login>, VaultError> {
    let role_id = match (options.one("role-id"), options.one("role-id-file")) {
        (Some(role_id), _) => role_id.to_owned(),
        // A role ID is a name, not a secret; the file is where deployments put it.
        (None, Some(path)) => text_of("role ID file", &absolute(path))?.to_string(),
        (None, None) => return Ok(None),
    };
    approle(options, environment, role_id).map(Some)
}

fn approle(options: &Options, environment: Environment, role_id: String) -> Result<Login, VaultError> {
    let secret_id = match options.one("secret-id-file") {
        Some(path) => Some(secret("secret ID file", &absolute(path))?),
        None => variable(environment, "SECRET_ID").map(Secret::new),
    };
    let mount = options.one("approle-mount").unwrap_or("approle").trim_matches('/').to_owned();
    Ok(Login::AppRole { mount, role_id, secret_id })
}

fn secret(what: &'static str, path: &Path) -> Result<Secret, VaultError> {
    Ok(Secret::new(text_of(what, path)?.as_str()))
}

/// The text of a small file, without the blanks around it.
fn text_of(what: &'static str, path: &Path) -> Result<Zeroizing<String>, VaultError> {
    let file = |source| VaultError::File { what, path: path.to_owned(), source };
    let text = Zeroizing::new(fs::read_to_string(path).map_err(file)?);
    match text.trim() {
        "" => Err(file(std::io::Error::other("it is empty"))),
        text => Ok(Zeroizing::new(text.to_owned())),
    }
}

/// The path from whatever directory; `~/` is the home directory.
fn absolute(text: &str) -> PathBuf {
    let path = match text.strip_prefix("~/").zip(home()) {
        Some((rest, home)) => home.join(rest),
        None => PathBuf::from(text),
    };
    std::path::absolute(&path).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(options: &str, environment: &[(&str, &str)]) -> Result<Settings, VaultError> {
        let options = Options::parse("vault", options, &OPTIONS);
        let found =
            |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned());
        Settings::read(&options, &found)
    }

    const TOKEN: (&str, &str) = ("VAULT_TOKEN", "s.x");

    #[test]
    fn options_go_before_the_environment_and_the_names_of_openbao_before_those_of_vault() {
        let vault = [TOKEN, ("VAULT_ADDR", "https://vault"), ("VAULT_NAMESPACE", "a"), ("VAULT_CACERT", "/v.pem")];
        let bao = [("BAO_ADDR", "https://bao"), ("BAO_NAMESPACE", "/b/"), ("BAO_CACERT", "/b.pem")];
        let both = [&vault[..], &bao[..]].concat();
        let cases = [
            ("x", &vault[..], "https://vault", "a", "/v.pem"),
            ("x", &both[..], "https://bao", "b", "/b.pem"),
            ("x,address=https://option,namespace=c/d,ca-file=/o.pem", &both[..], "https://option", "c/d", "/o.pem"),
        ];
        for (options, environment, address, namespace, ca) in cases {
            let settings = read(options, environment).unwrap();
            assert_eq!(settings.address.to_string(), address);
            assert_eq!(settings.namespace.as_deref(), Some(namespace));
            assert_eq!(settings.trust.file.as_deref(), Some(Path::new(ca)));
        }
    }

    #[test]
    fn an_empty_variable_of_openbao_hides_that_of_vault() {
        let environment = [TOKEN, ("VAULT_ADDR", "https://v"), ("VAULT_NAMESPACE", "a"), ("BAO_NAMESPACE", "")];
        assert_eq!(read("x", &environment).unwrap().namespace, None);
    }

    #[test]
    fn what_another_run_is_told_has_no_secret_and_no_relative_path() {
        let options = Options::parse("vault", "x,ca-file=ca.pem,role-id=r,secret-id-file=/s,plaintext=yes", &OPTIONS);
        let environment = |name: &str| (name == "VAULT_ADDR").then(|| "http://192.0.2.9:8200".to_owned());
        let trust = trust(&options, &environment);
        let address = Address::parse("http://192.0.2.9:8200/").unwrap();
        let login = Login::Token(Secret::new("s.t0ken"));
        let spec = Settings { address, namespace: None, trust, plaintext: true, login }.spec(&options);
        let here = std::env::current_dir().unwrap();
        let expected = format!(
            ",address=http://192.0.2.9:8200,namespace=root,ca-file={}/ca.pem,role-id=r,plaintext=yes,secret-id-file=/s",
            here.display()
        );
        assert_eq!(spec, expected);
    }

    #[test]
    fn blind_trust_is_refused_where_it_would_matter() {
        let with = |address, skip| read("x", &[TOKEN, ("VAULT_ADDR", address), ("VAULT_SKIP_VERIFY", skip)]);
        assert!(matches!(with("https://v", "true"), Err(VaultError::SkipVerify { .. })));
        assert!(with("https://v", "false").is_ok() && with("https://v", "").is_ok());
        assert!(with("http://127.0.0.1:8200", "1").is_ok());
    }

    #[test]
    fn without_a_token_what_to_do_is_said() {
        let address = ("VAULT_ADDR", "https://v");
        assert!(matches!(read("x", &[address]), Err(VaultError::NoToken)));
        assert!(matches!(read("x,secret-id-file=/s", &[address]), Err(VaultError::NoRole)));
        assert!(matches!(read("x,token-file=/missing", &[address]), Err(VaultError::File { .. })));
        assert!(matches!(read("x", &[TOKEN]), Err(VaultError::NoAddress)));
    }
}
