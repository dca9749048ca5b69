//! Who may not create API users hears so before anything is sent.

use fgtkey::sim::VdomMode;

use super::desk::{Desk, request, spec, told};

const VIEWER: &str = "config system accprofile\nedit viewer\nset sysgrp read\nset cli-config enable\nset cli-exec enable\nset cli-get enable\nset cli-show enable\nend\n";

#[tokio::test]
async fn a_session_that_may_not_create_api_users_says_so_with_its_profile() {
    let mut spec = spec(VIEWER);
    spec.admins[0].accprofile = "viewer".into();
    let mut desk = Desk::at(spec).await;
    let text = told(&desk.mint(&request()).await.unwrap_err());
    assert!(text.contains("your access profile viewer may not create API users"), "{text}");
    assert!(text.contains("log in as a super_admin"), "{text}");
    let text = told(&desk.revoke(true).await.unwrap_err());
    assert!(text.contains("viewer"), "{text}");
    let compared = desk.plan(&request()).await.unwrap();
    assert!(compared.refused.is_some_and(|error| error.to_string().contains("viewer")));
    let sent = desk.device.commands();
    assert!(!sent.iter().any(|line| line.starts_with("config ") || line.starts_with("execute ")), "{sent:?}");
}

#[tokio::test]
async fn an_administrator_of_a_vdom_hears_that_and_no_parse_error() {
    let mut spec = spec("");
    spec.vdom_mode = VdomMode::Multiple;
    spec.faults = vec!["config global=refuse".parse().unwrap()];
    let mut desk = Desk::at(spec).await;
    let text = told(&desk.mint(&request()).await.unwrap_err());
    assert!(text.contains("the administrator admin may not enter `config global`"), "{text}");
    assert!(text.contains("super_admin"), "{text}");
}

#[tokio::test]
async fn who_may_not_even_look_hears_of_the_profile() {
    let mut spec = spec(VIEWER);
    spec.admins[0].accprofile = "viewer".into();
    spec.faults = vec!["show system accprofile tf#*=refuse:command parse error before 'accprofile'".parse().unwrap()];
    let mut desk = Desk::at(spec).await;
    let text = told(&desk.mint(&request()).await.unwrap_err());
    assert!(text.contains("your access profile viewer does not let fgtkey see what the device has"), "{text}");
    assert!(text.contains("command parse error") && text.contains("log in as a super_admin"), "{text}");
}
