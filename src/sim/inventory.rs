//! The inventory that a fleet writes of itself.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::fleet::Running;

/// In fgtkey's own form: `defaults`, `groups`, `devices`. Names of devices and groups and the administrator are quoted:
/// they may look like a number.
pub(super) fn yaml(admin: &str, devices: &[Running]) -> String {
    let mut out = format!("defaults: {{ user: {} }}\ngroups:\n", quoted(admin));
    let groups: BTreeSet<&String> = devices.iter().flat_map(|device| &device.groups).collect();
    for group in groups {
        let _ = writeln!(out, "  {group}: {{}}");
    }
    out.push_str("devices:\n");
    for device in devices {
        let (addr, serial) = (device.server.addr(), device.device.serial());
        let _ = writeln!(
            out,
            "  {}: {{ address: \"{}\", port: {}, groups: [{}], host_key: \"{}\", serial: {serial} }}",
            quoted(&device.name),
            addr.ip(),
            addr.port(),
            device.groups.join(", "),
            device.pin(),
        );
    }
    out
}

/// As JSON writes a text, which YAML reads.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
