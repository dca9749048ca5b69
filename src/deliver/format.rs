//! How a key is written down. This is the one place of `deliver` where keys leave their wrapper as text.

use std::fmt;
use std::io;
use std::str::FromStr;

use zeroize::Zeroizing;

use super::edit::Setting;
use super::record::Record;
use crate::deliver::{dotenv, tfvars};
use crate::secret::Secret;

/// What stdout carries: `-o`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// `key`: the bare key and a newline.
    #[default]
    Key,
    /// The device's name, a tab, the key, a newline: what several devices get when `-o` does not say.
    NameAndKey,
    /// `json`: the record as one line.
    Json,
    /// `env`: the lines of a dotenv file.
    Env,
    /// `tfvars`: the lines of a Terraform variables file.
    Tfvars,
}

/// An output format that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an output format: key, json, env or tfvars")]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "key" => Ok(Format::Key),
            "json" => Ok(Format::Json),
            "env" => Ok(Format::Env),
            "tfvars" => Ok(Format::Tfvars),
            other => Err(UnknownFormat(other.to_owned())),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Key => "key",
            Format::NameAndKey => "name and key",
            Format::Json => "json",
            Format::Env => "env",
            Format::Tfvars => "tfvars",
        })
    }
}

impl Format {
    /// The bytes for `record` and its key, line end included; their memory is wiped.
    pub(super) fn render(self, record: &Record, key: &Secret) -> io::Result<Zeroizing<Vec<u8>>> {
        Ok(match self {
            Format::Key => joined(&[key.expose(), "\n"]),
            Format::NameAndKey => joined(&[&record.device, "\t", key.expose(), "\n"]),
            Format::Json => {
                let mut json = record.to_json_with(key)?;
                json.push(b'\n');
                json
            }
            Format::Env => lines(&env(record, key)),
            Format::Tfvars => lines(&terraform(record, key)),
        })
    }
}

/// The host part of the API's URL, in the environment.
pub const HOSTNAME: &str = "FORTIOS_ACCESS_HOSTNAME";

/// The key, in the environment.
pub const TOKEN: &str = "FORTIOS_ACCESS_TOKEN";

/// The Terraform variable of the host.
pub(super) const TERRAFORM_HOSTNAME: &str = "fortios_hostname";

/// The Terraform variable of the key.
pub(super) const TERRAFORM_TOKEN: &str = "fortios_token";

/// The two variables that the Terraform provider and the Ansible examples read from the environment.
///
/// Without an address (a scraped transcript does not tell it) only the token is written.
/// Source of the names: the Terraform provider fortinetdev/fortios, provider arguments `hostname` and `token`.
pub(super) fn env(record: &Record, key: &Secret) -> Vec<Setting> {
    let host = record.url_host().map(|host| dotenv::setting(HOSTNAME, &host));
    let token = dotenv::setting(TOKEN, key.expose());
    host.into_iter().chain([token]).collect()
}

/// The same two as Terraform variables, aligned as `terraform fmt` does.
pub(super) fn terraform(record: &Record, key: &Secret) -> Vec<Setting> {
    let host = record.url_host().map(|host| tfvars::setting(TERRAFORM_HOSTNAME, &host));
    let token = tfvars::setting(TERRAFORM_TOKEN, key.expose());
    host.into_iter().chain([token]).collect()
}

/// Joins without growing, so that no copy of the key stays behind.
fn joined(parts: &[&str]) -> Zeroizing<Vec<u8>> {
    let size = parts.iter().map(|part| part.len()).sum();
    let mut bytes = Zeroizing::new(Vec::with_capacity(size));
    parts.iter().for_each(|part| bytes.extend_from_slice(part.as_bytes()));
    bytes
}

fn lines(settings: &[Setting]) -> Zeroizing<Vec<u8>> {
    let parts: Vec<&str> = settings.iter().flat_map(|setting| [setting.line.as_str(), "\n"]).collect();
    joined(&parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(format: Format) -> String {
        let record = Record { address: Some("192.0.2.1".into()), ..Record::new("fw1") };
        let bytes = format.render(&record, &Secret::new("fccys3")).unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[test]
    fn each_format_writes_whole_lines() {
        assert_eq!(rendered(Format::Key), "fccys3\n");
        assert_eq!(rendered(Format::NameAndKey), "fw1\tfccys3\n");
        assert_eq!(rendered(Format::Env), "FORTIOS_ACCESS_HOSTNAME=192.0.2.1\nFORTIOS_ACCESS_TOKEN=fccys3\n");
        assert_eq!(rendered(Format::Tfvars), "fortios_hostname = \"192.0.2.1\"\nfortios_token    = \"fccys3\"\n");
        assert!(rendered(Format::Json).ends_with("}\n"));
    }

    #[test]
    fn a_format_reads_back_as_it_is_spelt() {
        for name in ["key", "json", "env", "tfvars"] {
            assert_eq!(name.parse::<Format>().unwrap().to_string(), name);
        }
        assert!("yaml".parse::<Format>().is_err());
    }

    #[test]
    fn without_an_address_only_the_token_is_written() {
        let settings = env(&Record::new("fw1"), &Secret::new("fccys3"));
        assert_eq!(settings.len(), 1);
    }
}
