//! A terminal in front of a simulated device, for the tests of the simulator.

use fgtkey::sim::{Device, DeviceSpec, Login, Output, Shell, Then};

/// A session, and everything the device has said in it.
pub struct Terminal {
    shell: Shell,
    seen: Vec<u8>,
    pub then: Then,
}

impl Terminal {
    pub fn on(device: &Device) -> Self {
        Terminal::with(device, Login::default())
    }

    /// A terminal so tall and wide that nothing is paged or wrapped.
    pub fn tall(device: &Device) -> Self {
        Terminal::with(device, Login { rows: 1000, cols: 511, ..Login::default() })
    }

    pub fn with(device: &Device, login: Login) -> Self {
        let (shell, greeting) = Shell::open(device, login);
        Terminal { shell, seen: greeting.bytes, then: greeting.then }
    }

    /// Types `keys`; what the device says to them.
    pub fn types(&mut self, keys: &str) -> String {
        self.bytes(keys.as_bytes())
    }

    /// Sends `bytes`, whatever they are.
    pub fn bytes(&mut self, bytes: &[u8]) -> String {
        let output = self.shell.receive(bytes);
        self.take(output)
    }

    /// Lets the device think to the end.
    pub fn waits(&mut self) -> String {
        let output = self.shell.wake();
        self.take(output)
    }

    /// Types lines, each with Enter; what the device says to the last one, without its echo.
    pub fn lines(&mut self, lines: &[&str]) -> String {
        let mut said = String::new();
        for line in lines {
            said = self.types(&format!("{line}\n"));
        }
        said.split_once("\r\r\n").map(|(_, reply)| reply.replace('\r', "")).unwrap_or(said)
    }

    /// Everything the device has said, byte for byte.
    pub fn screen(&self) -> String {
        String::from_utf8_lossy(&self.seen).into_owned()
    }

    fn take(&mut self, output: Output) -> String {
        self.then = output.then;
        self.seen.extend_from_slice(&output.bytes);
        String::from_utf8_lossy(&output.bytes).into_owned()
    }
}

/// The default device with changes; keys and salts are the same in each run.
pub fn device(change: impl FnOnce(&mut DeviceSpec)) -> Device {
    let mut spec = DeviceSpec { seed: Some(1), ..DeviceSpec::default() };
    change(&mut spec);
    Device::new(spec).unwrap_or_else(|refused| panic!("{refused}"))
}

/// The vendor's tutorial, line by line, for a device without VDOMs.
pub const TUTORIAL: [&str; 20] = [
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

/// The key that a screen shows.
pub fn key_on(screen: &str) -> Option<&str> {
    screen.split("New API key: ").nth(1).and_then(|rest| rest.lines().next()).map(str::trim)
}
