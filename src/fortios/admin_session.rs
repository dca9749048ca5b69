//! Who the device says is logged in, and which of them we are.

use std::net::{IpAddr, Ipv4Addr};

/// An administrator's session as the device lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminSession {
    /// The administrator.
    pub user: String,
    /// How: `ssh`, `sshv2`, `https`, `jsconsole`.
    pub way: String,
    /// Where from, as the device sees it; `None` for sessions without an address.
    pub source: Option<IpAddr>,
    /// The TCP port there.
    pub port: Option<u16>,
    /// Its access profile, where the release tells it.
    pub profile: Option<String>,
}

impl AdminSession {
    /// Reads `get system admin status`, which is about the session that asks. Source: FortiOS 6.0.0 CLI reference (885).
    pub fn parse_status(lines: &[String]) -> Option<AdminSession> {
        let field = |name: &str| {
            lines.iter().find_map(|line| {
                Some(line.trim().strip_prefix(name)?.trim_start().strip_prefix(':')?.trim().to_owned())
            })
        };
        let (source, port) = address(&field("login remote")?);
        let profile = field("login access profile").filter(|profile| !profile.is_empty());
        Some(AdminSession { user: field("username")?, way: field("login local")?, source, port, profile })
    }

    /// Reads `get system admin list`: a table whose columns differ by release, so they are found by the names in its head.
    /// The head may stand behind the echoed prompt (8.0.0).
    pub fn parse_list(lines: &[String]) -> Vec<AdminSession> {
        let Some(at) = lines.iter().position(|line| is_head(line)) else { return Vec::new() };
        let head = lines.get(at).map(String::as_str).unwrap_or_default();
        let names: Vec<&str> =
            head.get(head.find("username").unwrap_or_default()..).unwrap_or_default().split_whitespace().collect();
        let rows = lines.get(at + 1..).unwrap_or_default();
        rows.iter().filter_map(|row| parse_row(&names, row)).collect()
    }

    /// A session from a documentation address (RFC 5737), for a rehearsal without a device.
    pub fn example() -> AdminSession {
        let source = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
        AdminSession { user: "admin".into(), way: "ssh".into(), source, port: None, profile: None }
    }

    fn is_ssh(&self) -> bool {
        self.way.starts_with("ssh")
    }
}

fn is_head(line: &str) -> bool {
    line.contains("username") && line.contains("remote")
}

fn parse_row(names: &[&str], row: &str) -> Option<AdminSession> {
    let values: Vec<&str> = row.split_whitespace().collect();
    let column = |name: &str| names.iter().position(|column| *column == name);
    let value = |name: &str| column(name).and_then(|at| values.get(at)).copied();
    let remote = remote_at(&values, column("remote")?)?;
    let (source, port) = address(values.get(remote)?);
    // The name of a profile may hold blanks: it is what stands between its column and the address.
    let profile = column("profile").filter(|at| *at < remote).and_then(|at| values.get(at..remote));
    Some(AdminSession {
        user: value("username")?.to_owned(),
        way: value("local")?.to_owned(),
        source,
        port,
        profile: profile.map(|words| words.join(" ")),
    })
}

/// Where the address is: in its column, or further on where a value before it holds blanks.
fn remote_at(values: &[&str], column: usize) -> Option<usize> {
    let further = (column..values.len()).find(|at| values.get(*at).is_some_and(|value| address(value).0.is_some()));
    further.or_else(|| (column < values.len()).then_some(column))
}

/// `10.0.0.1:4167`, `[2001:db8::1]:4167`, `2001:db8::1:4167`, `:0`.
fn address(text: &str) -> (Option<IpAddr>, Option<u16>) {
    let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
    let host: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    (host.map(|address| address.to_canonical()), port.parse().ok().filter(|port| *port != 0))
}

/// Which session is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnSession {
    /// This one.
    Found(AdminSession),
    /// It cannot be told: these SSH sessions of ours could be it; empty when the device lists none.
    Unclear(Vec<AdminSession>),
}

impl OwnSession {
    /// Finds our own session in the list: the row whose port is that of our end of the connection; behind NAT the port
    /// differs too, so else the only SSH session of this administrator.
    pub fn find(list: Vec<AdminSession>, user: &str, local_port: Option<u16>) -> OwnSession {
        let ours: Vec<AdminSession> = list.into_iter().filter(|row| row.is_ssh() && row.user == user).collect();
        let mut by_port = ours.iter().filter(|row| local_port.is_some() && row.port == local_port);
        match (by_port.next(), by_port.next(), ours.as_slice()) {
            (Some(row), None, _) | (None, None, [row]) => OwnSession::Found(row.clone()),
            _ => OwnSession::Unclear(ours),
        }
    }

    /// Our session, if it is clear which it is.
    pub fn found(&self) -> Option<&AdminSession> {
        match self {
            OwnSession::Found(session) => Some(session),
            OwnSession::Unclear(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_own_status_is_read() {
        let status = AdminSession::parse_status(&lines(
            "username: admin\nlogin local: ssh\nlogin device: port1:172.20.120.148:22\nlogin remote: 172.20.120.16:4167\n\
             login vdom: root\nlogin access profile: super_admin\nlogin started: 2018-08-23 16:06:31",
        ))
        .unwrap();
        assert_eq!(status.source, Some("172.20.120.16".parse().unwrap()));
        assert_eq!((status.port, status.profile.as_deref()), (Some(4167), Some("super_admin")));
    }

    const LIST_7: &str = "username local device vdom profile remote started\n\
        Fortimanager_Access  fgc  N/A  root  super_admin  :0  now\n\
        admin    ssh     mgmt:1.1.1.1:22    root  super_admin   2.2.2.2:49058     2026-01-30 07:53:51\n\
        admin    ssh     mgmt:1.1.1.1:22    root  super_admin   3.3.3.3:50000     2026-01-30 07:53:51\n\
        ops      ssh     mgmt:1.1.1.1:22    root  prof_admin    2.2.2.2:40000     2026-01-30 07:53:51";

    #[test]
    fn the_own_row_is_found_by_its_port_and_never_by_its_place() {
        let list = AdminSession::parse_list(&lines(LIST_7));
        assert_eq!(list.len(), 4);
        let own = OwnSession::find(list.clone(), "admin", Some(50000));
        assert_eq!(own.found().unwrap().source, Some("3.3.3.3".parse().unwrap()));
        assert!(
            matches!(OwnSession::find(list.clone(), "admin", Some(1)), OwnSession::Unclear(rows) if rows.len() == 2)
        );
        let only = OwnSession::find(list, "ops", Some(1));
        assert_eq!(only.found().unwrap().profile.as_deref(), Some("prof_admin"));
    }

    #[test]
    fn the_columns_of_older_releases_and_a_head_behind_the_prompt_are_read() {
        let old = AdminSession::parse_list(&lines(
            "username local  device                   remote               started\n\
             admin    sshv2  port1:172.20.120.148:22  172.20.120.16:4167   2006-08-09 12:24:20",
        ));
        assert_eq!((old[0].port, old[0].profile.clone()), (Some(4167), None));
        let new = AdminSession::parse_list(&lines(
            "FortiGate-60F $ username             local          device                   vdom     profile     remote           started\n\
             netops-rw            ssh            wan1:192.0.2.1:22        root     netops-rw   192.0.2.9:4000   now",
        ));
        assert_eq!(new[0].source, Some("192.0.2.9".parse().unwrap()));
        assert_eq!(AdminSession::parse_list(&lines("command parse error before 'admin'")), []);
    }

    #[test]
    fn a_profile_whose_name_holds_a_blank_does_not_hide_the_address() {
        let list = AdminSession::parse_list(&lines(
            "username local device vdom profile remote started\n\
             admin ssh port1:192.0.2.1:22 root api admins 10.0.0.9:4000 2026-01-30 07:53:51",
        ));
        assert_eq!(list[0].source, Some("10.0.0.9".parse().unwrap()));
        assert_eq!(list[0].profile.as_deref(), Some("api admins"));
    }

    #[test]
    fn addresses_of_both_families_are_read() {
        let v6 = Some("2001:db8::1".parse().unwrap());
        assert_eq!(address("[2001:db8::1]:22"), (v6, Some(22)));
        assert_eq!(address("2001:db8::1:4167"), (v6, Some(4167)));
        assert_eq!(address("::ffff:10.0.0.1:5"), (Some("10.0.0.1".parse().unwrap()), Some(5)));
        assert_eq!(address(":0"), (None, None));
        assert_eq!(address("N/A"), (None, None));
    }
}
