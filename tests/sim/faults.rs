//! Faults of the simulated FortiGate, at every line of the tutorial, and its traps.

use crate::terminal::{TUTORIAL, Terminal, device, key_on};
use fgtkey::sim::{Device, DeviceSpec, Fault, FaultAction, Place, Then, Trap};

fn with_fault(fault: &str) -> Device {
    device(|spec| spec.faults = vec![fault.parse().unwrap()])
}

#[test]
fn a_drop_comes_before_the_command_and_a_drop_after_behind_it() {
    for (fault, users) in [("next#3=drop", 0), ("next#3=drop-after", 1)] {
        let device = with_fault(fault);
        let mut terminal = Terminal::tall(&device);
        terminal.lines(&TUTORIAL[..17]);
        assert_eq!(terminal.types("next\n"), "next\r\r\n", "{fault}");
        assert_eq!(terminal.then, Then::Drop);
        assert_eq!(device.api_users().len(), users, "{fault}");
        assert_eq!(terminal.types("end\n"), "");
    }
}

#[test]
fn a_hung_session_says_nothing_more_and_the_next_session_works() {
    for (fault, users) in [("next#3=hang", 0), ("next#3=hang-after", 1)] {
        let device = with_fault(fault);
        let mut terminal = Terminal::tall(&device);
        terminal.lines(&TUTORIAL[..17]);
        assert_eq!(terminal.types("next\n"), "next\r\r\n");
        assert_eq!(terminal.types("\n\n\x03"), "");
        assert_eq!(terminal.then, Then::Continue);
        assert_eq!(device.api_users().len(), users, "{fault}");
        assert!(Terminal::tall(&device).lines(&["get system status"]).contains("Hostname"));
    }
}

#[test]
fn a_cut_reply_has_exactly_so_many_bytes_and_the_command_was_done() {
    for bytes in [0, 1, 13, 20, 40, 200] {
        let device = with_fault(&format!("execute api-user=cut:{bytes}"));
        let mut terminal = Terminal::tall(&device);
        terminal.lines(&TUTORIAL[..19]);
        let said = terminal.types(&format!("{}\n", TUTORIAL[19]));
        let reply = said.split_once("\r\r\n").unwrap().1;
        assert_eq!(reply.len(), bytes.min(161), "{reply}");
        assert_eq!(terminal.then, Then::Drop);
        assert!(device.api_user("terraform").unwrap().has_key);
    }
}

#[test]
fn a_refused_line_is_not_done_and_a_refused_next_has_left_the_entry() {
    let device = with_fault("next#3=refuse");
    let mut terminal = Terminal::tall(&device);
    terminal.lines(&TUTORIAL[..17]);
    assert_eq!(
        terminal.lines(&["next"]),
        "object set operator error, -4 discard the setting\nCommand fail. Return code -4\n\nfw1 (api-user) # "
    );
    assert_eq!(device.api_users(), Vec::<String>::new());
    let worded = with_fault("set accprofile=refuse:no way\\nCommand fail. Return code -7");
    let mut terminal = Terminal::tall(&worded);
    let said = terminal.lines(&["config system api-user", "edit a", "set accprofile prof_admin"]);
    assert_eq!(said, "no way\nCommand fail. Return code -7\n\nfw1 (a) # ");
}

#[test]
fn an_unexpected_question_takes_one_key() {
    for (key, users) in [("y", 1), ("n", 0)] {
        let device = with_fault("next#3=ask");
        let mut terminal = Terminal::tall(&device);
        terminal.lines(&TUTORIAL[..17]);
        assert_eq!(terminal.types("next\n"), "next\r\r\nDo you want to continue? (y/n)");
        assert!(terminal.types(key).starts_with(&format!("{key}\r\n")));
        assert_eq!(device.api_users().len(), users);
    }
}

#[test]
fn a_fault_behind_a_password_question_waits_for_the_answer() {
    let mut spec = DeviceSpec { faults: vec!["execute api-user=cut:20".parse().unwrap()], ..DeviceSpec::default() };
    spec.traps.asks_admin_password = Some(true);
    spec.config = "config system api-user\nedit a\nset accprofile prof_admin\nend\n".into();
    let device = Device::new(spec).unwrap();
    let mut terminal = Terminal::tall(&device);
    terminal.types("execute api-user generate-key a\n");
    assert_eq!(terminal.then, Then::Continue);
    let said = terminal.types("admin\n");
    assert!(said.starts_with("*****\r\nNew API key: ") && said.len() == 27, "{said}");
    assert_eq!(terminal.then, Then::Drop);
}

/// Any fault at any line: the device is never half way in a line, and no user is made without its profile.
#[test]
fn every_fault_at_every_line_leaves_whole_objects() {
    let actions = [
        FaultAction::Refuse(None),
        FaultAction::Drop,
        FaultAction::DropAfter,
        FaultAction::Hang,
        FaultAction::HangAfter,
        FaultAction::Cut(9),
        FaultAction::Ask,
    ];
    for number in 1..=TUTORIAL.len() {
        for action in &actions {
            let fault = Fault { at: Place::Number(number), action: action.clone() };
            let device = device(|spec| spec.faults = vec![fault.clone()]);
            let mut terminal = Terminal::tall(&device);
            terminal.lines(&TUTORIAL);
            let user = device.api_user("terraform");
            assert!(user.is_none_or(|user| user.accprofile == "terraform"), "{fault}");
            let commits: std::collections::BTreeSet<_> = device.commits().into_iter().collect();
            assert_eq!(commits.len(), device.api_users().len() + device.profiles().len() - 4, "{fault}");
        }
    }
}

#[test]
fn the_tutorial_makes_the_same_objects_under_every_trap() {
    let wanted = {
        let plain = device(|_| ());
        Terminal::tall(&plain).lines(&TUTORIAL);
        plain.config_text()
    };
    for trap in Trap::all() {
        let trapped = device(|spec| trap.apply(spec));
        let mut terminal = Terminal::tall(&trapped);
        if terminal.screen().trim_end().ends_with("(Press 'a' to accept):") {
            terminal.types("a");
        }
        if terminal.screen().is_empty() {
            terminal.types("\n");
        }
        for line in TUTORIAL {
            let said = terminal.types(&format!("{line}\n"));
            if said.contains("assword") && said.split_once("\r\r\n").unwrap().1.contains("urrent") {
                terminal.types("admin\n");
            }
        }
        let screen = terminal.screen();
        let key = key_on(&screen).unwrap_or_else(|| panic!("{}:\n{screen}", trap.name));
        assert!(trapped.key_is_live("terraform", key), "{}", trap.name);
        assert_eq!(trapped.config_text(), wanted, "{}", trap.name);
        assert!(!trap.about.is_empty());
    }
}

#[test]
fn traps_show_on_the_screen() {
    let cases = [
        ("no-code-line", "set color 3", "command parse error before 'color'\n\nfw1 (a) # "),
        ("glued-errors", "set color 3", "command parse error before 'color'Command fail. Return code -61\n"),
        ("cli-debug", "set accprofile prof_admin", "path=system, objname=api-user, size=1312, sz_attr=1\n\nfw1"),
        ("build-tag", "end", "fw1 (Interim) # "),
        ("ha-role", "get", "fw1(Primary) (a) # "),
    ];
    for (name, line, expected) in cases {
        let trap: Trap = name.parse().unwrap();
        let device = device(|spec| trap.apply(spec));
        let said = Terminal::tall(&device).lines(&["config system api-user", "edit a", line]);
        assert!(said.contains(expected), "{name}: {said}");
    }
}

#[test]
fn the_role_in_the_prompt_changes_in_mid_session() {
    let trap: Trap = "role-flips".parse().unwrap();
    let device = device(|spec| trap.apply(spec));
    let mut terminal = Terminal::tall(&device);
    let prompts: Vec<_> =
        (0..5).map(|_| terminal.lines(&["execute date"]).lines().last().unwrap().to_owned()).collect();
    assert_eq!(prompts[2], "fw1(Primary) # ");
    assert_eq!(prompts[3], "fw1(Secondary) # ");
}
