use super::*;
use crate::fortios::facts::Facts;
use crate::fortios::plan::Consent;
use crate::fortios::request::{Request, RequestFlags};
use crate::fortios::status::VdomMode;
use crate::fortios::version::Version;

fn plan(vdom_mode: VdomMode) -> Plan {
    let flags = RequestFlags {
        api_user: Some("tf".into()),
        comments: Some("Terraform, NET \\ 1234".into()),
        grants: vec!["fwgrp.address=read".into(), "sysgrp=read".into()],
        trusted_hosts: vec!["10.0.0.1".into(), "2001:db8::/64".into()],
        ..RequestFlags::default()
    };
    let request = Request::from_parts(None, flags).unwrap();
    Plan::mint(&request, &Facts::assumed(Version::new(7, 4, 8), vdom_mode), Consent::default()).unwrap()
}

#[test]
fn a_dry_run_is_what_an_engineer_would_type() {
    let script = Templates::embedded().unwrap().dry_run(&plan(VdomMode::Disable)).unwrap();
    let expected = r#"config system accprofile
    edit tf
        set sysgrp read
        set fwgrp custom
        config fwgrp-permission
            set address read
        end
end
config system api-user
    edit tf
        set accprofile tf
        set comments "Terraform, NET \\ 1234"
        config trusthost
            edit 1
                set ipv4-trusthost 10.0.0.1 255.255.255.255
            next
            edit 2
                set type ipv6-trusthost
                set ipv6-trusthost 2001:db8::/64
        end
end
execute api-user generate-key tf
"#;
    assert_eq!(script.to_string(), expected);
}

#[test]
fn with_vdoms_everything_stands_under_config_global() {
    let text = Templates::embedded().unwrap().dry_run(&plan(VdomMode::Multiple)).unwrap().to_string();
    assert!(text.starts_with("config global\n    config system accprofile\n        edit tf\n"));
    assert!(text.ends_with("    execute api-user generate-key tf\nend\n"));
    assert!(text.contains("            set vdom root\n"));
}

#[test]
fn the_users_of_a_rotation_are_read_in_one_flight() {
    let templates = Templates::embedded().unwrap();
    let survey =
        |vdoms, paging| templates.rotation_survey(vdoms, paging, ["tf", "tf-a", "two words"]).unwrap().to_string();
    assert_eq!(
        survey(false, Paging::Answered),
        "show system api-user tf\nshow system api-user tf-a\nshow system api-user \"two words\"\n"
    );
    let wrapped = survey(true, Paging::Avoided);
    assert!(wrapped.starts_with("config global\n    show system api-user tf | grep .\n"), "{wrapped}");
    assert!(wrapped.ends_with("\"two words\" | grep .\nend\n"), "{wrapped}");
}

fn replaced(name: &str, text: &str) -> Result<Templates, RenderError> {
    Templates::replacing([(name.to_owned(), format!("my/{name}"), text.to_owned())])
}

#[test]
fn a_broken_template_is_refused_with_file_and_line() {
    let error = replaced("profile.cli", "config system accprofile\n{% for %}\n").unwrap_err().to_string();
    assert!(error.starts_with("template my/profile.cli, line 2: syntax error"), "{error}");
    let templates = replaced("profile.cli", "config system accprofile\n edit {{ profile.nam }}\nend").unwrap();
    let error = templates.dry_run(&plan(VdomMode::Disable)).unwrap_err().to_string();
    assert!(error.starts_with("template my/profile.cli, line 2: undefined value"), "{error}");
    let templates =
        replaced("profile.cli", "\nconfig system accprofile\n edit {{ profile.name }}\n purge\nend").unwrap();
    let error = templates.dry_run(&plan(VdomMode::Disable)).unwrap_err().to_string();
    assert!(error.starts_with("template my/profile.cli, line 4: it renders `purge`"), "{error}");
    let error = replaced("no.cli", "").unwrap_err();
    assert_eq!(error.to_string(), "there is no template `my/no.cli` to replace");
    assert!(error.hint().unwrap().contains("api-user.cli"));
}

#[test]
fn quoting_cannot_be_switched_off() {
    let templates = replaced("save.cli", "show {{ 'a\" b' }} {{ 'c d'|safe }}").unwrap();
    assert_eq!(templates.save(false).unwrap().to_string(), "show \"a\\\" b\" \"c d\"\n");
}
