//! Whether a FortiManager manages the device.

use super::admin_session::AdminSession;
use super::show;

/// What is known of a FortiManager above the device. Changes made on a managed device put it out of sync with what
/// FortiManager holds, whose next installation may delete them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CentralManagement {
    /// None manages it.
    Unmanaged,
    /// One does.
    Managed {
        /// Its address, where the device tells it.
        fmg: Option<String>,
    },
    /// The device does not say.
    Unknown,
}

impl CentralManagement {
    /// Reads what `show system central-management` printed; a session that FortiManager's tunnel (FGFM) holds says so
    /// too, whatever was printed.
    ///
    /// Sources: `type` is `fortimanager`, `fortiguard` or `none` (terraform-provider-fortios 1.25.0,
    /// `fortios_system_centralmanagement`); it is not shown at its default, which differs by release, so that an address
    /// without a type counts. The tunnel's row: captures of `get system admin list` on 7.4.
    pub fn of(printed: &[String], sessions: &[AdminSession]) -> CentralManagement {
        let shown = shown(printed);
        let tunnel = sessions.iter().any(|session| session.way.starts_with("fg"));
        match shown {
            Some(CentralManagement::Unmanaged) | None if tunnel => CentralManagement::Managed { fmg: None },
            Some(found) => found,
            None => CentralManagement::Unknown,
        }
    }
}

fn shown(printed: &[String]) -> Option<CentralManagement> {
    let blocks = show::parse(printed.iter().map(String::as_str)).ok()?;
    let block = blocks.iter().find(|block| block.path == ["system", "central-management"])?;
    let fmg = block.value("fmg").map(|fmg| fmg.trim_matches('"').to_owned()).filter(|fmg| !fmg.is_empty());
    let managed = match block.value("type") {
        Some(kind) => kind == "fortimanager",
        None => fmg.is_some(),
    };
    Some(if managed { CentralManagement::Managed { fmg } } else { CentralManagement::Unmanaged })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &str) -> CentralManagement {
        let text = format!("config system central-management\n{settings}end");
        CentralManagement::of(&text.lines().map(str::to_owned).collect::<Vec<_>>(), &[])
    }

    fn managed(fmg: &str) -> CentralManagement {
        CentralManagement::Managed { fmg: Some(fmg.to_owned()) }
    }

    #[test]
    fn only_fortimanager_manages() {
        for (settings, expected) in [
            ("", CentralManagement::Unmanaged),
            ("set type none\n", CentralManagement::Unmanaged),
            ("set type fortiguard\nset fmg \"0.0.0.0\"\n", CentralManagement::Unmanaged),
            ("set type fortimanager\nset fmg \"192.0.2.9\"\n", managed("192.0.2.9")),
            ("set type fortimanager\nset fmg \"\\\"192.0.2.9\\\"\"\n", managed("192.0.2.9")),
            ("set fmg \"192.0.2.9\"\n", managed("192.0.2.9")),
            ("set type fortimanager\n", CentralManagement::Managed { fmg: None }),
        ] {
            assert_eq!(read(settings), expected, "{settings}");
        }
    }

    #[test]
    fn without_an_answer_only_its_tunnel_tells() {
        assert_eq!(CentralManagement::of(&[], &[]), CentralManagement::Unknown);
        let mut tunnel = AdminSession::example();
        assert_eq!(CentralManagement::of(&[], std::slice::from_ref(&tunnel)), CentralManagement::Unknown);
        tunnel.way = "fgfm".into();
        assert_eq!(CentralManagement::of(&[], &[tunnel]), CentralManagement::Managed { fmg: None });
    }

    #[test]
    fn half_an_answer_is_none() {
        let half = ["config system central-management".to_owned(), "set type none".to_owned()];
        assert_eq!(CentralManagement::of(&half, &[]), CentralManagement::Unknown);
    }
}
