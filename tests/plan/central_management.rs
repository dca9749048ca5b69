//! A FortiManager above the device: whoever changes the device hears that the change may not last.

use fgtkey::sim::{DeviceSpec, OtherSession};
use fgtkey::verbs::Event;
use fgtkey::verbs::access::Switch;
use fgtkey::verbs::event::Warning;

use super::desk::{Desk, request, spec};

const MANAGED: &str = "config system central-management\nset type fortimanager\nset fmg \"192.0.2.9\"\nend\n";

/// The FortiManagers that somebody was warned of since the last call.
fn warned(desk: &mut Desk) -> Vec<Option<String>> {
    let events = std::mem::take(&mut desk.events).into_iter();
    let warned = events.filter_map(|event| match event {
        Event::Warning(Warning::CentrallyManaged { fmg }) => Some(fmg),
        _ => None,
    });
    warned.collect()
}

#[tokio::test]
async fn every_verb_that_changes_a_managed_device_warns_once() {
    let mut desk = Desk::at(spec(MANAGED)).await;
    let once = [Some("192.0.2.9".to_owned())];
    desk.plan(&request()).await.unwrap();
    assert_eq!(warned(&mut desk), once);
    desk.mint(&request()).await.unwrap();
    assert_eq!(warned(&mut desk), once);
    for switch in [Switch::Disable, Switch::Enable] {
        desk.switch(switch, desk.journal()).await.unwrap();
        assert_eq!(warned(&mut desk), once);
    }
    desk.revoke(true).await.unwrap();
    assert_eq!(warned(&mut desk), once);
}

#[tokio::test]
async fn a_plan_that_changes_nothing_is_silent_on_a_managed_device_too() {
    let mut desk = Desk::at(spec(MANAGED)).await;
    desk.mint(&request()).await.unwrap();
    warned(&mut desk);
    assert_eq!(desk.differences(&request()).await, [""; 0]);
    assert_eq!(warned(&mut desk), []);
}

#[tokio::test]
async fn the_tunnel_of_a_fortimanager_tells_where_the_configuration_does_not() {
    let tunnel = OtherSession {
        user: "Fortimanager_Access".into(),
        local: "fgfm".into(),
        device: "N/A".into(),
        profile: "super_admin".into(),
        remote: ":0".into(),
    };
    let mut desk = Desk::at(DeviceSpec { other_sessions: vec![tunnel], ..spec("") }).await;
    desk.mint(&request()).await.unwrap();
    assert_eq!(warned(&mut desk), [None]);
}
