//! Every other variable stays, whatever the file.

use proptest::prelude::*;

use super::*;
use crate::deliver::ansible::quoted;

fn edited(text: &str) -> Result<String, EditError> {
    let value = |text: &str| Zeroizing::new(text.to_owned());
    let ours = [
        Variable { name: "host".into(), value: value("\"192.0.2.1\"") },
        Variable { name: "token".into(), value: value("!vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3839") },
    ];
    Variables::read(text)?.with(&ours).map(|text| text.to_string())
}

const HOST: &str = "host: \"192.0.2.1\"\n";
const TOKEN: &str = "token: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3839\n";

#[test]
fn other_variables_stay_byte_for_byte() {
    let cases = [
        ("", format!("{HOST}{TOKEN}")),
        ("---\n", format!("---\n{HOST}{TOKEN}")),
        ("# ours\n\n", format!("# ours\n\n{HOST}{TOKEN}")),
        ("a: 1", format!("a: 1\n{HOST}{TOKEN}")),
        ("---\na: 1\n# end\n...\n", format!("---\na: 1\n# end\n{HOST}{TOKEN}...\n")),
        ("host: old # why\na: 1\n", format!("host: \"192.0.2.1\" # why\na: 1\n{TOKEN}")),
        ("token: old # why\na: 1\n", format!("# why\n{TOKEN}a: 1\n{HOST}")),
        ("token: |\n  old\n  text\n\n# next\na: 1\n", format!("{TOKEN}\n# next\na: 1\n{HOST}")),
        ("token: |\na: 1\n", format!("{TOKEN}a: 1\n{HOST}")),
        ("token: !vault |\n  old\n\n  text\na: 1\n", format!("{TOKEN}a: 1\n{HOST}")),
        ("token: |+\n  old\n\n\na: 1\n", format!("{TOKEN}\n\na: 1\n{HOST}")),
        ("token: {a: [1,\n2], # x\nb: '}'}\na: 1\n", format!("{TOKEN}a: 1\n{HOST}")),
        ("token:\n- 1\n- b: 2\n  c: 3\n# next\na: 1\n", format!("{TOKEN}# next\na: 1\n{HOST}")),
        ("host:\n  a: 'x\n\n    y'\n  # inner\ntoken:\na: 1\n", format!("{HOST}  # inner\n{TOKEN}a: 1\n")),
        ("token: \"o\nld\"\n'host': a\na: 1\n", format!("{TOKEN}{HOST}a: 1\n")),
        ("token: a\n  b\n  c\na: 1\n", format!("{TOKEN}a: 1\n{HOST}")),
        ("host: a\ntoken: b\nhost: c\ntoken: d\n", format!("{HOST}{TOKEN}")),
        ("host: a\nhost: b # why\n", format!("{HOST}# why\n{TOKEN}")),
        ("a: |\n  token: text\n  host: text\n", format!("a: |\n  token: text\n  host: text\n{HOST}{TOKEN}")),
        ("a: \"\ntoken: text\"\n", format!("a: \"\ntoken: text\"\n{HOST}{TOKEN}")),
        ("é: [\ntoken, host]\n", format!("é: [\ntoken, host]\n{HOST}{TOKEN}")),
        ("\u{feff}host: a\nb: 1\n", format!("\u{feff}{HOST}b: 1\n{TOKEN}")),
        ("\u{feff}", format!("\u{feff}{HOST}{TOKEN}")),
        ("token: old", format!("{TOKEN}{HOST}")),
    ];
    for (before, after) in cases {
        assert_eq!(edited(before).as_deref(), Ok(&*after), "{before:?}");
        assert_eq!(edited(&after).as_deref(), Ok(&*after), "a second time: {before:?}");
    }
}

#[test]
fn lines_end_as_they_did() {
    let token = TOKEN.replace('\n', "\r\n");
    assert_eq!(edited("host: a\r\nb: |\r\n  x\r\n").unwrap(), format!("host: \"192.0.2.1\"\r\nb: |\r\n  x\r\n{token}"));
}

#[test]
fn what_cannot_be_told_apart_is_refused_with_its_line() {
    let cases = [
        ("a: 1\n---\nb: 2\n", 2),
        ("{a: 1}\n", 1),
        ("- a\n", 1),
        ("a: 1\n  host: 2\n", 2),
        ("  host: 2\n", 1),
        ("a: 1\n? host\n: 2\n", 2),
        ("a: 1\n&x host: 2\n", 2),
        ("a: 1\nb: \"x\n", 2),
        ("a: 1\nb: 2\rc: 3\n", 2),
        ("a: 1\nb: \u{2028}c: 3\n", 2),
        ("a: 1\nb: |\n  x", 3),
        // The comment would be taken for a line of the block above it.
        ("token:\n  a: 1\n  # inner\nb: 1\n", 1),
        ("host: &x 1\nb: *x\n", 2),
    ];
    for (text, line) in cases {
        match edited(text) {
            Err(EditError::Yaml { line: found, .. }) => assert_eq!(found, line, "{text:?}"),
            other => panic!("{text:?}: {other:?}"),
        }
    }
}

/// Pieces of YAML in any order: some of it is valid, and much of it nearly.
fn text() -> impl Strategy<Value = String> {
    let pieces = vec![
        "a: 1\n",
        "host: x\n",
        "token: \"old\" # c\n",
        "token:",
        "host :",
        " ",
        "\n",
        "\r\n",
        "  b: 2\n",
        "- c\n",
        "|\n",
        ">-\n",
        "  text\n",
        "\"",
        "'",
        "{",
        "}",
        "[",
        "]",
        ",",
        "#",
        " # c\n",
        "&x ",
        "*x\n",
        "!vault ",
        "---\n",
        "...\n",
        "? ",
        "k: |+\n  t\n\n",
        "d: {e: [1,\n2]}\n",
        "q: \"a\nhost: b\"\n",
        "é",
        "\t",
        "<<: ",
        "\u{feff}",
        "%YAML 1.1\n",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..16).prop_map(|pieces| pieces.concat())
}

/// The variables of others as bytes, from the key to the end of the value.
fn others<'a>(read: &'a Variables<'_>) -> Vec<&'a str> {
    let is_other = |entry: &&Entry<'_>| entry.name != "host" && entry.name != "token";
    let others = read.entries.iter().filter(is_other).map(|entry| &read.text[entry.place.clone()]);
    // The parser gives an empty block of text inside a value no place.
    others.map(|text| text.trim_end_matches(['|', '>', '-', ' ', '\r', '\n'])).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_the_file_the_others_stay_and_ours_read_back(text in text(), token in ".{0,20}") {
        let Ok(before) = Variables::read(&text) else { return Ok(()) };
        let value = quoted(&token);
        let ours = [
            Variable { name: "host".into(), value: quoted("192.0.2.1") },
            Variable { name: "token".into(), value },
        ];
        let Ok(result) = before.with(&ours) else { return Ok(()) };
        let after = Variables::read(&result).unwrap();
        prop_assert_eq!(others(&before), others(&after), "{:?} -> {:?}", text, *result);
        prop_assert_eq!(after.scalar("token"), Some((&*token, None)));
        prop_assert_eq!(after.scalar("host"), Some(("192.0.2.1", None)));
        prop_assert_eq!(&*after.with(&ours).unwrap(), &*result, "a second time");
        let comments = |text: &str| text.matches('#').count();
        if others(&before).len() == before.entries.len() {
            prop_assert_eq!(comments(&text) + comments(&token), comments(&result));
            prop_assert!(result.replace("\r\n", "\n").starts_with(text.trim_end_matches(['.', '\n', '\r'])) || text.contains("...") || text.contains('\r'));
        }
    }

    #[test]
    fn a_reader_that_is_not_the_editor_finds_the_same_values(text in text()) {
        type Values = std::collections::BTreeMap<String, serde_json::Value>;
        let Ok(Ok(result)) = Variables::read(&text).map(|read| read.with(&[Variable { name: "token".into(), value: quoted("new") }])) else {
            return Ok(());
        };
        let Ok(mut before) = serde_saphyr::from_str::<Option<Values>>(&text).map(Option::unwrap_or_default) else { return Ok(()) };
        before.insert("token".into(), "new".into());
        prop_assert_eq!(serde_saphyr::from_str::<Values>(&result).unwrap(), before, "{:?} -> {:?}", text, *result);
    }
}
