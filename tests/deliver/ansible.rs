//! Host variables for Ansible, plain and in its vault.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use fgtkey::deliver::{DeliverError, EditError};
use fgtkey::secret::Secret;

use crate::place::{KEY, Place, mode, record, refusal, refused, undelivered};

const REFERENCE: &str = "ansible_httpapi_session_key: {access_token: \"{{ fortios_access_token }}\"}\n";

fn plain() -> String {
    format!("ansible_host: \"192.0.2.1\"\nfortios_access_token: \"{KEY}\"\n{REFERENCE}")
}

#[test]
fn a_new_file_has_the_three_variables_and_is_private() {
    let place = Place::new();
    let stored = place.deliver("ansible:fw1.yml");
    assert_eq!(place.read("fw1.yml"), plain());
    assert_eq!(mode(&place.path("fw1.yml")), 0o600);
    assert_eq!(stored[0].destination, format!("ansible:{}", place.path("fw1.yml").display()));
    assert_eq!(place.fetch("ansible:fw1.yml"), (KEY.into(), Some("192.0.2.1".into())));
}

#[test]
fn the_variables_of_others_stay_and_a_link_too() {
    let place = Place::new();
    place.write("real.yml", "---\n# ours\nvdom: root # the only one\nfortios_access_token: old # why\nlist:\n- a\n");
    symlink("real.yml", place.path("fw1.yml")).unwrap();
    place.deliver("ansible:fw1.yml");
    let expected = format!(
        "---\n# ours\nvdom: root # the only one\nfortios_access_token: \"{KEY}\" # why\nlist:\n- a\n\
         ansible_host: \"192.0.2.1\"\n{REFERENCE}"
    );
    assert_eq!(place.read("real.yml"), expected);
    assert!(fs::symlink_metadata(place.path("fw1.yml")).unwrap().is_symlink());
    place.deliver("ansible:fw1.yml");
    assert_eq!(place.read("real.yml"), expected);
}

#[test]
fn the_variables_may_have_other_names() {
    let place = Place::new();
    place.deliver("ansible:v.yml,token-variable=token,hostname-variable=fortigate");
    let text = place.read("v.yml");
    assert!(text.starts_with(&format!("fortigate: \"192.0.2.1\"\ntoken: \"{KEY}\"\n")), "{text}");
    assert!(text.contains("{{ token }}"), "{text}");
    for (option, problem) in [
        ("token-variable=a-b", "letters, digits and underscores"),
        ("token-variable=1a", "letters, digits and underscores"),
        ("hostname-variable=fortios_access_token", "a name of its own"),
        ("vault-id=a;b", "one word"),
        ("vault-id=prod@prompt", "nobody is asked"),
    ] {
        let error = format!("ansible:x.yml,{option}").parse::<fgtkey::deliver::Destination>().unwrap_err();
        assert!(error.to_string().contains(problem), "{option}: {error}");
    }
}

#[test]
fn with_a_password_a_new_file_is_encrypted_as_a_whole_and_stays_so() {
    let place = Place::new();
    place.write("pw", "  secret \n");
    let first = place.deliver("ansible:fw1.yml,vault-password-file=%pw,vault-id=prod");
    assert_eq!(first.len(), 1);
    let text = place.read("fw1.yml");
    assert!(text.starts_with("$ANSIBLE_VAULT;1.2;AES256;prod\n") && !text.contains(KEY), "{text}");
    assert_eq!(place.fetch("ansible:fw1.yml,vault-password-file=%pw").0, KEY);
    place.deliver("ansible:fw1.yml,vault-password-file=%pw");
    assert!(place.read("fw1.yml").starts_with("$ANSIBLE_VAULT;1.2;AES256;prod\n"), "the label stays");
    assert!(place.files().iter().all(|name| ["fw1.yml", "pw"].contains(&name.as_str())));
}

#[test]
fn with_a_password_only_the_token_of_a_plain_file_is_encrypted() {
    let place = Place::new();
    place.write("pw", "secret");
    place.write("fw1.yml", "vdom: root\n");
    place.deliver("ansible:fw1.yml,vault-id=prod@%pw");
    let text = place.read("fw1.yml");
    let inline = "vdom: root\nansible_host: \"192.0.2.1\"\nfortios_access_token: !vault |\n          $ANSIBLE_VAULT;1.2;AES256;prod\n";
    assert!(text.starts_with(inline) && text.ends_with(REFERENCE) && !text.contains(KEY), "{text}");
    assert_eq!(place.fetch("ansible:fw1.yml,vault-password-file=%pw").0, KEY);
    assert!(refusal_to_fetch(&place, "ansible:fw1.yml").contains("there is no vault password"));
}

fn refusal_to_fetch(place: &Place, text: &str) -> String {
    let error = place.named(text).fetch(&crate::place::device()).unwrap_err();
    format!("{error}: {:?}", std::error::Error::source(&error).map(ToString::to_string))
}

#[test]
fn a_program_may_print_the_password() {
    let place = Place::new();
    let program = place.write("vault-client", "#!/bin/sh\necho \"for $1 $2\"\n");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    place.write("pw", "for --vault-id prod");
    place.deliver("ansible:fw1.yml,vault-id=prod@%vault-client");
    assert_eq!(place.fetch("ansible:fw1.yml,vault-password-file=%pw").0, KEY);
}

#[test]
fn a_vault_that_does_not_open_is_found_before_there_is_a_key() {
    let place = Place::new();
    place.write("pw", "secret");
    place.write("other", "another");
    place.write("empty", "\n");
    place.deliver("ansible:fw1.yml,vault-password-file=%pw");
    let cases = [
        ("ansible:fw1.yml", "there is no vault password", "ANSIBLE_VAULT_PASSWORD_FILE"),
        ("ansible:fw1.yml,vault-password-file=%other", "does not open it", "the right one"),
        ("ansible:fw1.yml,vault-password-file=%empty", "holds no password", "vault-password-file="),
        ("ansible:fw1.yml,vault-password-file=%missing", "cannot be read", "vault-password-file="),
    ];
    for (text, problem, hint) in cases {
        let said = refusal(&place, text);
        assert!(said.contains(problem) && said.contains(hint), "{text}: {said}");
    }
    place.write("cut.yml", "$ANSIBLE_VAULT;1.1;AES256\n3839\n");
    assert!(refusal(&place, "ansible:cut.yml,vault-password-file=%pw").contains("damaged"));
}

#[test]
fn a_vault_whose_password_changes_meanwhile_leaves_the_key_in_the_escrow() {
    let place = Place::new();
    place.write("pw", "secret");
    place.write("other", "another");
    place.deliver("ansible:fw1.yml,vault-password-file=%pw");
    let reservation = place.reserve(&[place.named("ansible:fw1.yml,vault-password-file=%pw")]).unwrap();
    fs::remove_file(place.path("fw1.yml")).unwrap();
    place.deliver("ansible:fw1.yml,vault-password-file=%other");
    assert!(undelivered(reservation).contains("does not open it"));
    assert_eq!(place.fetch("ansible:fw1.yml,vault-password-file=%other").0, KEY, "the other's file is untouched");
}

#[test]
fn a_file_that_is_no_mapping_of_variables_is_left_alone() {
    let place = Place::new();
    for (text, line) in [("a: 1\n---\nb: 2\n", 2), ("- a\n", 1), ("a: 1\nb: 'x\n", 2)] {
        place.write("fw1.yml", text);
        match refused(&place, place.named("ansible:fw1.yml")) {
            DeliverError::Unfit { source: EditError::Yaml { line: found, .. }, .. } => assert_eq!(found, line),
            other => panic!("{text:?}: {other}"),
        }
        assert_eq!(place.read("fw1.yml"), text);
    }
}

#[test]
fn a_directory_that_is_gone_leaves_the_key_in_the_escrow() {
    let place = Place::new();
    for text in [
        "ansible:gone/x",
        "age:gone/x,recipient=age1cy0su9fwf3gf9mw868g5yut09p6nytfmmnktexz2ya5uqg9vl9sss4euqm",
        "k8s:gone/x",
    ] {
        fs::create_dir(place.path("gone")).unwrap();
        let reservation = place.reserve(&[place.named(text)]).unwrap();
        fs::remove_dir_all(place.path("gone")).unwrap();
        assert!(undelivered(reservation).contains("could not write the key"), "{text}");
    }
}

#[test]
fn values_that_others_change_between_reserving_and_storing_stay() {
    let place = Place::new();
    place.write("fw1.yml", "a: 1\n");
    let reservation = place.reserve(&[place.named("ansible:fw1.yml")]).unwrap();
    place.write("fw1.yml", "a: 2\nb: 3\n");
    reservation.store(&mut record(), Secret::new(KEY)).unwrap();
    assert!(place.read("fw1.yml").starts_with("a: 2\nb: 3\nansible_host: "));
}
