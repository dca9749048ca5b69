//! Off and on again, without deleting.

use fgtkey::sim::{DeviceSpec, VdomMode};
use fgtkey::verbs::access::Switch;

use super::desk::{Desk, request, spec, told, type_in};

fn everywhere() -> [DeviceSpec; 2] {
    [spec(""), DeviceSpec { vdom_mode: VdomMode::Multiple, ..spec("") }]
}

#[tokio::test]
async fn what_is_disabled_has_nobody_to_come_from_and_is_enabled_exactly_as_it_was() {
    for spec in everywhere() {
        let mut desk = Desk::at(spec).await;
        let mut flags = request();
        flags.trusted_hosts.extend(["10.9.0.0/16".to_owned(), "2001:db8::/64".to_owned()]);
        desk.mint(&flags).await.unwrap();
        let (before, journal) = (desk.device.config_text(), desk.journal());
        let off = desk.switch(Switch::Disable, journal.clone()).await.unwrap();
        assert!(off.changed && off.restore.is_some());
        let user = desk.device.api_user("tf").unwrap();
        assert_eq!(user.trusted_hosts, ["192.0.2.255 255.255.255.255"]);
        assert!(user.has_key, "the key is as it was: nothing was deleted");
        assert!(!desk.switch(Switch::Disable, journal.clone()).await.unwrap().changed);
        assert!(desk.switch(Switch::Enable, journal.clone()).await.unwrap().changed);
        assert_eq!(desk.device.config_text(), before);
        assert!(!desk.switch(Switch::Enable, journal).await.unwrap().changed);
    }
}

#[tokio::test]
async fn on_another_machine_the_printed_cli_enables_it() {
    for spec in everywhere() {
        let mut desk = Desk::at(spec).await;
        desk.mint(&request()).await.unwrap();
        let (before, here, elsewhere) = (desk.device.config_text(), desk.journal(), tempfile::tempdir().unwrap());
        let off = desk.switch(Switch::Disable, here).await.unwrap();
        let other = fgtkey::journal::Journal::at(elsewhere.path());
        let text = told(&desk.switch(Switch::Enable, other).await.unwrap_err());
        assert!(text.contains("paste the CLI that --disable printed"), "{text}");
        type_in(&mut desk.console(), &off.restore.unwrap().to_string());
        assert_eq!(desk.device.config_text(), before);
    }
}

#[tokio::test]
async fn a_switch_that_fails_leaves_the_user_as_it_was() {
    let mut spec = spec("");
    spec.faults = vec!["set ipv4-trusthost 192.0.2.255=refuse".parse().unwrap()];
    let mut desk = Desk::at(spec).await;
    desk.mint(&request()).await.unwrap();
    let (before, journal) = (desk.device.config_text(), desk.journal());
    let text = told(&desk.switch(Switch::Disable, journal).await.unwrap_err());
    assert!(text.contains("nothing"), "{text}");
    assert_eq!(desk.device.config_text(), before);
}
