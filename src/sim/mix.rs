//! Devices that differ as those of a fleet do: model, release, VDOMs, a role in a cluster.

use super::spec::{DeviceSpec, Ha, VdomMode};
use crate::fortios::version::Version;

/// Models, and how their serial numbers begin; eight digits follow.
const MODELS: [(&str, &str); 5] = [
    ("FortiGate-40F", "FGT40FTK"),
    ("FortiGate-60F", "FGT60FTK"),
    ("FortiGate-100F", "FG100FTK"),
    ("FortiGate-200F", "FG200FT9"),
    ("FortiGate-VM64", "FGVM04TM"),
];

/// Where the devices of a fleet stand.
const SITES: [&str; 8] = ["berlin", "hamburg", "leipzig", "london", "lyon", "milan", "prague", "vienna"];

/// Every so many devices have VDOMs, and every so many are the primary of a cluster. Numbers without common divisors with
/// each other and with the number of releases: each combination occurs.
const VDOMS_EVERY: usize = 7;
const CLUSTER_EVERY: usize = 9;

/// The site of the device with this number, counted from 0.
pub(super) fn site(number: usize) -> &'static str {
    SITES.get(number % SITES.len()).copied().unwrap_or_default()
}

/// Makes a device that of a mixed fleet with this number, counted from 0.
pub(super) fn mixed(plain: DeviceSpec, number: usize) -> DeviceSpec {
    let (model, prefix) = MODELS.get(number / SITES.len() % MODELS.len()).copied().unwrap_or_default();
    let split = number % VDOMS_EVERY == VDOMS_EVERY - 1;
    let clustered = number % CLUSTER_EVERY == CLUSTER_EVERY - 1;
    DeviceSpec {
        model: model.into(),
        serial: format!("{prefix}{number:08}"),
        vdom_mode: if split { VdomMode::Multiple } else { plain.vdom_mode },
        vdoms: if split { vec!["root".into(), "edge".into()] } else { plain.vdoms.clone() },
        ha: if clustered { Ha::Primary } else { plain.ha },
        ..plain
    }
}

/// The groups of a device in an inventory, as Ansible takes names: `site_berlin`, `model_fortigate_100f`, `fortios_7_4`.
pub(super) fn groups(spec: &DeviceSpec, number: usize) -> [String; 3] {
    let model = spec.model.to_ascii_lowercase().replace(|character: char| !character.is_ascii_alphanumeric(), "_");
    let Version { major, minor, .. } = spec.version;
    [format!("site_{}", site(number)), format!("model_{model}"), format!("fortios_{major}_{minor}")]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::sim::SimOptions;

    #[test]
    fn a_mixed_fleet_has_every_release_with_every_model_with_and_without_vdoms() {
        let options = SimOptions { devices: 600, mixed: true, ..SimOptions::default() };
        let kinds = options.specs().into_iter().map(|spec| (spec.version, spec.model, spec.vdom_mode.is_on()));
        assert_eq!(kinds.collect::<BTreeSet<_>>().len(), Version::lines().count() * MODELS.len() * 2);
    }

    #[test]
    fn groups_are_named_as_ansible_takes_them() {
        let groups = groups(&DeviceSpec::default(), 1);
        assert_eq!(groups, ["site_hamburg", "model_fortigate_100f", "fortios_7_4"]);
    }
}
