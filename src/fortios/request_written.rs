//! A request file written again: what several of them came to, laid over each other.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json, json};

use super::place::Placed;
use super::request_file::RequestFile;
use super::request_text::{RequestText, Value};

/// As the keys and values that [`RequestFile::parse`] reads back; what is not said is left out.
impl Serialize for RequestFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        written(&self.0).serialize(serializer)
    }
}

fn written(text: &RequestText) -> Json {
    let user = object([
        ("name", one(&text.api_user)),
        ("comments", one(&text.comments)),
        ("trusted_hosts", many(&text.trusted_hosts)),
        ("vdoms", many(&text.vdoms)),
        ("schedule", one(&text.schedule)),
        ("cors_origin", one(&text.cors_origin)),
        ("peer_group", one(&text.peer_group)),
        ("expires", one(&text.expires)),
    ]);
    let profile = object([
        ("name", one(&text.profile)),
        ("preset", one(&text.preset)),
        ("permissions", permissions(&text.grants)),
        ("comments", one(&text.profile_comments)),
        ("scope", one(&text.scope)),
    ]);
    let deliver = text.deliver.iter().map(|entry| match &entry.value {
        Json::Null => json!(entry.kind),
        value => json!({ entry.kind.as_str(): value }),
    });
    let deliver: Vec<Json> = deliver.collect();
    let whole = object([
        ("api_user", user),
        ("profile", profile),
        ("deliver", (!deliver.is_empty()).then(|| deliver.into())),
        ("ssh", object([("user", text.ssh_user.clone().map(Json::from))])),
        ("device", object([("serial", text.serial.clone().map(Json::from))])),
    ]);
    whole.unwrap_or_else(|| json!({}))
}

/// An object of what is there; none of nothing.
fn object<const N: usize>(members: [(&str, Option<Json>); N]) -> Option<Json> {
    let there = members.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    let object: Map<String, Json> = there.collect();
    (!object.is_empty()).then(|| object.into())
}

fn one(value: &Option<Value>) -> Option<Json> {
    value.as_ref().map(|value| json!(value.value))
}

fn many(values: &Option<Vec<Value>>) -> Option<Json> {
    values.as_ref().map(|values| values.iter().map(|value| json!(value.value)).collect())
}

/// `fwgrp: { address: read }` out of `fwgrp.address=read`.
fn permissions(grants: &[Value]) -> Option<Json> {
    let mut groups = Map::new();
    for Placed { value, .. } in grants {
        let Some((subject, level)) = value.split_once('=') else { continue };
        match subject.split_once('.') {
            None => drop(groups.insert(subject.to_owned(), level.into())),
            Some((group, child)) => {
                let children = groups.entry(group).or_insert_with(|| json!({}));
                if let Json::Object(children) = children {
                    children.insert(child.to_owned(), level.into());
                }
            }
        }
    }
    (!groups.is_empty()).then(|| groups.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let text = "\
api_user: { name: tf, comments: c, trusted_hosts: [auto], vdoms: [root, edge], schedule: s, cors_origin: o, \
            peer_group: p, expires: 7d }
profile: { name: n, preset: firewall-address-read, permissions: { sysgrp: none, fwgrp: { address: read } }, \
           comments: c, scope: global }
deliver: [stdout, { dotenv: a.env }, { vault: { mount: secret, path: a } }]
ssh: { user: automation }
device: { serial: FG100F }
";
        let file = RequestFile::parse("request.yaml", text).unwrap();
        let json = serde_json::to_string(&file).unwrap();
        let again = RequestFile::parse("again", &json).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), json);
        for word in ["tf", "auto", "edge", "o", "7d", "global", "a.env", "FG100F", "automation"] {
            assert!(json.contains(&format!("\"{word}\"")), "{word}: {json}");
        }
        assert_eq!(serde_json::to_string(&RequestFile::default()).unwrap(), "{}");
    }
}
