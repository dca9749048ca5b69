//! The simulated FortiGate as a terminal sees it: echo, prompts, pager, questions, byte for byte.

use std::time::Duration;

use crate::terminal::{TUTORIAL, Terminal, device, key_on};
use fgtkey::sim::{Login, Paging, Then, VdomMode, Wrap};
use proptest::prelude::*;

#[test]
fn the_vendors_tutorial_can_be_typed_line_by_line() {
    let device = device(|_| ());
    let mut terminal = Terminal::on(&device);
    assert_eq!(terminal.screen(), "fw1 # ");
    for line in TUTORIAL {
        let said = terminal.types(&format!("{line}\n"));
        assert!(!said.contains("fail"), "{line}: {said}");
    }
    let screen = terminal.screen();
    let key = key_on(&screen).unwrap();
    assert_eq!(key.len(), 30);
    assert!(device.key_is_live("terraform", key));
    let user = device.api_user("terraform").unwrap();
    assert_eq!(user.trusted_hosts, ["10.20.100.99 255.255.255.255"]);
    assert_eq!(user.accprofile, "terraform");
    assert_eq!(device.profile("terraform").unwrap()["fwgrp.address"], "read");
    assert_eq!(device.commits(), ["system accprofile terraform", "system api-user terraform"]);
    assert_eq!(device.commands(), TUTORIAL);
}

#[test]
fn the_stream_is_the_same_whatever_the_pieces_are_that_the_bytes_come_in() {
    let typed: String = TUTORIAL.iter().map(|line| format!("{line}\n")).collect();
    let whole = {
        let device = device(|_| ());
        let mut terminal = Terminal::on(&device);
        terminal.types(&typed);
        terminal.screen()
    };
    for size in [1, 2, 7, 64, 199] {
        let device = device(|_| ());
        let mut terminal = Terminal::on(&device);
        for piece in typed.as_bytes().chunks(size) {
            terminal.types(std::str::from_utf8(piece).unwrap());
        }
        assert_eq!(terminal.screen(), whole);
    }
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
fn cr_lf_is_enter_and_an_empty_command() {
    let device = device(|_| ());
    let mut terminal = Terminal::on(&device);
    assert_eq!(
        terminal.types("config system api-user\r\n"),
        "config system api-user\r\r\n\r\nfw1 (api-user) # \r\r\nfw1 (api-user) # "
    );
    assert_eq!(device.commands(), ["config system api-user"]);
}

#[test]
fn the_system_status_pages_on_a_terminal_of_24_rows() {
    let device = device(|_| ());
    let mut terminal = Terminal::on(&device);
    let first = terminal.types("get system status\n");
    assert!(first.ends_with("\r\n--More-- "), "{first}");
    assert_eq!(first.matches("\r\n").count(), 23, "{first}");
    let second = terminal.types(" ");
    assert!(second.starts_with("\r         \r"), "{second}");
    assert!(second.ends_with("\r\n\r\nfw1 # "), "{second}");
}

#[test]
fn the_pager_eats_what_is_typed_ahead() {
    let device = device(|_| ());
    let mut terminal = Terminal::on(&device);
    terminal.types("get system status\n");
    assert_eq!(terminal.types("config"), "");
    let line = terminal.types("\n");
    assert_eq!(line.matches("\r\n").count(), 1, "{line}");
    assert!(line.ends_with("--More-- "), "{line}");
    assert_eq!(terminal.types("q"), "\r         \r\r\nfw1 # ");
    assert_eq!(device.commands(), ["get system status"]);
}

#[test]
fn a_tall_terminal_is_not_paged_unless_the_device_ignores_its_rows() {
    let plain = device(|_| ());
    assert!(!Terminal::tall(&plain).types("get system status\n").contains("--More-- "));
    let stubborn = device(|spec| spec.traps.pager = Paging::Fixed(24));
    assert!(Terminal::tall(&stubborn).types("get system status\n").contains("--More-- "));
    let silent = device(|spec| spec.traps.pager = Paging::Off);
    assert!(!Terminal::on(&silent).types("get system status\n").contains("--More-- "));
}

#[test]
fn grep_and_output_standard_switch_the_pager_off() {
    let device = device(|_| ());
    let mut terminal = Terminal::on(&device);
    assert!(!terminal.types("get system status | grep .\n").contains("--More-- "));
    terminal.lines(&["config system console", "set output standard", "end"]);
    assert!(!terminal.types("get system status\n").contains("--More-- "));
}

#[test]
fn a_question_mark_helps_at_once_even_in_quotes_and_keeps_the_line() {
    let device = device(|_| ());
    let mut terminal = Terminal::on(&device);
    terminal.lines(&["config system api-user", "edit api"]);
    let help = terminal.types("set accprofile ?");
    assert!(help.starts_with("set accprofile ?\r\n<string>"), "{help}");
    for name in ["admin_no_access", "prof_admin", "super_admin", "super_admin_readonly"] {
        assert!(help.contains(&format!("\r\n{name} ")), "{help}");
    }
    assert!(help.ends_with("\r\nfw1 (api) # set accprofile "), "{help}");
    assert_eq!(terminal.types("prof_admin\n"), "prof_admin\r\r\n\r\nfw1 (api) # ");
    let quoted = terminal.types("set comments \"why?");
    assert!(quoted.ends_with("fw1 (api) # set comments \"why"), "{quoted}");
    terminal.types("\x03");
    terminal.types("set comments \"why\x16?\"\n");
    terminal.lines(&["next", "end"]);
    assert_eq!(device.api_user("api").unwrap().comments.as_deref(), Some("why?"));
}

#[test]
fn tab_completes_a_word_that_only_one_fits_and_rings_otherwise() {
    let device = device(|_| ());
    let mut terminal = Terminal::on(&device);
    assert_eq!(terminal.types("conf\t"), "config ");
    assert_eq!(terminal.types("system a\t"), "system a\u{7}");
    assert_eq!(terminal.types("pi\t"), "pi-user ");
}

#[test]
fn an_open_quote_continues_on_the_next_line() {
    let device = device(|_| ());
    let mut terminal = Terminal::on(&device);
    terminal.lines(&["config system api-user", "edit a", "set accprofile prof_admin"]);
    assert_eq!(terminal.types("set comments \"one\n"), "set comments \"one\r\r\n> ");
    assert_eq!(terminal.types("two\"\n"), "two\"\r\r\n\r\nfw1 (a) # ");
    assert_eq!(terminal.types("set sched\\\n"), "set sched\\\r\r\n> ");
    assert_eq!(terminal.types("ule s\n"), "ule s\r\r\n\r\nfw1 (a) # ");
    terminal.lines(&["end"]);
    let user = device.api_user("a").unwrap();
    assert_eq!(user.comments.as_deref(), Some("one\ntwo"));
    assert_eq!(user.settings["schedule"], ["s"]);
}

#[test]
fn the_echo_wraps_at_the_width_of_the_terminal() {
    let plain = device(|_| ());
    let narrow = Login { cols: 20, ..Login::default() };
    assert_eq!(Terminal::with(&plain, narrow.clone()).types("get system status"), "get system sta \rtus");
    let other = device(|spec| spec.traps.wrap = Wrap::CrLf);
    assert_eq!(Terminal::with(&other, narrow).types("get system status"), "get system sta\r\ntus");
    let trap = device(|spec| spec.traps.wrap_at = Some(20));
    assert_eq!(Terminal::tall(&trap).types("get system status"), "get system sta \rtus");
}

#[test]
fn ctrl_c_drops_the_line_and_ctrl_d_ends_the_session() {
    let device = device(|_| ());
    let mut terminal = Terminal::on(&device);
    assert_eq!(terminal.types("config sys\x03"), "config sys^C\r\nfw1 # ");
    assert_eq!(device.commands(), Vec::<String>::new());
    terminal.types("\x04");
    assert_eq!(terminal.then, Then::Logout);
}

#[test]
fn what_is_typed_while_the_device_thinks_is_echoed_afterwards() {
    let slow = Duration::from_secs(2);
    let device = device(|spec| spec.think = vec![("execute".into(), slow)]);
    let mut terminal = Terminal::on(&device);
    assert_eq!(terminal.types("execute api-user generate-key a\nget sys"), "execute api-user generate-key a\r\r\n");
    assert_eq!(terminal.then, Then::Think(slow));
    assert_eq!(terminal.types("tem"), "");
    assert_eq!(terminal.waits(), "Could not find api-user a.\r\nCommand fail. Return code -3\r\n\r\nfw1 # get system");
}

#[test]
fn without_a_terminal_there_is_no_echo_and_no_pager() {
    let device = device(|_| ());
    let mut terminal = Terminal::with(&device, Login { pty: false, ..Login::default() });
    let said = terminal.types("get system status\nexecute api-user generate-key a\n");
    assert!(said.starts_with("Version: "), "{said}");
    assert!(said.ends_with("\n\nfw1 # Could not find api-user a.\nCommand fail. Return code -3\n\nfw1 # "), "{said}");
    assert!(!said.contains('\r') && !said.contains("More"), "{said}");
}

#[test]
fn the_password_question_of_7_6_takes_what_is_typed_ahead() {
    let device = device(|spec| spec.traps.asks_admin_password = Some(true));
    let mut terminal = Terminal::on(&device);
    terminal.lines(&["config system api-user", "edit a", "set accprofile prof_admin"]);
    assert_eq!(terminal.types("next\n"), "next\r\r\nPlease enter current administrator password: ");
    assert_eq!(terminal.types("end"), "***");
    let refused = terminal.types("\n");
    assert_eq!(refused, "\r\nadmin's password required.\r\nCommand fail. Return code -8102\r\n\r\nfw1 (api-user) # ");
    assert_eq!(device.api_user("a"), None);
    terminal.lines(&["edit a", "set accprofile prof_admin"]);
    assert_eq!(terminal.types("end\n"), "end\r\r\nPlease enter current administrator password: ");
    assert_eq!(terminal.types("admin\n"), "*****\r\n\r\nfw1 # ");
    assert!(device.api_user("a").is_some());
    let asked = terminal.types("execute api-user generate-key a\n");
    assert!(asked.ends_with("administrator password: "), "{asked}");
    assert!(key_on(&terminal.types("admin\n")).is_some());
}

#[test]
fn the_greeting_has_its_parts_in_order() {
    let device = device(|spec| {
        spec.post_login_banner = Some("####\n# $ #\n####".into());
        spec.traps.accept_space = true;
        spec.traps.verifying_password = true;
        spec.traps.welcome = true;
    });
    let mut terminal = Terminal::on(&device);
    assert_eq!(terminal.screen(), "Verifying password...\r\n\r\n####\r\n# $ #\r\n####\r\n\r\n(Press 'a' to accept): ");
    assert_eq!(terminal.types("a"), "\r\n\r\nWelcome!\r\n\r\nfw1 # ");
    let mut declined = Terminal::on(&device);
    declined.types("\n");
    assert_eq!(declined.then, Then::Logout);
}

#[test]
fn a_silent_device_waits_for_one_enter() {
    let device = device(|spec| spec.traps.silent_greeting = true);
    let mut terminal = Terminal::on(&device);
    assert_eq!(terminal.screen(), "");
    assert_eq!(terminal.types("\n"), "\r\nfw1 # ");
}

#[test]
fn a_forced_password_change_makes_a_password_of_whatever_is_typed() {
    let device = device(|spec| spec.forced_password_change = true);
    let mut terminal = Terminal::on(&device);
    assert_eq!(
        terminal.screen(),
        "You are forced to change your password. Please input a new password.\r\nNew Password: "
    );
    assert_eq!(terminal.types("get system status\n"), "*****************\r\nConfirm Password: ");
    assert_eq!(terminal.types("get system status\n"), "*****************\r\nfw1 # ");
    assert!(device.spec().admins[0].password.as_ref().unwrap().is("get system status"));
}

/// What people and programs type, and what neither does.
fn typed() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "config system api-user\n",
        "config system accprofile\n",
        "config global\n",
        "config vdom\n",
        "edit a\n",
        "edit 1\n",
        "set accprofile prof_admin\n",
        "config trusthost\n",
        "set fwgrp custom\n",
        "config fwgrp-permission\n",
        "next\n",
        "end\n",
        "abort\n",
        "show\n",
        "get system status\n",
        "get\n",
        "purge\n",
        "y",
        "n",
        " ",
        "q",
        "?",
        "\t",
        "\u{3}",
        "\u{16}",
        "delete a\n",
        "rename a to b\n",
        "execute api-user generate-key a\n",
        "set vdom-mode multi-vdom\n",
        "\"",
        "\\\n",
        "\r",
        "config system global\n",
        "unset accprofile\n",
        "append vdom root\n",
        "| grep -f a\n",
        "sudo global ",
        "\u{7f}",
        "ä",
    ]);
    prop::collection::vec(word, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn whatever_is_typed_the_stream_does_not_depend_on_its_pieces(text in typed(), size in 1_usize..20, multi: bool) {
        let open = || {
            let device = device(|spec| if multi { spec.vdom_mode = VdomMode::Multiple });
            (Terminal::on(&device), device)
        };
        let ((mut whole, one), (mut pieces, other)) = (open(), open());
        whole.types(&text);
        for piece in text.as_bytes().chunks(size) {
            pieces.bytes(piece);
        }
        prop_assert_eq!(without_times(&whole.screen()), without_times(&pieces.screen()));
        prop_assert_eq!(one.config_text(), other.config_text());
    }

    #[test]
    fn no_bytes_break_the_shell(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let device = device(|spec| spec.traps.foreign_lines = true);
        Terminal::on(&device).bytes(&bytes);
        prop_assert_eq!(device.sessions(), 0);
    }
}

fn without_times(screen: &str) -> String {
    screen.lines().filter(|line| !line.contains("time:")).collect()
}
