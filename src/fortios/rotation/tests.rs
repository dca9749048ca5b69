use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const NAMES: [&str; 3] = ["tf", "tf-a", "tf-b"];

fn pair(name: &str) -> Pair {
    Pair::of(&name.parse().unwrap()).unwrap()
}

/// `tf!` has a key, `tf` is there without one.
fn users(text: &str) -> Users {
    Users::of(text.split_whitespace().map(|word| User {
        name: word.trim_end_matches('!').into(),
        settings: BTreeMap::from([("accprofile".to_owned(), vec!["p".to_owned()])]),
        has_key: word.ends_with('!'),
        ..User::default()
    }))
}

/// `tf-b` in use, `tf-b..` and not finished (`tf-b..tf-a`: by which tf-a was to go, else the plain one), `tf-b lost=tf` with the key of tf never delivered.
fn remembered(text: &str) -> Remembered {
    let mut remembered = Remembered { finished: true, ..Remembered::default() };
    for word in text.split_whitespace() {
        match word.strip_prefix("lost=") {
            Some(user) => remembered.undelivered = Some(user.into()),
            None => {
                let (in_use, retires) = word.split_once("..").unwrap_or((word, ""));
                remembered.finished = !word.contains("..");
                remembered.in_use = Some(in_use.into());
                let partner = if in_use == "tf-b" { "tf" } else { "tf-b" };
                remembered.retires = Some(if retires.is_empty() { partner } else { retires }.into());
            }
        }
    }
    remembered
}

fn told(named: &str, shown: &str, memory: &str, current: &str) -> String {
    let current = (!current.is_empty()).then_some(current);
    match Rotation::next(&pair(named), &users(shown), &remembered(memory), current) {
        Ok(turn) => format!(
            "{} to {}, then without {}{}",
            turn.in_use.name,
            turn.idle,
            turn.retire.join(" "),
            rest(&turn.others)
        ),
        Err(error) => error.to_string(),
    }
}

fn finished(named: &str, shown: &str, memory: &str, current: &str) -> String {
    let current = (!current.is_empty()).then_some(current);
    match Leftover::of(&pair(named), &users(shown), &remembered(memory), current) {
        Ok(left) => format!("{} stays, without {}{}", left.in_use.name, left.retire.join(" "), rest(&left.others)),
        Err(error) => error.to_string(),
    }
}

fn rest(others: &[String]) -> String {
    if others.is_empty() { String::new() } else { format!(", beside {}", others.join(" ")) }
}

#[test]
fn the_names_of_a_pair_are_found_from_each_of_them() {
    for (named, names) in [
        ("tf", "tf tf-a tf-b"),
        ("tf-a", "tf-a tf-b"),
        ("tf-b", "tf-a tf-b"),
        ("-a", "-a -a-a -a-b"),
        ("tf-A", "tf-A tf-A-a tf-A-b"),
    ] {
        let pair = pair(named);
        assert_eq!(pair.names().map(ToString::to_string).collect::<Vec<_>>().join(" "), names);
    }
    assert_eq!((pair("tf").base(), pair("tf-b").base()), ("tf", "tf"));
}

#[test]
fn a_name_that_is_too_long_for_two_can_only_be_rotated_in_place() {
    assert!(Pair::of(&"x".repeat(33).parse().unwrap()).is_ok());
    let error = Pair::of(&"x".repeat(34).parse().unwrap()).unwrap_err();
    assert!(error.to_string().contains("36 bytes long; FortiOS takes at most 35"), "{error}");
    assert!(error.hint().unwrap().starts_with("--in-place"));
}

#[test]
fn keys_go_to_and_fro() {
    for (named, shown, memory, next) in [
        ("tf", "tf!", "", "tf to tf-b, then without tf"),
        ("tf", "tf-b!", "tf-b", "tf-b to tf-a, then without tf-b"),
        ("tf", "tf-a!", "tf-a", "tf-a to tf-b, then without tf-a"),
        ("tf-a", "tf-a!", "", "tf-a to tf-b, then without tf-a"),
        ("tf-a", "tf-b!", "", "tf-b to tf-a, then without tf-b"),
        // Left by runs that were broken off before there was a key.
        ("tf", "tf! tf-b", "", "tf to tf-b, then without tf"),
        ("tf", "tf tf-b!", "", "tf-b to tf-a, then without tf-b"),
        ("tf", "tf! tf-a tf-b", "", "tf to tf-b, then without tf"),
        // Broken off when there was a key that nobody got.
        ("tf", "tf! tf-b!", "lost=tf-b", "tf to tf-b, then without tf"),
        ("tf", "tf! tf-b!", "tf lost=tf-b", "tf to tf-b, then without tf"),
        ("tf", "tf! tf-b!", "tf.. lost=tf-b", "tf to tf-b, then without tf"),
        ("tf", "tf! tf-a! tf-b", "tf-a lost=tf", "tf-a to tf-b, then without tf-a tf"),
        // Where others were at work: there is one key, so it is the one that is used.
        ("tf", "tf-a!", "tf-b", "tf-a to tf-b, then without tf-a"),
        ("tf", "tf-a!", "tf-b lost=tf-a", "tf-a to tf-b, then without tf-a"),
        // A third one with a key is in nobody's way.
        ("tf", "tf! tf-a!", "tf-a", "tf-a to tf-b, then without tf-a, beside tf"),
        ("tf", "tf! tf-b!", "tf-b", "tf-b to tf-a, then without tf-b, beside tf"),
    ] {
        assert_eq!(told(named, shown, memory, ""), next, "{named}: {shown}, remembered {memory}");
    }
}

#[test]
fn what_cannot_be_told_is_asked() {
    for (shown, memory, current, why) in [
        ("", "", "", "there is no key to replace: of tf, tf-a and tf-b none has one"),
        ("tf tf-b", "tf-b", "", "there is no key to replace: of tf, tf-a and tf-b none has one"),
        ("tf! tf-b!", "", "", "tf and tf-b have keys, and which of them is used is not known here"),
        ("tf-a! tf-b!", "tf-b", "", "tf-a and tf-b have keys, and which of them is used is not known here"),
        ("tf! tf-a! tf-b!", "", "", "tf, tf-a and tf-b have keys, and which of them is used is not known here"),
        (
            "tf! tf-a! tf-b!",
            "tf-b lost=tf",
            "",
            "tf, tf-a and tf-b have keys, and which of them is used is not known here",
        ),
        ("tf! tf-b!", "tf-b..", "", "the rotation from tf to tf-b is not finished: the key of tf may still be used"),
        ("tf! tf-a!", "tf-b", "", "tf-b, which had the newest key, has none any more, and tf and tf-a have keys"),
        ("tf!", "", "tf-b", "tf-b has no key on this device, so it cannot be the one that is used; tf has"),
    ] {
        assert_eq!(told("tf", shown, memory, current), why, "{shown}, remembered {memory}, current {current}");
        let error =
            Rotation::next(&pair("tf"), &users(shown), &remembered(memory), Some(current).filter(|c| !c.is_empty()));
        assert!(error.unwrap_err().hint().is_some());
    }
}

#[test]
fn the_operator_knows_best_which_is_used() {
    assert_eq!(told("tf", "tf! tf-b!", "", "tf"), "tf to tf-b, then without tf");
    assert_eq!(told("tf", "tf! tf-b!", "tf..", "tf-b"), "tf-b to tf-a, then without tf-b tf");
    assert_eq!(told("tf", "tf! tf-a!", "", "tf"), "tf to tf-b, then without tf, beside tf-a");
}

#[test]
fn a_rotation_is_finished_by_retiring_the_old_one_and_no_other() {
    for (shown, memory, current, left) in [
        ("tf! tf-b!", "tf-b..", "", "tf-b stays, without tf"),
        ("tf-a! tf-b!", "tf-a..", "", "tf-a stays, without tf-b"),
        ("tf! tf-a! tf-b!", "tf-a..", "", "tf-a stays, without tf-b, beside tf"),
        ("tf! tf-b!", "tf lost=tf-b", "", "tf stays, without tf-b"),
        ("tf! tf-b!", "", "tf-b", "tf-b stays, without tf"),
        ("tf-b!", "tf-b..", "", "tf-b stays, without "),
        ("tf!", "tf-b..", "", "tf stays, without "),
        ("tf! tf-b!", "", "", "tf and tf-b have keys, and which of them is used is not known here"),
        ("tf! tf-b!", "tf-b", "", "tf and tf-b have keys, and which of them is used is not known here"),
    ] {
        assert_eq!(finished("tf", shown, memory, current), left, "{shown}, remembered {memory}, current {current}");
    }
}

#[test]
fn a_stranger_that_is_only_called_like_the_other_one_is_left_alone() {
    for shown in ["team-a! team-b", "team-a! team-b!"] {
        let mut users = users(shown);
        users.0[1].settings.insert("accprofile".into(), vec!["theirs".into()]);
        let turn = |named| Rotation::next(&pair(named), &users, &Remembered::default(), Some("team-a"));
        let stranger = RotationError::Stranger { user: "team-b".into(), in_use: "team-a".into() };
        assert_eq!(turn("team-a"), Err(stranger.clone()));
        if shown.ends_with('!') {
            let left = Leftover::of(&pair("team-a"), &users, &Remembered::default(), Some("team-a"));
            assert_eq!(left, Err(stranger));
        }
        assert!(turn("team").is_ok(), "whoever names the base means the pair");
    }
}

fn name() -> impl Strategy<Value = Option<String>> {
    prop::option::of(prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned))
}

fn any_users() -> impl Strategy<Value = Users> {
    let word =
        |name: &'static str| prop::sample::select(vec![String::new(), name.to_owned(), format!("{name}!")]).boxed();
    NAMES.map(word).prop_map(|words: [String; 3]| users(&words.join(" ")))
}

fn any_memory() -> impl Strategy<Value = Remembered> {
    (name(), any::<bool>(), name(), name()).prop_map(|(in_use, finished, retires, undelivered)| Remembered {
        in_use,
        finished,
        retires,
        undelivered,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn no_key_that_may_be_used_is_voided_and_never_the_only_one(
        named in prop::sample::select(NAMES.to_vec()),
        all in any_users(),
        memory in any_memory(),
        current in name(),
    ) {
        let pair = pair(named);
        let users = Users::of(all.0.into_iter().filter(|user| pair.names().any(|name| name.as_str() == user.name)));
        let holders: Vec<&str> = users.holders().map(|user| user.name.as_str()).collect();
        let unused = |user: &str| memory.undelivered.as_deref() == Some(user) || current.is_some();
        if let Ok(turn) = Rotation::next(&pair, &users, &memory, current.as_deref()) {
            let in_use = turn.in_use.name.as_str();
            prop_assert!(turn.in_use.has_key && turn.idle.as_str() != in_use);
            prop_assert!(current.as_deref().is_none_or(|current| current == in_use));
            if let Some(idle) = turn.idle_now.filter(|idle| idle.has_key) {
                prop_assert!(holders.len() > 1 && unused(&idle.name), "{} is voided", idle.name);
            }
            let known = memory.in_use.as_deref().filter(|known| current.is_none() && holders.contains(known));
            prop_assert!(known.is_none_or(|known| known == in_use), "{known:?} has the newest key");
            prop_assert!(!turn.retire.iter().any(|user| user == turn.idle.as_str()));
            prop_assert!(turn.retire.iter().all(|user| user == in_use || unused(user)));
            prop_assert!(turn.others.iter().all(|user| !turn.retire.contains(user)));
        }
        if let Ok(left) = Leftover::of(&pair, &users, &memory, current.as_deref()) {
            prop_assert!(left.in_use.has_key && !left.retire.contains(&left.in_use.name));
            prop_assert!(left.retire.len() < holders.len());
            let old = |user: &str| memory.in_use.as_deref() == Some(&left.in_use.name) && !memory.finished
                && memory.retires.as_deref() == Some(user) && holders.contains(&user);
            prop_assert!(left.retire.iter().all(|user| unused(user) || old(user)));
        }
    }
}
