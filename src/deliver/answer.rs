//! What a program that asks for a delivered key is answered.

use std::io;

use serde_json::Value;
use zeroize::Zeroizing;

use super::fetch::Fetched;
use super::format::Format;
use super::record::{Record, seconds, split_host, wiped_json};

/// A key that was read back, and the device it opens.
#[derive(Debug)]
pub struct Answer {
    /// The device as the operator calls it, where one is named.
    pub device: Option<String>,
    /// Host and port of the API's URL, an IPv6 address in brackets, where they are known.
    pub hostname: Option<String>,
    /// What the destination has.
    pub fetched: Fetched,
}

/// An answer in JSON: the names are those of the record of a mint.
#[derive(serde::Serialize)]
struct Json<'a> {
    device: Option<&'a str>,
    address: Option<String>,
    api_user: Option<&'a str>,
    key: &'a str,
    generated_at: Option<String>,
    https_port: Option<u16>,
}

/// An answer to Terraform: the data source `external` takes one object, and strings in it only. The names are those of the
/// provider's arguments.
#[derive(serde::Serialize)]
struct External<'a> {
    hostname: &'a str,
    token: &'a str,
    api_user: &'a str,
    generated_at: String,
}

impl Answer {
    /// The bytes for stdout, line end included; their memory is wiped. In JSON what is not known is null.
    ///
    /// # Errors
    /// None that a caller could do something about: the bytes go to memory.
    pub fn render(&self, format: Format) -> io::Result<Zeroizing<Vec<u8>>> {
        match format {
            Format::Json => line(&self.json()),
            other => other.render(&self.record(), &self.fetched.key),
        }
    }

    /// The bytes for Terraform's data source `external`, line end included; what is not known is an empty string.
    ///
    /// # Errors
    /// None that a caller could do something about: the bytes go to memory.
    pub fn external(&self) -> io::Result<Zeroizing<Vec<u8>>> {
        line(&External {
            hostname: self.hostname.as_deref().unwrap_or_default(),
            token: self.fetched.key.expose(),
            api_user: self.fetched.api_user.as_deref().unwrap_or_default(),
            generated_at: self.generated_at().unwrap_or_default(),
        })
    }

    fn json(&self) -> Json<'_> {
        let (address, https_port) = self.address();
        Json {
            device: self.device.as_deref(),
            address,
            https_port,
            api_user: self.fetched.api_user.as_deref(),
            key: self.fetched.key.expose(),
            generated_at: self.generated_at(),
        }
    }

    /// Enough of a record for the formats that are lines.
    fn record(&self) -> Record {
        let (address, https_port) = self.address();
        Record { address, https_port, ..Record::new(self.device.clone().unwrap_or_default()) }
    }

    /// The host without the brackets that a URL needs, and the port.
    fn address(&self) -> (Option<String>, Option<u16>) {
        let split = self.hostname.as_deref().map(split_host);
        split.map_or((None, None), |(host, port)| (Some(host), port))
    }

    fn generated_at(&self) -> Option<String> {
        self.fetched.generated_at.map(seconds)
    }
}

fn line(value: &impl serde::Serialize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut json = wiped_json(value)?;
    json.push(b'\n');
    Ok(json)
}

/// What Terraform asks on stdin: the `query` of its data source, an object of strings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The device; empty and absent are the same.
    pub device: Option<String>,
    /// The destination, as in `--to`.
    pub from: String,
}

/// Why a query cannot be answered.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// Not JSON.
    #[error("the query on stdin is not JSON")]
    NotJson(#[from] serde_json::Error),
    /// JSON of another shape.
    #[error("the query on stdin is not an object of strings")]
    Shape,
    /// A name that nobody knows.
    #[error("the query has `{0}`, and takes only `device` and `from`")]
    Unknown(String),
    /// Without the destination there is nothing to read.
    #[error("the query has no `from`, which names the destination that has the key")]
    NoFrom,
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// When it is no object of strings with a `from` and at most a `device` beside it.
    pub fn parse(json: &[u8]) -> Result<Query, QueryError> {
        let Value::Object(query) = serde_json::from_slice(json)? else { return Err(QueryError::Shape) };
        let (mut device, mut from) = (None, None);
        for (name, value) in query {
            let Value::String(text) = value else { return Err(QueryError::Shape) };
            match name.as_str() {
                "device" => device = Some(text),
                "from" => from = Some(text),
                _ => return Err(QueryError::Unknown(name)),
            }
        }
        Ok(Query { device: device.filter(|device| !device.is_empty()), from: from.ok_or(QueryError::NoFrom)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn answer(hostname: Option<&str>, api_user: Option<&str>) -> Answer {
        let fetched = Fetched {
            destination: "vault:secret/fw1".into(),
            key: Secret::new("fccys3"),
            hostname: None,
            api_user: api_user.map(str::to_owned),
            generated_at: api_user.map(|_| "2026-03-01T12:00:00Z".parse().unwrap()),
        };
        Answer { device: Some("fw1".into()), hostname: hostname.map(str::to_owned), fetched }
    }

    fn text(bytes: io::Result<Zeroizing<Vec<u8>>>) -> String {
        String::from_utf8(bytes.unwrap().to_vec()).unwrap()
    }

    #[test]
    fn terraform_gets_strings_and_nothing_else() {
        let known = text(answer(Some("[2001:db8::2]"), Some("tf")).external());
        let whole =
            r#"{"hostname":"[2001:db8::2]","token":"fccys3","api_user":"tf","generated_at":"2026-03-01T12:00:00Z"}"#;
        assert_eq!(known, format!("{whole}\n"));
        let unknown = text(answer(None, None).external());
        assert_eq!(unknown, "{\"hostname\":\"\",\"token\":\"fccys3\",\"api_user\":\"\",\"generated_at\":\"\"}\n");
    }

    #[test]
    fn each_format_is_that_of_a_mint() {
        let answer = answer(Some("[2001:db8::2]"), None);
        let lines = "FORTIOS_ACCESS_HOSTNAME='[2001:db8::2]'\nFORTIOS_ACCESS_TOKEN=fccys3\n";
        assert_eq!(text(answer.render(Format::Key)), "fccys3\n");
        assert_eq!(text(answer.render(Format::Env)), lines);
        let json = r#"{"device":"fw1","address":"2001:db8::2","api_user":null,"key":"fccys3","generated_at":null,"https_port":null}"#;
        assert_eq!(text(answer.render(Format::Json)), format!("{json}\n"));
    }

    #[test]
    fn a_query_is_an_object_of_strings_that_are_known() {
        let parse = |text: &str| Query::parse(text.as_bytes()).map_err(|error| error.to_string());
        let query = Query { device: None, from: "file:key".into() };
        assert_eq!(parse(r#"{"from":"file:key"}"#), Ok(query.clone()));
        assert_eq!(parse(r#"{"from":"file:key","device":""}"#), Ok(query));
        let refused = [
            ("", "not JSON"),
            ("[]", "not an object"),
            (r#"{"from":1}"#, "not an object of strings"),
            (r#"{"device":"fw1"}"#, "no `from`"),
            (r#"{"from":"file:key","to":"x"}"#, "has `to`"),
        ];
        for (text, message) in refused {
            assert!(parse(text).unwrap_err().contains(message), "{text}");
        }
    }
}
