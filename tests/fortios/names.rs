//! What names and comments may hold.

use fgtkey::fortios::names::{
    ApiUser, Comments, CorsOrigin, PeerGroup, ProfileName, Refusal, Rule, Schedule, Vdom, refusal,
};
use fgtkey::fortios::version::Version;
use proptest::prelude::*;

#[test]
fn names_may_be_35_bytes_long_and_comments_255() {
    for (max, accepted) in [
        (35, (|text: String| ApiUser::try_from(text).is_ok()) as fn(String) -> bool),
        (35, |text| ProfileName::try_from(text).is_ok()),
        (79, |text| Vdom::try_from(text).is_ok()),
        (35, |text| Schedule::try_from(text).is_ok()),
        (35, |text| PeerGroup::try_from(text).is_ok()),
        (255, |text| Comments::try_from(text).is_ok()),
        (269, |text| CorsOrigin::try_from(text).is_ok()),
    ] {
        assert!(accepted("a".repeat(max)) && !accepted("a".repeat(max + 1)) && !accepted(String::new()));
    }
}

#[test]
fn lengths_are_counted_in_bytes() {
    assert!("é".repeat(127).parse::<Comments>().is_ok());
    let error = "é".repeat(128).parse::<Comments>().unwrap_err();
    assert_eq!(error.rule, Rule::TooLong { length: 256, max: 255 });
}

#[test]
fn what_the_cli_or_fortios_would_trip_over_is_refused_with_the_reason() {
    for (text, reason) in [
        ("a<b", Refusal::Xss),
        ("a>b", Refusal::Xss),
        ("a(b", Refusal::Xss),
        ("a)b", Refusal::Xss),
        ("a#b", Refusal::Xss),
        ("a'b", Refusal::Xss),
        ("a\"b", Refusal::Xss),
        ("a?b", Refusal::Help),
        ("a\tb", Refusal::Completion),
        ("a\nb", Refusal::LineEnd),
        ("a\rb", Refusal::LineEnd),
        ("a\u{85}b", Refusal::LineEnd),
        ("a\u{2028}b", Refusal::LineEnd),
        ("a\u{2029}b", Refusal::LineEnd),
        ("a\0b", Refusal::Control),
        ("a\u{3}b", Refusal::Control),
        ("a\u{4}b", Refusal::Control),
        ("a\u{16}b", Refusal::Control),
        ("a\u{1b}b", Refusal::Control),
        ("a\u{7f}b", Refusal::Control),
        ("a\u{9b}b", Refusal::Control),
        ("a\u{202e}b", Refusal::Direction),
    ] {
        let rule = |error: fgtkey::fortios::names::NameError| match error.rule {
            Rule::Character { reason, .. } => reason,
            rule => panic!("{text:?}: {rule}"),
        };
        assert_eq!(rule(text.parse::<Comments>().unwrap_err()), reason, "{text:?}");
        assert_eq!(rule(text.parse::<ApiUser>().unwrap_err()), reason, "{text:?}");
    }
}

#[test]
fn names_are_ascii_without_backslashes_and_without_spaces_at_the_ends() {
    for text in ["größe", "a\\b", " a", "a ", "名"] {
        assert!(text.parse::<ProfileName>().is_err(), "{text:?}");
    }
    for text in ["REST API admin", "-", "0", "a.b", "auto_1-x", "*", "$x", "a;b", "{{ x }}", "all"] {
        assert_eq!(text.parse::<ProfileName>().unwrap().as_str(), text);
    }
}

#[test]
fn comments_may_hold_backslashes_and_any_script() {
    for text in ["C:\\temp, NET-1234", "für Größe", "鍵", " padded "] {
        assert_eq!(text.parse::<Comments>().unwrap().as_str(), text);
    }
}

#[test]
fn the_error_names_what_it_is_the_value_and_the_rule() {
    let text = "tab\there".parse::<ApiUser>().unwrap_err().to_string();
    let said =
        "the name of the API user \"tab\\there\" has '\\t' in it: the CLI takes it as a request to complete the word";
    assert_eq!(text, said);
    let text = "x".repeat(500).parse::<Vdom>().unwrap_err().to_string();
    assert!(text.ends_with("x\"… is 500 bytes long; FortiOS takes at most 79") && text.len() < 200, "{text}");
}

#[test]
fn some_versions_take_only_plain_names_of_api_users() {
    let dotted: ApiUser = "ci.runner".parse().unwrap();
    for version in ["7.4.0", "7.4.4", "7.6.0"] {
        let version: Version = version.parse().unwrap();
        let error = dotted.check(version).unwrap_err();
        assert_eq!(error.rule, Rule::NotPlain { character: '.', version });
        assert_eq!(error.hint().as_deref(), Some("write \"ci-runner\""));
        assert!("ci_runner-1".parse::<ApiUser>().unwrap().check(version).is_ok());
    }
    for version in ["6.0.0", "7.2.13", "7.4.5", "7.6.1", "8.0.0"] {
        assert!(dotted.check(version.parse().unwrap()).is_ok());
    }
}

#[test]
fn a_vdom_name_may_be_shorter_on_6_0() {
    let long: Vdom = "v".repeat(65).parse().unwrap();
    assert!(long.check(Version::new(6, 0, 11)).is_err());
    assert!(long.check(Version::new(6, 2, 0)).is_ok());
}

#[test]
fn an_origin_has_no_spaces() {
    assert!("https://portal.example.net:8443".parse::<CorsOrigin>().is_ok());
    assert!("https://a b".parse::<CorsOrigin>().is_err());
    assert!("*".parse::<CorsOrigin>().unwrap().is_any());
}

proptest! {
    #[test]
    fn whatever_is_accepted_holds_no_refused_character_and_comes_back_as_it_was(
        text in prop_oneof![any::<String>(), "[ -~]{0,40}", "[a-zé.\\\\ ?\t\u{2028}]{0,40}"]
    ) {
        if let Ok(name) = ApiUser::try_from(text.clone()) {
            prop_assert!(text.is_ascii() && !text.contains('\\') && text.len() <= 35 && text == text.trim_matches(' '));
            prop_assert!(text.chars().all(|c| refusal(c).is_none() && !c.is_control()));
            prop_assert_eq!(name.to_string(), text.clone());
        }
        if let Ok(comments) = Comments::try_from(text.clone()) {
            prop_assert!(text.chars().all(|c| refusal(c).is_none() && !c.is_control()));
            prop_assert_eq!(comments.as_str(), text);
        }
    }

    #[test]
    fn every_plain_name_is_accepted(text in "[A-Za-z0-9_-]{1,35}") {
        prop_assert!(ApiUser::try_from(text.clone()).is_ok());
        prop_assert!(ProfileName::try_from(text).is_ok());
    }
}
