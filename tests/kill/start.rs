//! What is on the device before the first run, and what the runs ask for.

use fgtkey::sim::DeviceSpec;

/// The API user and the profile of every run.
pub const NAME: &str = "tf";

/// What every run asks for.
pub const REQUEST: [&str; 8] =
    ["--api-user", NAME, "--grant", "fwgrp.address=read", "--trusted-host", "127.0.0.1/32", "--comments", "new"];

const PROFILE: &str = "\
config system accprofile
edit tf
set comments old
set sysgrp read-write
next
end
";

const USER: &str = "\
config system api-user
edit tf
set comments old
set accprofile tf
config trusthost
edit 3
set ipv4-trusthost 127.0.0.1 255.255.255.255
next
edit 4
set ipv4-trusthost 10.9.0.0 255.255.0.0
next
end
next
end
";

/// What there is before the first run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Neither object.
    Nothing,
    /// The profile, with other permissions.
    Profile,
    /// Both objects, other than they are asked for, and no key.
    User,
    /// The same with a key, which the operator lets be replaced.
    Keyed,
}

impl Start {
    pub const ALL: [Start; 4] = [Start::Nothing, Start::Profile, Start::User, Start::Keyed];

    /// The device, with these faults.
    pub fn spec(self, faults: &[String]) -> DeviceSpec {
        let config = match self {
            Start::Nothing => String::new(),
            Start::Profile => PROFILE.to_owned(),
            Start::User | Start::Keyed => format!("{PROFILE}{USER}"),
        };
        let keyed_users = if self == Start::Keyed { vec![NAME.to_owned()] } else { Vec::new() };
        let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        DeviceSpec { config, keyed_users, faults, ..DeviceSpec::default() }
    }

    /// What has to be said besides.
    pub fn flags(self) -> &'static [&'static str] {
        if self == Start::Keyed { &["--replace-key"] } else { &[] }
    }
}

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    Mint,
    /// After a mint, with a time of grace in seconds.
    Rotate(u8),
}

/// The API users that a rotation goes between.
pub const PAIR: [&str; 3] = [NAME, "tf-a", "tf-b"];

/// Where the key goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    File,
    /// A dotenv file and a file.
    Both,
    Stdout,
    /// A command that keeps what it gets.
    Exec,
    /// A file, then that command.
    FileAndExec,
}

impl To {
    pub const ALL: [To; 5] = [To::File, To::Both, To::Stdout, To::Exec, To::FileAndExec];

    pub fn flags(self) -> &'static [&'static str] {
        match self {
            To::File => &["--to", "file:key"],
            To::Both => &["--to", "dotenv:fw1.env", "--to", "file:key"],
            To::Stdout => &[],
            To::Exec => &["--to", "exec:./take"],
            To::FileAndExec => &["--to", "file:key", "--to", "exec:./take"],
        }
    }
}
