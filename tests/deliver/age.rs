//! Keys sealed to recipients.

use std::fs;

use age::secrecy::ExposeSecret;
use fgtkey::deliver::{Defaults, Destination, DestinationError};

use crate::place::{KEY, Place, device, mode, refusal};

/// A new identity in a file of `place`; its recipient.
fn identity(place: &Place, name: &str) -> String {
    let identity = age::x25519::Identity::generate();
    place.write(name, identity.to_string().expose_secret());
    identity.to_public().to_string()
}

#[test]
fn only_an_identity_of_a_recipient_opens_the_file() {
    let place = Place::new();
    let (one, two) = (identity(&place, "one"), identity(&place, "two"));
    identity(&place, "stranger");
    place.deliver(&format!("age:fw1.age,recipient={one},recipient={two}"));
    assert_eq!(mode(&place.path("fw1.age")), 0o600);
    let sealed = fs::read(place.path("fw1.age")).unwrap();
    assert!(!sealed.windows(KEY.len()).any(|window| window == KEY.as_bytes()));
    for name in ["one", "two"] {
        assert_eq!(place.fetch(&format!("age:fw1.age,identity=%{name}")), (KEY.into(), None));
    }
    let error = place.named("age:fw1.age,identity=%stranger").fetch(&device()).unwrap_err();
    assert!(error.to_string().contains("could not open the sealed file"), "{error}");
    assert!(error.hint().unwrap().contains("identity=FILE"));
}

#[test]
fn armor_and_other_contents_read_back_too() {
    let place = Place::new();
    let recipient = identity(&place, "id");
    for (content, host) in [("key", None), ("json", Some("192.0.2.1")), ("env", Some("192.0.2.1"))] {
        let text = format!("age:x.age,recipient={recipient},armor=yes,content={content},identity=%id");
        place.deliver(&text);
        assert!(place.read("x.age").starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"));
        assert_eq!(place.fetch(&text), (KEY.into(), host.map(str::to_owned)), "{content}");
    }
}

#[test]
fn recipients_come_out_of_a_file_and_out_of_the_flags_as_well() {
    let place = Place::new();
    let (one, two) = (identity(&place, "one"), identity(&place, "two"));
    place.write("recipients", &format!("# ours\n\n  {one}\n{two}\n"));
    place.deliver("age:a.age,recipients-file=%recipients");
    assert_eq!(place.fetch("age:a.age,identity=%two").0, KEY);
    let defaults = Defaults { age_recipients: vec![one], ..Defaults::default() };
    let with = place.named("age:b.age").with(&defaults).unwrap();
    place.reserve(&[with]).unwrap().store(&mut crate::place::record(), fgtkey::secret::Secret::new(KEY)).unwrap();
    assert_eq!(place.fetch("age:b.age,identity=%one").0, KEY);
    let own = place.named(&format!("age:c.age,recipient={two}"));
    assert_eq!(own.clone().with(&defaults).unwrap(), own, "what names somebody is left alone");
}

#[test]
fn what_nobody_could_open_is_refused() {
    let place = Place::new();
    assert!(refusal(&place, "age:fw1.age").contains("nobody is named who may open it"));
    let error = place.named("age:fw1.age").with(&Defaults::default()).unwrap_err();
    assert_eq!(error.to_string(), "age needs the option recipient");
    assert!(error.hint().unwrap().contains("--age-recipient"));
    let refused = |text: &str| text.parse::<Destination>().unwrap_err();
    assert!(matches!(refused("age:x,recipient=age1qqq"), DestinationError::Recipient(_)));
    for (text, problem) in [
        ("age:x,recipients-file=/nowhere/r", "No such file"),
        ("age:x,armor=maybe", "yes or no"),
        ("age:x,content=yaml", "not an output format"),
    ] {
        assert!(refused(text).to_string().contains(problem), "{text}");
    }
}
