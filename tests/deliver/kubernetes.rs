//! The manifest of a Secret.

use fgtkey::deliver::{DeliverError, Destination, Device, Format};

use crate::place::{KEY, Place, mode, refusal};

#[test]
fn the_manifest_is_one_secret_whose_variables_a_pod_takes_as_they_are() {
    let place = Place::new();
    place.deliver("k8s:secret.yml");
    let expected = format!(
        "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: \"fgtkey-fw1-terraform\"\n  labels:\n    \
         app.kubernetes.io/managed-by: fgtkey\ntype: Opaque\nstringData:\n  FORTIOS_ACCESS_HOSTNAME: \"192.0.2.1\"\n  \
         FORTIOS_ACCESS_TOKEN: \"{KEY}\"\n"
    );
    assert_eq!(place.read("secret.yml"), expected);
    assert_eq!(mode(&place.path("secret.yml")), 0o600);
    assert_eq!(place.fetch("k8s:secret.yml"), (KEY.into(), Some("192.0.2.1".into())));
}

#[test]
fn name_and_namespace_are_what_kubernetes_takes() {
    let place = Place::new();
    place.deliver("k8s:s.yml,name={{ device.name }}.key,namespace=network");
    let text = place.read("s.yml");
    assert!(text.contains("  name: \"fw1.key\"\n  namespace: \"network\"\n"), "{text}");
    for text in ["k8s:s.yml,name=Fw1", "k8s:s.yml,name=a_b", "k8s:s.yml,namespace=a.b", "k8s:s.yml,namespace="] {
        let error = text.parse::<Destination>().unwrap_err();
        assert!(error.to_string().contains("lower-case letters"), "{text}: {error}");
    }
    let device = Device { name: "FW_1".into(), address: "192.0.2.1".into() };
    let destination = place.named("k8s:s.yml,name={{ device.name }}");
    let error = fgtkey::deliver::reserve(&[destination], &device, Format::Key, &place.escrow()).err().unwrap();
    assert!(matches!(error, DeliverError::Service { .. }), "{error}");
    assert!(error.hint().unwrap().contains("name=NAME"));
    assert!(refusal(&place, "k8s:gone/s.yml").contains("there is no directory"));
}

#[test]
fn the_manifest_on_stdout_and_stdout_are_one_destination() {
    let place = Place::new();
    let manifest: Destination = "k8s:-,namespace=network".parse().unwrap();
    assert!(manifest.is_stdout());
    assert_eq!(manifest.to_string(), "k8s:-,namespace=network");
    let error = place.reserve(&[manifest, Destination::stdout()]).err().unwrap();
    assert!(
        matches!(error, DeliverError::Twice { .. } | DeliverError::Nowhere | DeliverError::Terminal { .. }),
        "{error}"
    );
}
