//! What the CLI of the simulated FortiGate prints of its certificates.

use crate::terminal::{Terminal, device};
use fgtkey::fortios::version::Version;
use fgtkey::sim::{Device, DeviceSpec, Trap, VdomMode};

fn trapped(name: &str) -> Device {
    device(|spec: &mut DeviceSpec| name.parse::<Trap>().unwrap().apply(spec))
}

fn said(device: &Device, lines: &[&str]) -> String {
    Terminal::tall(device).lines(lines)
}

fn value<'a>(block: &'a str, label: &str) -> &'a str {
    let line = block.lines().find(|line| line.trim_start().starts_with(label)).unwrap();
    line.split_once(label).unwrap().1.trim()
}

#[test]
fn a_certificate_is_printed_as_one_block_of_lines() {
    let block = said(&device(|_| ()), &["get vpn certificate local details Fortinet_GUI_Server"]);
    assert!(block.starts_with("== [ Fortinet_GUI_Server ]\n\tName:        Fortinet_GUI_Server\n"), "{block}");
    let names = ["Name:", "Subject:", "Issuer:", "Valid from:", "Valid to:", "Fingerprint:", "Serial Num:"];
    assert_eq!(block.lines().filter(|line| line.starts_with('\t')).count(), names.len());
    assert!(value(&block, "Subject:").ends_with("CN = FG100FTK00000000"));
    assert!(value(&block, "Issuer:").contains("OU = Certificate Authority, CN = FG100FTK00000000"));
    assert!(value(&block, "Valid from:").ends_with(" 00:00:00 GMT"));
    assert_eq!(value(&block, "Fingerprint:").split(':').count(), 16);
    assert_eq!(value(&block, "Serial Num:").split(':').count(), 10);
}

#[test]
fn the_fingerprint_and_the_serial_number_are_printed_in_other_ways_too() {
    for (trap, octets) in [("https-sha1", 20), ("https-sha256", 32)] {
        let block = said(&trapped(trap), &["get vpn certificate local details Fortinet_GUI_Server"]);
        assert_eq!(value(&block, "Fingerprint:").split(':').count(), octets, "{trap}");
    }
    let block = said(&trapped("https-serial-line"), &["get vpn certificate local details Fortinet_GUI_Server"]);
    let (_, serial) = block.split_once("Serial Num:\n").unwrap();
    assert_eq!(serial.lines().next().unwrap().trim().split(':').count(), 10, "{block}");
}

#[test]
fn the_devices_own_ca_has_a_key_and_is_among_the_local_certificates() {
    let device = device(|_| ());
    let listed = said(&device, &["get vpn certificate local details | grep Name:"]);
    let names: Vec<_> = listed.lines().filter_map(|line| line.split("Name:").nth(1)).map(str::trim).collect();
    assert_eq!(names, ["Fortinet_CA_SSL", "Fortinet_Factory", "self-sign", "Fortinet_GUI_Server"]);
    let ca = said(&device, &["get vpn certificate local details Fortinet_CA_SSL"]);
    assert_eq!(value(&ca, "Subject:"), value(&ca, "Issuer:"));
    assert!(said(&device, &["get vpn certificate ca details"]).starts_with("== [ Fortinet_CA ]\n"));
    assert_eq!(
        said(&device, &["get vpn certificate ca details Fortinet_CA_SSL"]),
        "entry is not found in table\n\nfw1 # "
    );
}

#[test]
fn each_level_has_its_own_form_and_refuses_the_other() {
    let (vdom, global) = ("get vpn certificate local details", "get certificate local details");
    let single = device(|_| ());
    let multi = device(|spec| spec.vdom_mode = VdomMode::Multiple);
    let is_refused = |device: &Device, lines: &[&str]| {
        let said = said(device, lines);
        assert!(said.starts_with("== [ ") || said.contains("command parse error before 'certificate'"), "{said}");
        said.contains("parse error")
    };
    assert_eq!([vdom, global].map(|form| is_refused(&single, &[form])), [false, true]);
    assert_eq!([vdom, global].map(|form| is_refused(&multi, &[form])), [true, true]);
    assert_eq!([vdom, global].map(|form| is_refused(&multi, &["config global", form])), [true, false]);
    assert_eq!([vdom, global].map(|form| is_refused(&multi, &["config vdom", "edit root", form])), [false, true]);
}

#[test]
fn the_settings_of_https_are_printed_in_columns() {
    let device = device(|_| ());
    let printed = said(&device, &["get system global | grep admin-s"]);
    assert!(printed.contains("admin-server-cert   : Fortinet_GUI_Server\n"), "{printed}");
    assert!(printed.contains("admin-sport         : 443\n"), "{printed}");
    let switch = said(&device, &["get system global | grep rest-api"]);
    assert!(switch.contains("rest-api-key-url-query: disable\n"), "{switch}");
}

#[test]
fn older_firmware_presents_other_certificates() {
    for (version, name) in [
        (Version::new(6, 2, 6), "self-sign"),
        (Version::new(7, 0, 11), "Fortinet_Factory"),
        (Version::new(7, 4, 8), "Fortinet_GUI_Server"),
    ] {
        let printed = said(&device(|spec| spec.version = version), &["get system global | grep admin-server-cert"]);
        assert!(printed.contains(&format!(": {name}\n")), "{version}: {printed}");
    }
}

#[test]
fn the_pem_is_printed_of_imported_certificates_only() {
    let device = trapped("https-imported");
    let command = "show full-configuration vpn certificate local";
    let imported = said(&device, &[&format!("{command} corporate-gui")]);
    let pem = fgtkey::sim::pem(&device.presented().unwrap().unwrap().leaf);
    assert!(imported.contains(&format!("set certificate \"{}\"\n", pem.trim_end())), "{imported}");
    assert!(imported.starts_with("config vpn certificate local\n    edit \"corporate-gui\"\n"), "{imported}");
    let factory = said(&device, &[&format!("{command} Fortinet_GUI_Server")]);
    assert!(!factory.contains("BEGIN CERTIFICATE") && factory.contains("set source factory"), "{factory}");
    assert!(said(&device, &[&format!("{command} nobody")]).contains("entry is not found in table"));
    assert!(said(&device, &["get system global | grep admin-server"]).contains(": corporate-gui\n"));
}

#[test]
fn certificates_are_paged_like_everything_else() {
    let mut terminal = Terminal::on(&device(|_| ()));
    assert!(terminal.types("get vpn certificate local details\n").ends_with("--More-- "));
}
