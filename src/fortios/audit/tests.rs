use super::account::ProfileState;
use super::effective;
use super::finding::Finding;
use super::rule::Rule;
use super::severity::Severity;
use super::tables::{Tables, columns, entries};
use super::{Audit, Known, Policy};
use crate::fortios::render::Templates;
use crate::fortios::schema::Schema;
use crate::fortios::show::Entry;
use crate::fortios::version::Version;

const VERSIONS: [&str; 8] = ["6.0.4", "6.2.6", "6.4.14", "7.0.13", "7.2.8", "7.4.8", "7.6.4", "8.0.0"];

fn rows(path: &str, body: &str) -> Vec<Entry> {
    let text = format!("config {path}\n{body}\nend");
    entries(path, &text.lines().map(str::to_owned).collect::<Vec<_>>()).unwrap().unwrap()
}

/// An API user with these lines, beside profiles and administrators of the field.
fn tables(version: &str, user: &str) -> Tables {
    Tables {
        version: version.parse().unwrap(),
        vdoms: false,
        users: rows("system api-user", &format!("edit u\n{user}\nnext")),
        profiles: Some(rows(
            "system accprofile",
            "edit narrow\nset fwgrp read\nnext\nedit people\nset netgrp read\nnext\nedit boss\nset sysgrp read-write\nnext\n\
             edit clerk\nset sysgrp custom\nconfig sysgrp-permission\nset admin read-write\nend\nnext",
        )),
        administrators: Some(rows(
            "system admin",
            "edit admin\nset accprofile super_admin\nset trusthost1 10.0.0.0 255.255.255.0\nnext\nedit alice\nset accprofile people\n\
             set trusthost1 10.0.0.0 255.255.255.0\nnext",
        )),
        interfaces: None,
        global: columns(&["strong-crypto       : enable".to_owned()]),
        ssh: columns(&[]),
        agreed: Vec::new(),
    }
}

#[test]
fn a_session_that_had_to_use_old_algorithms_is_a_finding_and_one_that_had_not_is_none() {
    let agreed = |names: [&str; 3]| Tables {
        agreed: names.map(str::to_owned).into(),
        ..tables("6.0.4", &format!("{NARROW}\n{HOST}"))
    };
    let old = agreed(["diffie-hellman-group14-sha1", "aes256-ctr", "ssh-rsa"]);
    let audit = Audit::of(&old, &Policy::default());
    assert_eq!(ids(&audit), ["FGT017"]);
    let sentence = &audit.findings[0].sentence;
    assert!(sentence.ends_with("had to use diffie-hellman-group14-sha1, ssh-rsa"), "{sentence}");
    let new = agreed(["curve25519-sha256@libssh.org", "aes256-gcm@openssh.com", "rsa-sha2-512"]);
    assert_eq!(ids(&Audit::of(&new, &Policy::default())), [""; 0]);
}

const NARROW: &str = "set accprofile narrow\nset api-key ENC x";
const HOST: &str = "config trusthost\nedit 1\nset ipv4-trusthost 10.0.0.1 255.255.255.255\nnext\nend";

fn ids(audit: &Audit) -> Vec<&'static str> {
    audit.findings.iter().map(|finding| finding.rule.about().id).collect()
}

fn judged(tables: &Tables) -> Vec<&'static str> {
    ids(&Audit::of(tables, &Policy::default()))
}

fn found(tables: &Tables, policy: &Policy) -> Finding {
    Audit::of(tables, policy).findings.into_iter().next().unwrap()
}

fn mend(finding: &Finding, vdoms: bool) -> String {
    Templates::embedded().unwrap().mend(vdoms, finding.mend.as_ref().unwrap()).unwrap().to_string()
}

#[test]
fn ids_and_names_of_rules_are_unique_and_in_order() {
    let ids: Vec<&str> = Rule::ALL.iter().map(|rule| rule.about().id).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(ids, sorted);
    assert!(Rule::ALL.iter().all(|rule| rule.about().name.chars().all(|c| c.is_ascii_lowercase() || c == '-')));
}

#[test]
fn an_api_user_with_a_narrow_profile_and_one_host_is_fine_on_every_release() {
    for version in VERSIONS {
        assert_eq!(judged(&tables(version, &format!("{NARROW}\n{HOST}"))), [] as [&str; 0], "{version}");
    }
}

#[test]
fn each_weakness_of_an_api_user_breaks_its_rule_on_every_release() {
    let host = |rows: &str| format!("{NARROW}\nconfig trusthost\n{rows}\nend");
    let cases = [
        ("FGT001", format!("set accprofile super_admin\nset api-key ENC x\n{HOST}")),
        ("FGT003", format!("set accprofile boss\nset api-key ENC x\n{HOST}")),
        ("FGT003", format!("set accprofile clerk\nset api-key ENC x\n{HOST}")),
        ("FGT004", NARROW.to_owned()),
        ("FGT005", host("edit 1\nset ipv4-trusthost 0.0.0.0 0.0.0.0\nnext")),
        ("FGT005", host("edit 1\nset type ipv6-trusthost\nset ipv6-trusthost ::/0\nnext")),
        ("FGT006", host("edit 1\nnext")),
        ("FGT006", host("edit 1\nset type ipv6-trusthost\nnext")),
        ("FGT006", host("edit 1\nset ipv4-trusthost 10.0.0.1 255.0.255.0\nnext")),
        ("FGT007", host("edit 1\nset ipv4-trusthost 10.0.0.0 255.255.254.0\nnext")),
        ("FGT007", host("edit 1\nset type ipv6-trusthost\nset ipv6-trusthost 2001:db8::/63\nnext")),
        ("FGT008", format!("{NARROW}\nset cors-allow-origin \"https://*.example.net\"\n{HOST}")),
        ("FGT009", format!("set accprofile gone\nset api-key ENC x\n{HOST}")),
        ("FGT009", format!("set api-key ENC x\n{HOST}")),
        ("FGT010", format!("set accprofile people\nset api-key ENC x\n{HOST}")),
        ("FGT012", format!("set accprofile narrow\n{HOST}")),
        ("FGT013", format!("{NARROW}\nset peer-auth enable\n{HOST}")),
    ];
    for version in VERSIONS {
        for (id, user) in &cases {
            assert_eq!(judged(&tables(version, user)), [*id], "{version}: {user}");
        }
    }
}

#[test]
fn halves_of_the_address_space_are_all_of_it_and_wide_as_well() {
    let halves =
        "edit 1\nset ipv4-trusthost 0.0.0.0 128.0.0.0\nnext\nedit 7\nset ipv4-trusthost 128.0.0.0 128.0.0.0\nnext";
    let tables = tables("7.4.8", &format!("{NARROW}\nconfig trusthost\n{halves}\nend"));
    assert_eq!(judged(&tables), ["FGT005", "FGT007", "FGT007"]);
    let text = mend(&found(&tables, &Policy::default()), false);
    assert!(text.contains("delete 7") && text.contains("set ipv4-trusthost CLIENT-ADDRESS 255.255.255.255"), "{text}");
}

#[test]
fn how_wide_is_too_wide_is_the_operators_to_say() {
    let rows = "edit 1\nset ipv4-trusthost 10.0.0.0 255.0.0.0\nnext\nedit 2\nset type ipv6-trusthost\nset ipv6-trusthost 2001:db8::/32\nnext";
    let tables = tables("7.4.8", &format!("{NARROW}\nconfig trusthost\n{rows}\nend"));
    let policy = |widest_ipv4, widest_ipv6| Policy { widest_ipv4, widest_ipv6, ..Policy::default() };
    let count = |policy| Audit::of(&tables, &policy).findings.len();
    assert_eq!((count(policy(24, 64)), count(policy(8, 64)), count(policy(8, 32)), count(policy(9, 33))), (2, 1, 0, 2));
}

#[test]
fn a_profile_that_writes_everything_is_found_under_any_name_on_every_release() {
    for version in VERSIONS {
        let release: Version = version.parse().unwrap();
        let groups = Schema::of(release).groups().map(|group| format!("set {} read-write\n", group.name));
        let all: String = groups.collect();
        let user = format!("set accprofile all\nset api-key ENC x\n{HOST}");
        let mut tables = tables(version, &user);
        tables.profiles = Some(rows("system accprofile", &format!("edit all\n{all}next")));
        assert_eq!(judged(&tables), ["FGT002"], "{version}");
        tables.profiles = Some(rows("system accprofile", &format!("edit all\n{all}set newgrp none\nnext")));
        assert_eq!(judged(&tables), ["FGT002"], "{version}: a group that fgtkey does not know makes it no narrower");
    }
}

#[test]
fn requests_name_the_users_that_are_known_and_those_of_their_rotation() {
    let mut known = Known::default();
    known.add("terraform");
    for (name, has) in
        [("terraform", true), ("terraform-a", true), ("terraform-b", true), ("terraform-c", false), ("u", false)]
    {
        assert_eq!(known.has(name), has, "{name}");
    }
    let policy = Policy { known: Some(known), ..Policy::default() };
    let tables = tables("7.4.8", &format!("{NARROW}\n{HOST}"));
    let finding = found(&tables, &policy);
    assert_eq!((finding.rule, finding.sentence.as_str()), (Rule::UnknownUser, "u is in none of the requests"));
    assert_eq!(mend(&finding, true), "config global\n    config system api-user\n        delete u\n    end\nend\n");
}

#[test]
fn what_could_not_be_read_breaks_no_rule() {
    let mut tables = tables("7.4.8", &format!("set accprofile gone\nset api-key ENC x\n{HOST}"));
    tables.profiles = None;
    tables.administrators = None;
    tables.global.clear();
    let audit = Audit::of(&tables, &Policy { gui_closed: true, ..Policy::default() });
    assert_eq!(ids(&audit), [] as [&str; 0]);
    assert_eq!(audit.accounts[0].state, ProfileState::Unread);
}

#[test]
fn an_api_user_of_root_only_is_remarked_on_a_device_with_vdoms() {
    for (vdom, count) in [("set vdom root", 1), ("set vdom root edge", 0), ("", 1)] {
        let mut tables = tables("7.4.8", &format!("{NARROW}\n{vdom}\n{HOST}"));
        tables.vdoms = true;
        assert_eq!(judged(&tables).len(), count, "{vdom}");
        tables.profiles = Some(rows("system accprofile", "edit narrow\nset scope global\nset fwgrp read\nnext"));
        assert_eq!(judged(&tables), [] as [&str; 0], "scope global is every VDOM");
    }
}

#[test]
fn settings_of_the_device_are_judged_by_what_it_prints() {
    let cases = [
        ("rest-api-key-url-query: enable", "FGT015", "set rest-api-key-url-query disable"),
        ("strong-crypto       : disable", "FGT016", "set strong-crypto enable"),
        ("ssh-kex-sha1        : enable", "FGT017", "set ssh-kex-sha1 disable"),
        ("admin-ssh-v1        : enable", "FGT017", "set admin-ssh-v1 disable"),
        ("ssh-mac-algo        : hmac-sha1 hmac-sha2-256 ", "FGT017", "set ssh-mac-algo hmac-sha2-256"),
        (
            "ssh-kex-algo : diffie-hellman-group1-sha1 diffie-hellman-group14-sha256",
            "FGT017",
            "set ssh-kex-algo diffie-hellman-group14-sha256",
        ),
    ];
    for (line, id, set) in cases {
        let mut tables = tables("7.0.13", &format!("{NARROW}\n{HOST}"));
        tables.global = columns(&[line.to_owned()]);
        assert_eq!(judged(&tables), [id], "{line}");
        let expected = format!("config system global\n    {set}\nend\n");
        assert_eq!(mend(&found(&tables, &Policy::default()), false), expected);
    }
    let mut tables = tables("7.4.8", &format!("{NARROW}\n{HOST}"));
    tables.ssh = columns(&["ssh-enc-algo        : aes256-ctr aes256-cbc".to_owned()]);
    let text = mend(&found(&tables, &Policy::default()), true);
    assert_eq!(
        text,
        "config global\n    config system ssh-config\n        set ssh-enc-algo aes256-ctr\n    end\nend\n"
    );
}

#[test]
fn https_is_open_when_an_administrator_may_come_from_everywhere() {
    let mut tables = tables("7.4.8", &format!("{NARROW}\n{HOST}"));
    tables.interfaces = Some(rows(
        "system interface",
        "edit wan1\nset allowaccess ping https\nnext\nedit down\nset allowaccess https\nset status down\nnext\nedit lan\nset allowaccess ssh\nnext",
    ));
    assert_eq!(judged(&tables), [] as [&str; 0], "every administrator has a trusted host");
    let closed = Policy { gui_closed: true, ..Policy::default() };
    assert_eq!(ids(&Audit::of(&tables, &closed)), ["FGT019"]);
    tables.administrators = Some(rows("system admin", "edit admin\nset accprofile super_admin\nnext"));
    let finding = found(&tables, &Policy::default());
    assert_eq!((finding.rule, finding.severity()), (Rule::OpenHttps, Severity::Info));
    assert!(
        finding.sentence.contains("on wan1, because") && !finding.sentence.contains("down"),
        "{}",
        finding.sentence
    );
}

#[test]
fn permissions_are_spelled_out_and_what_is_unknown_is_kept() {
    let entry = &rows(
        "system accprofile",
        "edit p\nset fwgrp custom\nset newgrp custom\nset oddgrp read\nset sysgrp read\nconfig fwgrp-permission\nset address read-write\nset novel read\nend\n\
         config newgrp-permission\nset thing read\nend\nnext",
    )[0];
    let groups = effective::of(entry, "7.4.8".parse().unwrap());
    let group = |name: &str| groups.iter().find(|group| group.group == name).unwrap();
    assert!(
        group("fwgrp").known
            && group("fwgrp").children.iter().any(|child| child.name == "address" && child.level == "read-write")
    );
    assert!(group("fwgrp").children.iter().any(|child| child.name == "policy" && child.level == "none"));
    assert!(group("fwgrp").children.iter().any(|child| child.name == "novel" && !child.known));
    assert!(!group("newgrp").known && !group("oddgrp").known);
    assert!(
        group("sysgrp").children.iter().all(|child| child.level == "read"),
        "a whole group gives its level to each child"
    );
    assert_eq!(group("vpngrp").level, "none");
    let summary = ["sysgrp read", "fwgrp.address read-write", "fwgrp.novel read", "newgrp.thing read", "oddgrp read"];
    assert_eq!(effective::summary(&groups), summary);
}

#[test]
fn a_hostile_name_stays_one_word_in_what_mends_it_or_there_is_no_mend() {
    let user = |name: &str| Tables {
        users: rows("system api-user", &format!("edit {name}\nset accprofile narrow\nset api-key ENC x\nnext")),
        ..tables("7.4.8", "")
    };
    let quoted = found(&user(r#""a\" \\; end""#), &Policy::default());
    assert!(mend(&quoted, false).contains(r#"edit "a\" \\; end""#), "{}", mend(&quoted, false));
    let help = found(&user("\"a?b\""), &Policy::default());
    assert!(Templates::embedded().unwrap().mend(false, help.mend.as_ref().unwrap()).is_err());
}

#[test]
fn a_table_that_is_cut_off_is_an_error_and_one_that_is_missing_is_not_an_empty_one() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(entries("system api-user", &lines("config system api-user\n    edit \"a\"\n")).is_err());
    assert_eq!(entries("system api-user", &lines("")), Ok(None));
    assert_eq!(entries("system api-user", &lines("config system admin\nend")), Ok(None));
    assert_eq!(entries("system api-user", &lines("config system api-user\nend")), Ok(Some(Vec::new())));
}
