//! The simulated FortiGate, as a client sees it: bytes in, bytes out.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)]

use fgtkey::sim::{Device, DeviceSpec, Login, Shell, Then};

/// A session, and everything the device has said.
struct Terminal {
    shell: Shell,
    seen: Vec<u8>,
    then: Then,
}

impl Terminal {
    fn on(device: &Device) -> Self {
        Terminal::with(device, Login::default())
    }

    fn with(device: &Device, login: Login) -> Self {
        let (shell, greeting) = Shell::open(device, login);
        Terminal { shell, seen: greeting.bytes, then: greeting.then }
    }

    /// Types `bytes`; what the device says to them.
    fn types(&mut self, bytes: &str) -> String {
        let output = self.shell.receive(bytes.as_bytes());
        self.then = output.then;
        self.seen.extend_from_slice(&output.bytes);
        String::from_utf8(output.bytes).unwrap()
    }

    fn screen(&self) -> String {
        String::from_utf8(self.seen.clone()).unwrap()
    }
}

fn device(change: impl FnOnce(&mut DeviceSpec)) -> Device {
    let mut spec = DeviceSpec { seed: Some(1), ..DeviceSpec::default() };
    change(&mut spec);
    Device::new(spec).unwrap()
}

const TUTORIAL: [&str; 20] = [
    "config system accprofile",
    "edit \"terraform\"",
    "set fwgrp custom",
    "config fwgrp-permission",
    "set address read",
    "end",
    "next",
    "end",
    "config system api-user",
    "edit \"terraform\"",
    "set accprofile \"terraform\"",
    "set vdom \"root\"",
    "config trusthost",
    "edit 1",
    "set ipv4-trusthost 10.20.100.99 255.255.255.255",
    "next",
    "end",
    "next",
    "end",
    "execute api-user generate-key terraform",
];

#[test]
fn the_vendors_tutorial_can_be_typed_line_by_line() {
    let device = device(|_| ());
    let mut terminal = Terminal::on(&device);
    assert_eq!(terminal.screen(), "fw1 # ");
    let mut last = String::new();
    for line in TUTORIAL {
        last = terminal.types(&format!("{line}\n"));
        assert!(!last.contains("fail"), "{line}: {last}");
    }
    let key = last.split("New API key: ").nth(1).unwrap().lines().next().unwrap().trim();
    assert_eq!(key.len(), 30);
    assert!(device.key_is_live("terraform", key));
    let user = device.api_user("terraform").unwrap();
    assert_eq!(user.trusted_hosts, ["10.20.100.99 255.255.255.255"]);
    assert_eq!(user.accprofile, "terraform");
    assert_eq!(device.profile("terraform").unwrap()["fwgrp.address"], "read");
    assert_eq!(device.commits(), ["system accprofile terraform", "system api-user terraform"]);
}

#[test]
fn every_byte_of_a_command_is_echoed_and_a_blank_line_precedes_the_prompt() {
    let device = device(|_| ());
    let mut terminal = Terminal::on(&device);
    assert_eq!(terminal.types("config system api-user\n"), "config system api-user\r\r\n\r\nfw1 (api-user) # ");
    assert_eq!(terminal.types("edit a\r"), "edit a\r\r\nnew entry 'a' added\r\n\r\nfw1 (a) # ");
    assert_eq!(
        terminal.types("set accprofile nosuch\n"),
        "set accprofile nosuch\r\r\nentry not found in datasource\r\n\r\nvalue parse error before 'nosuch'\r\n\
         Command fail. Return code -3\r\n\r\nfw1 (a) # "
    );
}

#[test]
fn the_system_status_pages_on_a_terminal_of_24_rows() {
    let device = device(|_| ());
    let mut terminal = Terminal::on(&device);
    let first = terminal.types("get system status\n");
    assert!(first.ends_with("\r\n--More-- "), "{first}");
    let second = terminal.types(" ");
    assert!(second.starts_with("\r         \r"), "{second}");
    assert!(second.ends_with("\r\n\r\nfw1 # "), "{second}");
}
