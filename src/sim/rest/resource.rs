//! What the simulated API has to show: a few harmless things to read, each behind its permission group.

use serde_json::{Map, Value, json};

use super::super::definition::Definition;
use super::super::device::State;
use super::super::status;
use super::super::tree::Node;

/// Something to read.
pub(super) struct Resource<'a> {
    /// The permission that it takes (API description of 7.6); `None`: a valid key is enough.
    pub(super) group: Option<&'static str>,
    content: Content,
    /// The entry that is asked for, of a table.
    key: Option<&'a str>,
}

#[derive(Debug, Clone, Copy)]
enum Content {
    Status,
    /// The table of the configuration with this path.
    Table(&'static str),
    /// Nothing there, in the form of a list.
    NoRows,
    Usage,
}

const RESOURCES: [(&str, Option<&str>, Content); 5] = [
    ("/api/v2/monitor/system/status", None, Content::Status),
    ("/api/v2/monitor/system/resource/usage", Some("sysgrp.cfg"), Content::Usage),
    ("/api/v2/monitor/router/ipv4", Some("netgrp.route-cfg"), Content::NoRows),
    ("/api/v2/cmdb/firewall/address", Some("fwgrp.address"), Content::Table("firewall address")),
    ("/api/v2/cmdb/firewall/policy", Some("fwgrp.policy"), Content::NoRows),
];

impl<'a> Resource<'a> {
    pub(super) fn at(path: &'a str) -> Option<Self> {
        RESOURCES.iter().find_map(|(known, group, content)| {
            let rest = path.strip_prefix(known)?.trim_end_matches('/');
            let key = rest.strip_prefix('/').filter(|_| matches!(content, Content::Table(_)));
            (rest.is_empty() || key.is_some()).then_some(Resource { group: *group, content: *content, key })
        })
    }

    /// The part `results` of the answer; `None` when there is no such entry.
    pub(super) fn results(&self, state: &State, vdom: &str) -> Option<Value> {
        match self.content {
            Content::Status => Some(system_status(state)),
            Content::Usage => Some(json!({ "cpu": [{ "current": 0 }], "mem": [{ "current": 42 }] })),
            Content::NoRows => Some(json!([])),
            Content::Table(path) => {
                let rows = rows(state, vdom, path, self.key);
                (self.key.is_none() || !rows.is_empty()).then_some(Value::Array(rows))
            }
        }
    }
}

fn system_status(state: &State) -> Value {
    let (name, number) = state.spec.model.split_once('-').unwrap_or((&state.spec.model, ""));
    json!({
        "model_name": name,
        "model_number": number,
        "model": state.spec.serial.get(..6).unwrap_or(&state.spec.serial),
        "hostname": status::hostname(state),
        "log_disk_status": "not_available",
    })
}

fn rows(state: &State, vdom: &str, path: &str, key: Option<&str>) -> Vec<Value> {
    let table = state.definitions.iter().find(|definition| definition.path == path);
    let entries = state.running.vdom(vdom).map_or(&[][..], |node| node.entries(path));
    let wanted = entries.iter().filter(|(name, _)| key.is_none_or(|key| key == name));
    table.map_or_else(Vec::new, |table| wanted.map(|(name, node)| row(table, name, node)).collect())
}

/// Every setting of an entry, defaults too.
fn row(table: &Definition, name: &str, node: &Node) -> Value {
    let mut row = Map::from_iter([("name".to_owned(), json!(name)), ("q_origin_key".to_owned(), json!(name))]);
    for field in &table.fields {
        let value = node.settings.get(&field.name).map(|values| values.join(" ")).or_else(|| field.default.clone());
        row.insert(field.name.clone(), json!(value.unwrap_or_default()));
    }
    Value::Object(row)
}
