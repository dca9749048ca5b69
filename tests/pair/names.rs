//! Entries that are named like tables, and names and comments that look like something else.

use fgtkey::sim::{Device, FaultAction};

use super::pair::{Chunks, Pair, SimShell};
use super::story::{mint_plain, options, request_of, spec};

const NAMES: [&str; 9] =
    ["api-user", "global", "trusthost", "1", "accprofile", "a name with spaces", "dotted.name", "end", "fw1"];

#[test]
fn an_api_user_may_be_named_like_a_table() {
    for version in ["7.4.8", "7.6.4"] {
        for vdoms in [false, true] {
            for name in NAMES {
                let request = request_of(|flags| flags.api_user = Some(name.into()));
                let device = Device::new(spec(version, vdoms, |_| ())).unwrap();
                if request.check(device.spec().version, vdoms).is_err() {
                    continue;
                }
                mint_plain(&device, &request, Chunks::of(5));
                let user = device.api_user(name).unwrap();
                assert_eq!((user.accprofile.as_str(), user.trusted_hosts.len()), (name, 2), "{version} {name}");
            }
        }
    }
}

/// On the way back no `end` saves an entry that is named like the scope.
#[test]
fn an_entry_named_global_is_not_saved_on_the_way_back() {
    for vdoms in [false, true] {
        let scope = if vdoms { ("config global\n", "end\n") } else { ("", "") };
        let text = format!(
            "{}config system api-user\nedit global\nset accprofile super_admin\nconfig trusthost\nedit 1\n\
             set ipv4-trusthost 10.0.0.1 255.255.255.255\nnext\nedit 2\nset ipv4-trusthost 10.0.0.2 255.255.255.255\nend\nend\n{}",
            scope.0, scope.1
        );
        let script = fgtkey::fortios::script::Script::parse(&text).unwrap();
        for at in 1..=script.lines().len() {
            for action in [FaultAction::Refuse(None), FaultAction::Ask] {
                let fault = fgtkey::sim::Fault { at: fgtkey::sim::Place::Number(at), action: action.clone() };
                let device = Device::new(spec("7.4.8", vdoms, |spec| spec.faults = vec![fault])).unwrap();
                let mut pair = Pair::new(options(), SimShell::log_in(&device), Chunks::of(64));
                pair.drive().unwrap();
                let Err(_) = pair.run(&script) else { continue };
                pair.recover().unwrap_or_else(|fault| panic!("{fault}: {}", pair.trace.join("\n")));
                assert!(pair.session.prompt().unwrap().context.is_none());
                let user = device.api_user("global");
                assert!(user.is_none_or(|user| user.trusted_hosts.len() == 2), "line {at}, {action}");
            }
        }
    }
}

/// The echo of a comment, cut by the network where it looks like a question, is no question.
#[test]
fn a_comment_may_look_like_a_question() {
    for comment in [
        "our login: jdoe",
        "Continue now [y/n] or later",
        "the current administrator password : none",
        "--More-- of it",
        "Current Password",
        "x $ y",
        "Command fail. Return code -1",
        "New API key: none",
    ] {
        let request = request_of(|flags| flags.comments = Some(comment.into()));
        for size in 1..=120 {
            let device = Device::new(spec("7.6.4", false, |_| ())).unwrap();
            mint_plain(&device, &request, Chunks::of(size));
            assert_eq!(device.api_user("terraform").unwrap().comments.as_deref(), Some(comment), "chunks of {size}");
        }
    }
}

/// A row of trusted hosts and an API user can have the same name: the line that removes the one is not typed where it would
/// remove the other.
#[test]
fn a_refused_edit_does_not_remove_the_api_user_that_is_named_like_a_row() {
    let users = "config system api-user\nedit 1\nset accprofile prof_admin\nnext\nedit u\nset accprofile prof_admin\n\
        config trusthost\nedit 1\nset ipv4-trusthost 10.9.9.9 255.255.255.255\nnext\nend\nnext\nend\n";
    let script = "config system api-user\nedit u\nconfig trusthost\ndelete 1\nedit 2\n\
        set ipv4-trusthost 10.0.0.1 255.255.255.255\nend\nend\n";
    let script = fgtkey::fortios::script::Script::parse(script).unwrap();
    for fault in ["edit u=refuse", "config trusthost=refuse", "config system api-user=refuse", "delete 1=refuse"] {
        let change = |spec: &mut fgtkey::sim::DeviceSpec| {
            spec.config = users.into();
            spec.faults = vec![fault.parse().unwrap()];
        };
        let device = Device::new(spec("7.4.8", false, change)).unwrap();
        let before = device.config_text();
        let mut pair = Pair::new(options(), SimShell::log_in(&device), Chunks::of(64));
        pair.drive().unwrap();
        pair.run(&script).unwrap_err();
        pair.recover().unwrap();
        assert_eq!(device.config_text(), before, "{fault}");
    }
}
