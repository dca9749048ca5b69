//! The status commands. Layouts are those of captured devices: the ntc-templates raw files for `get system status` and
//! `get system ha status`, the CLI references for the session tables.

use std::fmt::Write;

use jiff::Timestamp;

use super::device::{LoggedIn, State};
use super::spec::{DeviceSpec, Ha, VdomMode};
use crate::fortios::version::Version;

/// Builds and their dates as captured devices print them.
const BUILDS: [((u16, u16, u16), &str); 12] = [
    ((6, 0, 4), "0231,190107 (GA)"),
    ((6, 0, 7), "0302,191112 (GA)"),
    ((6, 2, 6), "1175,201110 (GA)"),
    ((7, 0, 3), "0237,211207 (GA)"),
    ((7, 0, 7), "0367,221005 (GA.F)"),
    ((7, 0, 11), "0489,230314 (GA.M)"),
    ((7, 0, 13), "0566,231023 (GA.M)"),
    ((7, 2, 13), "1762,260128 (GA.M)"),
    ((7, 4, 7), "2731,250120 (GA.M)"),
    ((7, 4, 8), "2795,250523 (GA.M)"),
    ((7, 6, 5), "3651,251126 (GA.F)"),
    ((8, 0, 0), "0167,260317 (GA.F)"),
];

/// `2026-02-02 12:42:42`, in UTC.
pub(super) fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn build(version: Version) -> String {
    let known = BUILDS.iter().find(|((major, minor, patch), _)| Version::new(*major, *minor, *patch) == version);
    match (version.build, known) {
        (Some(build), _) => format!("{build:04},250101 (GA)"),
        (None, Some((_, build))) => (*build).to_owned(),
        (None, None) => "1000,250101 (GA)".to_owned(),
    }
}

/// `2795` out of `2795,250523 (GA.M)`.
pub(super) fn build_number(version: Version) -> u32 {
    build(version).split(',').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// `get system status`.
pub(super) fn system_status(state: &State) -> String {
    let spec = &state.spec;
    let mut out = String::new();
    let _ = writeln!(out, "Version: {} v{},build{}", spec.model, spec.version, build(spec.version));
    if spec.version >= Version::new(7, 4, 0) {
        let current = if spec.version >= Version::new(7, 4, 8) { "Current " } else { "" };
        let _ = writeln!(out, "First GA patch build date: 230509\n{current}Security Level: High");
    }
    if spec.version >= Version::new(6, 2, 0) {
        out.push_str("Firmware Signature: certified\n");
    }
    out.push_str(databases(spec.version));
    let _ = writeln!(out, "Serial-Number: {}", spec.serial);
    out.push_str("BIOS version: 05000011\nSystem Part-Number: P25035-04\nLog hard disk: Not available\n");
    let _ = writeln!(out, "Hostname: {}{}", hostname(state), if spec.version.major < 7 { " " } else { "" });
    if spec.version >= Version::new(6, 2, 0) {
        out.push_str("Private Encryption: Disable\n");
    }
    out.push_str("Operation Mode: NAT\n");
    let _ = writeln!(out, "Current virtual domain: {}", spec.vdoms.first().map_or("root", String::as_str));
    out.push_str("Max number of virtual domains: 10\n");
    let _ = writeln!(out, "Virtual domains status: {} in NAT mode, 0 in TP mode", state.running.vdoms.len());
    let _ = writeln!(out, "Virtual domain configuration: {}", vdom_word(spec));
    let _ = writeln!(out, "FIPS-CC mode: {}", if spec.fips { "enable" } else { "disable" });
    let _ = writeln!(out, "Current HA mode: {}", ha_word(spec));
    if spec.ha != Ha::Standalone {
        out.push_str("Cluster uptime: 12 days, 12 hours, 42 minutes, 42 seconds\n");
        out.push_str("Cluster state change time: 2025-12-12 12:12:12\n");
    }
    let _ = writeln!(out, "Branch point: {}", build(spec.version).split(',').next().unwrap_or_default());
    out.push_str("Release Version Information: GA\n");
    let _ = writeln!(out, "System time: {}", system_time());
    if spec.version.major >= 7 {
        out.push_str("Last reboot reason: warm reboot\n");
    }
    out
}

fn databases(version: Version) -> &'static str {
    if version.major >= 7 {
        "Virus-DB: 1.00000(2018-04-09 18:07)\nExtended DB: 1.00000(2018-04-09 18:07)\n\
         AV AI/ML Model: 0.00000(2001-01-01 00:00)\nIPS-DB: 6.00741(2015-12-01 02:30)\n\
         IPS-ETDB: 0.00000(2001-01-01 00:00)\nAPP-DB: 6.00741(2015-12-01 02:30)\n\
         IPS Malicious URL Database: 1.00001(2015-01-01 01:01)\n"
    } else {
        "Virus-DB: 1.00000(2018-04-09 18:07)\nExtended DB: 1.00000(2018-04-09 18:07)\n\
         Extreme DB: 1.00000(2018-04-09 18:07)\nIPS-DB: 6.00741(2015-12-01 02:30)\n\
         IPS-ETDB: 0.00000(2001-01-01 00:00)\nAPP-DB: 6.00741(2015-12-01 02:30)\n\
         INDUSTRIAL-DB: 6.00741(2015-12-01 02:30)\nBotnet DB: 1.00000(2012-05-28 22:51)\n"
    }
}

fn system_time() -> String {
    Timestamp::now().strftime("%a %b %e %H:%M:%S %Y").to_string()
}

/// The configured hostname, whole.
pub(super) fn hostname(state: &State) -> &str {
    let system = state.running.global.singles.get("system global");
    system.and_then(|node| node.first("hostname")).unwrap_or(&state.spec.hostname)
}

fn vdom_word(spec: &DeviceSpec) -> &'static str {
    match spec.vdom_mode {
        VdomMode::Multiple if spec.version < Version::new(6, 2, 0) => VdomMode::Enable.word(),
        mode => mode.word(),
    }
}

/// Up to 6.2 the members are master and slave, then primary and secondary.
fn ha_word(spec: &DeviceSpec) -> &'static str {
    let old = spec.version < Version::new(6, 4, 0);
    match spec.ha {
        Ha::Standalone => "standalone",
        Ha::Primary if old => "a-p, master",
        Ha::Primary => "a-p, primary",
        Ha::Secondary if old => "a-p, slave",
        Ha::Secondary => "a-p, secondary",
    }
}

/// The other member of a cluster: its serial number differs in the last digit.
fn peer_serial(serial: &str) -> String {
    let end = serial.char_indices().next_back().map_or(0, |(at, _)| at);
    let last = if serial.ends_with('1') { '2' } else { '1' };
    format!("{}{last}", serial.get(..end).unwrap_or_default())
}

/// `get system ha status`.
pub(super) fn ha_status(state: &State) -> String {
    let spec = &state.spec;
    let mut out = format!("HA Health Status: OK\nModel: {}\n", spec.model);
    if spec.ha == Ha::Standalone {
        out.push_str("Mode: Standalone\nGroup: 0\nDebug: 0\nCluster Uptime: 0 days 0:0:0\n");
        out.push_str("Cluster state change time: N/A\nnumber of vcluster: 0\n");
        return out;
    }
    let (first, second) =
        if spec.version < Version::new(6, 4, 0) { ("Master", "Slave ") } else { ("Primary", "Secondary") };
    let (own, peer) = (spec.serial.clone(), peer_serial(&spec.serial));
    let (own_name, peer_name) = (hostname(state), format!("{}-peer", hostname(state)));
    let members = [(own_name, &own), (peer_name.as_str(), &peer)];
    let [primary, secondary] = if spec.ha == Ha::Primary { members } else { [members[1], members[0]] };
    out.push_str("Mode: HA A-P\nGroup Name: cluster\nGroup ID: 50\nDebug: 0\n");
    out.push_str("Cluster Uptime: 12 days 12:42:42\nCluster state change time: 2025-12-12 12:12:12\n");
    let _ = writeln!(out, "{first} selected using:");
    let _ = writeln!(
        out,
        "    <2025/12/12 12:42:12> vcluster-1: {} is selected as the {} because its uptime is larger than peer member {}.",
        primary.1,
        first.to_lowercase(),
        secondary.1
    );
    out.push_str("ses_pickup: disable\noverride: disable\nConfiguration Status:\n");
    for (at, (_, serial)) in [primary, secondary].iter().enumerate() {
        let _ = writeln!(out, "    {serial}(updated {} seconds ago): in-sync", at + 1);
    }
    let _ = writeln!(out, "{first}     : {}, {}, HA cluster index = 0", primary.0, primary.1);
    let _ = writeln!(out, "{second}   : {}, {}, HA cluster index = 1", secondary.0, secondary.1);
    out.push_str("number of vcluster: 1\nvcluster 1: work 169.254.0.1\n");
    let _ = writeln!(out, "{first}: {}, HA operating index = 0", primary.1);
    let _ = writeln!(out, "{second}: {}, HA operating index = 1", secondary.1);
    out
}

/// The address that sessions come in at.
const OWN_PORT: &str = "port1:192.0.2.1:22";

/// `get system admin list`: all sessions. The columns of 6.0 have neither VDOM nor profile.
pub(super) fn admin_list(state: &State) -> String {
    let old = state.spec.version < Version::new(6, 2, 0);
    let vdom = state.spec.vdoms.first().map_or("root", String::as_str);
    let mut out = String::new();
    let mut row = |columns: [&str; 7]| {
        let [user, local, device, vdom, profile, remote, started] = columns;
        let _ = if old {
            writeln!(out, "{user:<8} {local:<6} {device:<23} {remote:<20} {started}")
        } else {
            writeln!(out, "{user:<20} {local:<14} {device:<24} {vdom:<8} {profile:<15} {remote:<20} {started}")
        };
    };
    row(["username", "local", "device", "vdom", "profile", "remote", "started"]);
    for other in &state.spec.other_sessions {
        row([&other.user, &other.local, &other.device, vdom, &other.profile, &other.remote, "2026-01-30 07:53:51"]);
    }
    for session in &state.sessions {
        let remote = session.remote.to_string();
        row([&session.user, local_word(old), OWN_PORT, vdom, &session.profile, &remote, &session.started]);
    }
    out
}

fn local_word(old: bool) -> &'static str {
    if old { "sshv2" } else { "ssh" }
}

/// `get system admin status`: the own session. The sample of 6.0.0 has no line for the profile.
pub(super) fn admin_status(state: &State, session: u64) -> String {
    let Some(own) = state.sessions.iter().find(|row| row.id == session) else { return String::new() };
    let old = state.spec.version < Version::new(6, 2, 0);
    let vdom = state.spec.vdoms.first().map_or("root", String::as_str);
    let LoggedIn { user, remote, profile, started, .. } = own;
    let mut out = format!("username: {user}\nlogin local: {}\nlogin device: {OWN_PORT}\n", local_word(old));
    let _ = writeln!(out, "login remote: {remote}\nlogin vdom: {vdom}");
    if !old {
        let _ = writeln!(out, "login access profile: {profile}");
    }
    let _ = writeln!(out, "login started: {started}\ncurrent time: {}", now());
    out
}

/// `get system info admin status`: addresses without ports.
pub(super) fn info_admin_status(state: &State) -> String {
    let mut out = String::from("Index   User name   Login type   From\n");
    for (index, session) in state.sessions.iter().enumerate() {
        let _ = writeln!(out, "{index:<8}{:<12}{:<13}ssh({})", session.user, "CLI", session.remote.ip());
    }
    out
}

/// `get system performance status`, in short.
pub(super) fn performance() -> String {
    "CPU states: 0% user 0% system 0% nice 100% idle 0% iowait 0% irq 0% softirq\n\
     Memory: 2056140k total, 871880k used (42.4%), 1016208k free (49.4%), 168052k freeable (8.2%)\n\
     Uptime: 12 days,  12 hours,  42 minutes\n"
        .to_owned()
}

/// The comment lines on top of `show`.
pub(super) fn config_header(spec: &DeviceSpec, user: &str) -> String {
    let build = build(spec.version).replace(',', "-");
    let build = build.split(' ').next().unwrap_or_default();
    let model = spec.serial.get(..6).unwrap_or(&spec.serial);
    format!(
        "#config-version={model}-{}-FW-build{build}:opmode=1:vdom={}:user={user}\n\
         #conf_file_ver=440000000000001\n#buildno={}\n#global_vdom=1\n",
        spec.version,
        u8::from(spec.vdom_mode.is_on()),
        build.split('-').next().unwrap_or_default(),
    )
}
