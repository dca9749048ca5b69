//! `{:?}` of every type that holds a secret prints none.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use fgtkey::deliver::{DeliverError, Escrowed, Undelivered};
use fgtkey::fortios::script::Script;
use fgtkey::scrape;
use fgtkey::secret::Secret;
use fgtkey::session::{Action, Options, Outcome, Reply, Session};
use fgtkey::sim::{Admin, Device, DeviceSpec, Login, Password, Shell, Then};
use fgtkey::ssh::{DialOptions, PasswordSource, Person};

use crate::run::PASSWORD;
use crate::searched::secrets;

const KEY: &str = "fccys3cfbhyhqbqghkyzm1QGNnm3ry";

fn shows_nothing(what: &dyn Debug) {
    for text in [format!("{what:?}"), format!("{what:#?}")] {
        assert_eq!(secrets(&text), Vec::<String>::new(), "{text}");
    }
}

fn options() -> Options {
    let within = Duration::from_secs(1);
    Options { password: Some(Arc::new(Secret::new(PASSWORD))), password_proven: true, within, login_within: within }
}

#[test]
fn what_holds_a_key_or_a_password_does_not_print_it() {
    shows_nothing(&Secret::new(KEY));
    shows_nothing(&options());
    shows_nothing(&Action::Write(format!("{PASSWORD}\n").into_bytes().into()));
    let reply = Reply {
        line: "execute api-user generate-key tf".into(),
        body: vec![],
        refused: None,
        key: Some(Secret::new(KEY)),
    };
    shows_nothing(&Outcome::Replies(vec![reply]));
    shows_nothing(&scrape::read(
        format!("fw1 # execute api-user generate-key tf\nNew API key: {KEY}\nfw1 # ").as_bytes(),
    ));
    let escrowed = Escrowed::Failed { error: DeliverError::NoEscrow, key: Secret::new(KEY) };
    shows_nothing(&Undelivered { stored: vec![], failures: vec![DeliverError::NoEscrow], escrowed });
    let person = Person::answering(|_| Ok(Secret::new(PASSWORD)));
    shows_nothing(&DialOptions { password: PasswordSource::Ask, person, ..DialOptions::default() });
    shows_nothing(&Admin { password: Some(Password::new(PASSWORD)), ..Admin::default() });
}

#[test]
fn a_session_prints_no_secret_at_any_byte_of_a_mint() {
    let admin = Admin { password: Some(Password::new(PASSWORD)), ..Admin::default() };
    let version = "7.6.7".parse().unwrap();
    let config = "config system api-user\nedit tf\nset accprofile super_admin_readonly\nnext\nend\n".to_owned();
    let device = Device::new(DeviceSpec { admins: vec![admin], version, config, ..DeviceSpec::default() }).unwrap();
    let (mut shell, greeting) = Shell::open(&device, Login { rows: 1000, cols: 511, ..Login::default() });
    let mut wire = std::collections::VecDeque::from(greeting.bytes);
    let mut session = Session::new(options());
    let script = Script::parse("execute api-user generate-key tf\n").unwrap();
    let mut asked = false;
    loop {
        let action = session.poll().unwrap();
        shows_nothing(&session);
        shows_nothing(&action);
        shows_nothing(&session.take_trace());
        match action {
            Action::Write(bytes) => {
                let mut output = shell.receive(&bytes);
                wire.extend(&output.bytes);
                while let Then::Think(_) = output.then {
                    output = shell.wake();
                    wire.extend(&output.bytes);
                }
            }
            Action::Read { .. } => match wire.pop_front() {
                Some(byte) => session.receive(&[byte]),
                None => session.expired(),
            },
            Action::Done(Outcome::Ready(_)) if !asked => {
                asked = true;
                session.run(&script);
            }
            Action::Done(outcome) => {
                let Outcome::Replies(replies) = outcome else { panic!("two greetings") };
                return assert!(device.key_is_live("tf", replies[0].key.as_ref().unwrap().expose()));
            }
        }
    }
}
