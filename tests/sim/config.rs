//! The simulated FortiGate's configuration: what commits, what does not, and what each version and mode accepts.

use crate::terminal::{TUTORIAL, Terminal, device, key_on};
use fgtkey::fortios::schema::Schema;
use fgtkey::fortios::version::Version;
use fgtkey::sim::{CfgSave, Device, Ha, VdomMode};

fn mint(device: &Device) -> Option<String> {
    let mut terminal = Terminal::tall(device);
    terminal.lines(&TUTORIAL);
    key_on(&terminal.screen()).map(str::to_owned)
}

#[test]
fn a_failing_set_stays_in_the_entry_which_can_be_committed_without_it() {
    let device = device(|_| ());
    let mut terminal = Terminal::tall(&device);
    terminal.lines(&["config system api-user", "edit a", "set accprofile prof_admin", "config trusthost", "edit 1"]);
    assert!(terminal.lines(&["set ipv4-trusthost 10.0.0.300 255.255.255.255"]).contains("-8"));
    terminal.lines(&["next", "end", "next", "end"]);
    assert_eq!(device.api_user("a").unwrap().trusted_hosts, ["0.0.0.0 0.0.0.0"]);
}

#[test]
fn a_nested_table_that_does_not_open_makes_next_commit_the_user_without_trusted_hosts() {
    let device = device(|spec| spec.faults = vec!["config trusthost=refuse".parse().unwrap()]);
    let mut terminal = Terminal::tall(&device);
    terminal.lines(&["config system api-user", "edit a", "set accprofile prof_admin", "config trusthost"]);
    assert!(terminal.lines(&["edit 1"]).contains("Unknown action 0"));
    assert_eq!(terminal.lines(&["next"]), "\nfw1 (api-user) # ");
    assert_eq!(device.api_user("a").unwrap().trusted_hosts, Vec::<String>::new());
}

#[test]
fn abort_leaves_without_saving_and_keeps_what_next_saved_already() {
    let device = device(|_| ());
    let mut terminal = Terminal::tall(&device);
    terminal.lines(&["config system api-user", "edit kept", "set accprofile prof_admin", "next"]);
    assert_eq!(terminal.lines(&["edit lost", "set accprofile prof_admin", "abort"]), "\nfw1 # ");
    assert_eq!(device.api_users(), ["kept"]);
}

#[test]
fn abort_in_a_nested_table_goes_back_to_the_entry() {
    let device = device(|_| ());
    let mut terminal = Terminal::tall(&device);
    terminal.lines(&["config system api-user", "edit a", "set accprofile prof_admin", "config trusthost", "edit 1"]);
    assert_eq!(terminal.lines(&["set ipv4-trusthost 10.0.0.1/32", "abort"]), "\nfw1 (a) # ");
    terminal.lines(&["end"]);
    assert_eq!(device.api_user("a").unwrap().trusted_hosts, Vec::<String>::new());
}

#[test]
fn a_session_that_ends_in_an_entry_saves_nothing() {
    let device = device(|_| ());
    Terminal::tall(&device).lines(&["config system api-user", "edit a", "set accprofile prof_admin"]);
    assert_eq!(device.api_users(), Vec::<String>::new());
    assert_eq!(device.sessions(), 0);
}

#[test]
fn edit_0_takes_the_next_free_number() {
    let device = device(|_| ());
    let mut terminal = Terminal::tall(&device);
    terminal.lines(&["config system api-user", "edit a", "set accprofile prof_admin", "config trusthost"]);
    for host in ["10.0.0.1/32", "10.0.0.2/32"] {
        terminal.lines(&["edit 0", &format!("set ipv4-trusthost {host}"), "next"]);
    }
    assert!(terminal.lines(&["show"]).contains("edit 2\n"));
    terminal.lines(&["end", "end"]);
    assert_eq!(device.api_user("a").unwrap().trusted_hosts, ["10.0.0.1 255.255.255.255", "10.0.0.2 255.255.255.255"]);
}

#[test]
fn a_new_key_voids_the_old_one_and_goes_with_its_user() {
    let device = device(|_| ());
    let first = mint(&device).unwrap();
    let mut terminal = Terminal::tall(&device);
    let second = terminal.lines(&["execute api-user generate-key terraform"]);
    let second = key_on(&second).unwrap();
    assert!(!device.key_is_live("terraform", &first) && device.key_is_live("terraform", second));
    terminal.lines(&["config system api-user", "delete terraform", "end"]);
    assert_eq!(device.user_of_key(second), None);
}

#[test]
fn the_salted_key_differs_in_each_show_and_the_canonical_text_does_not() {
    let device = device(|_| ());
    mint(&device).unwrap();
    let mut terminal = Terminal::tall(&device);
    let shows = [terminal.lines(&["show system api-user"]), terminal.lines(&["show system api-user"])];
    assert!(shows[0].contains("set api-key ENC SH2") && shows[0] != shows[1]);
    assert_eq!(device.config_text(), device.config_text());
    assert!(device.config_text().contains("        set accprofile \"terraform\"\n"), "{}", device.config_text());
}

#[test]
fn what_show_prints_pastes_back_into_an_equal_device() {
    let original = device(|_| ());
    mint(&original).unwrap();
    let mut terminal = Terminal::tall(&original);
    let mut text = terminal.lines(&["show system accprofile"]) + "\n" + &terminal.lines(&["show system api-user"]);
    text = text.lines().filter(|line| !line.starts_with("fw1")).map(|line| format!("{line}\n")).collect();
    let copy = device(|spec| spec.config = text);
    assert_eq!(copy.config_text(), original.config_text());
}

#[test]
fn a_configuration_that_the_device_refuses_names_its_line() {
    let spec = fgtkey::sim::DeviceSpec {
        config: "config system api-user\nedit a\nset color 3\n".into(),
        ..Default::default()
    };
    let refused = Device::new(spec).err().unwrap();
    assert_eq!((refused.line, refused.text.as_str()), (3, "set color 3"));
    assert!(refused.answer.starts_with("command parse error before 'color'"), "{}", refused.answer);
}

#[test]
fn each_version_accepts_its_own_permissions_and_refuses_the_others() {
    let names =
        ["spamfilter", "emailfilter", "data-loss-prevention", "data-leak-prevention", "dlp", "casb", "telemetry"];
    for version in Version::lines() {
        let device = device(|spec| spec.version = version);
        let mut terminal = Terminal::tall(&device);
        terminal.lines(&["config system accprofile", "edit p", "set utmgrp custom", "config utmgrp-permission"]);
        let schema = Schema::of(version);
        let group = schema.group("utmgrp").unwrap();
        for name in names {
            let refused = terminal.lines(&[&format!("set {name} read")]).contains("command parse error");
            assert_eq!(refused, schema.child(group, name).is_none(), "{name} on {version}");
        }
    }
}

#[test]
fn secfabgrp_takes_custom_from_7_6_5_on() {
    for (version, refused) in [(Version::new(7, 6, 4), true), (Version::new(7, 6, 5), false)] {
        let device = device(|spec| spec.version = version);
        let said = Terminal::tall(&device).lines(&["config system accprofile", "edit p", "set secfabgrp custom"]);
        assert_eq!(said.contains("command parse error before 'custom'"), refused, "{version}: {said}");
    }
}

#[test]
fn scope_exists_with_vdoms_only() {
    let single = device(|_| ());
    let lines = ["config system accprofile", "edit p", "set scope global"];
    assert!(Terminal::tall(&single).lines(&lines).contains("command parse error before 'scope'"));
    let multi = device(|spec| spec.vdom_mode = VdomMode::Multiple);
    let mut terminal = Terminal::tall(&multi);
    terminal.lines(&["config global"]);
    assert_eq!(terminal.lines(&lines), "\nfw1 (p) # ");
}

#[test]
fn going_back_to_a_whole_level_drops_the_custom_permissions() {
    let device = device(|_| ());
    let mut terminal = Terminal::tall(&device);
    terminal.lines(&["config system accprofile", "edit p", "set fwgrp custom", "config fwgrp-permission"]);
    terminal.lines(&["set address read", "end", "set fwgrp read", "set fwgrp custom", "next", "end"]);
    assert!(!device.profile("p").unwrap().contains_key("fwgrp.address"));
}

#[test]
fn an_expiry_is_taken_where_the_version_has_one_and_for_whom() {
    let cases = [
        (Version::new(7, 4, 8), "command parse error before '60'"),
        (Version::new(7, 6, 4), "New API key: "),
        (Version::new(7, 6, 5), "Command fail. Return code -609"),
    ];
    for (version, expected) in cases {
        let device = device(|spec| {
            spec.version = version;
            spec.traps.asks_admin_password = Some(false);
        });
        mint(&device).unwrap();
        let said = Terminal::tall(&device).lines(&["execute api-user generate-key terraform 60"]);
        assert!(said.contains(expected), "{version}: {said}");
    }
}

#[test]
fn names_are_plain_where_the_version_wants_them_so() {
    for (patch, refused) in [(4, true), (5, false)] {
        let device = device(|spec| spec.version = Version::new(7, 4, patch));
        let said = Terminal::tall(&device).lines(&["config system api-user", "edit a.b"]);
        assert_eq!(said.contains("value parse error before 'a.b'"), refused, "{said}");
    }
}

#[test]
fn a_secondary_undoes_what_it_is_told() {
    let device = device(|spec| spec.ha = Ha::Secondary);
    assert_eq!(mint(&device), None);
    assert_eq!((device.api_users(), device.commits()), (Vec::<String>::new(), Vec::<String>::new()));
}

#[test]
fn fips_mode_has_a_banner_and_refuses_keys() {
    let device = device(|spec| spec.fips = true);
    let mut terminal = Terminal::tall(&device);
    assert!(terminal.screen().ends_with("(Press 'a' to accept):"));
    terminal.types("a");
    terminal.lines(&TUTORIAL);
    assert_eq!(key_on(&terminal.screen()), None);
    assert!(terminal.screen().contains("Command fail. Return code -7\r\n"));
}

#[test]
fn with_manual_saving_a_restart_forgets_what_was_not_saved() {
    let device = device(|spec| spec.cfg_save = CfgSave::Manual);
    let key = mint(&device).unwrap();
    assert!(device.has_unsaved_changes());
    device.restart();
    assert!(device.api_users().is_empty() && !device.key_is_live("terraform", &key));
    let key = mint(&device).unwrap();
    let mut terminal = Terminal::tall(&device);
    assert!(terminal.lines(&["get system global | grep cfg-save"]).starts_with("cfg-save            : manual\n"));
    terminal.lines(&["execute cfg save"]);
    device.restart();
    assert!(device.key_is_live("terraform", &key));
}

#[test]
fn a_workspace_is_seen_by_its_session_only_until_it_commits() {
    let device = device(|_| ());
    let mut terminal = Terminal::tall(&device);
    terminal.lines(&["execute config-transaction start"]);
    assert_eq!(terminal.lines(&TUTORIAL[..19]), "\nfw1 # ");
    assert!(terminal.lines(&["show system api-user terraform"]).contains("edit \"terraform\""));
    assert!(terminal.lines(&[TUTORIAL[19]]).contains("Could not find api-user"));
    assert!(device.api_users().is_empty());
    terminal.lines(&["execute config-transaction commit"]);
    assert_eq!(device.api_users(), ["terraform"]);
}

#[test]
fn an_administrator_without_rights_gets_unknown_actions_and_a_dollar_sign() {
    let config = "config system accprofile\nedit viewer\nset sysgrp read\nset fwgrp read-write\nend\n";
    let device = device(|spec| {
        spec.version = Version::new(7, 4, 1);
        spec.config = config.into();
        spec.admins[0].accprofile = "viewer".into();
    });
    let mut terminal = Terminal::tall(&device);
    assert_eq!(terminal.lines(&["config system api-user"]), "Unknown action 0\n\nfw1 $ ");
    assert!(terminal.lines(&["get system status"]).contains("Hostname: fw1"));
    assert!(terminal.lines(&["get system admin status"]).contains("login access profile: viewer"));
}

#[test]
fn from_7_4_2_a_profile_needs_the_cli_switches_too() {
    let profile =
        |switches: &str| format!("config system accprofile\nedit ops\nset sysgrp read-write\n{switches}end\n");
    for (switches, allowed) in [("", false), ("set cli-config enable\nset cli-exec enable\n", true)] {
        let device = device(|spec| {
            spec.config = profile(switches);
            spec.admins[0].accprofile = "ops".into();
        });
        assert_eq!(mint(&device).is_some(), allowed);
    }
}

#[test]
fn the_built_in_profiles_exist_unseen_and_cannot_be_changed() {
    let device = device(|_| ());
    let mut terminal = Terminal::tall(&device);
    let shown = terminal.lines(&["show system accprofile"]);
    assert!(shown.contains("edit \"prof_admin\"") && !shown.contains("super_admin"), "{shown}");
    assert!(terminal.lines(&["config system accprofile", "edit super_admin"]).contains("Return code -37"));
}

#[test]
fn lists_grow_and_shrink_by_append_and_unselect() {
    let device = device(|spec| {
        spec.vdom_mode = VdomMode::Multiple;
        spec.vdoms = vec!["root".into(), "edge".into()];
    });
    let mut terminal = Terminal::tall(&device);
    terminal.lines(&["config global", "config system api-user", "edit a", "set accprofile prof_admin"]);
    terminal.lines(&["set vdom root", "append vdom edge", "unselect vdom root"]);
    assert!(terminal.lines(&["set vdom dmz"]).contains("entry not found in datasource"));
    terminal.lines(&["end"]);
    assert_eq!(device.api_user("a").unwrap().vdoms, ["edge"]);
}

#[test]
fn behind_nat_the_device_sees_another_address_and_port() {
    let device = device(|spec| spec.seen_from = Some(([198, 51, 100, 7], 40022).into()));
    let said = Terminal::tall(&device).lines(&["get system admin status"]);
    assert!(said.contains("login remote: 198.51.100.7:40022\n"), "{said}");
}

#[test]
fn the_whole_configuration_with_vdoms_is_shown_scope_by_scope_and_pages() {
    let device = device(|spec| {
        spec.vdom_mode = VdomMode::Multiple;
        spec.vdoms = vec!["root".into(), "edge".into()];
    });
    let shown = Terminal::tall(&device).lines(&["show"]);
    assert!(shown.contains("config vdom\nedit root\nnext\nedit edge\nnext\nend\nconfig global\n"), "{shown}");
    assert!(shown.contains("config vdom\nedit edge\nconfig system settings\nend\n"), "{shown}");
    assert!(Terminal::on(&device).types("show\n").ends_with("--More-- "));
}

#[test]
fn sudo_runs_one_command_in_another_scope_and_comes_back() {
    let device = device(|spec| spec.vdom_mode = VdomMode::Multiple);
    let mut terminal = Terminal::tall(&device);
    assert!(terminal.lines(&["sudo global show system console"]).starts_with("config system console\nend\n"));
    assert!(terminal.lines(&["sudo root show firewall address"]).ends_with("\nfw1 # "));
    assert!(terminal.lines(&["sudo nowhere show"]).contains("command parse error before 'nowhere'"));
}
