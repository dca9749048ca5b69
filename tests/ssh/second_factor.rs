//! A second factor: asked of the person, answered by a command, or a clear error; the password once in any case.

use std::sync::{Arc, Mutex};

use fgtkey::secret::Secret;
use fgtkey::ssh::{DialError, Method, PasswordSource, Person, PromptError, Question};
use russh::MethodKind;

use crate::desk::Desk;
use crate::server::{Answered, Server};

type Asked = Arc<Mutex<Vec<Question>>>;

/// A person who knows the code, and what they were asked.
fn person(answer: &'static str) -> (Person, Asked) {
    let asked = Asked::default();
    let seen = asked.clone();
    let person = Person::asked(move |question| {
        seen.lock().unwrap().push(question.clone());
        if answer.is_empty() { Err(PromptError::NoTerminal) } else { Ok(Secret::new(answer)) }
    });
    (person, asked)
}

/// Asks for the password, then for a code.
fn two_rounds() -> Server {
    Server {
        methods: vec![MethodKind::KeyboardInteractive],
        rounds: vec![vec![("Password: ", false)], vec![("FortiToken Code: ", true)]],
        answers: vec![("FortiToken Code: ", "123456")],
        ..Server::default()
    }
}

#[tokio::test]
async fn a_person_is_asked_for_the_code_and_the_password_comes_from_its_source() {
    let server = two_rounds().start().await;
    let (person, asked) = person("123456");
    let mut desk = Desk::new().knows(&server);
    desk.options.person = person;
    let shell = desk.open(&server).await.unwrap();
    assert_eq!(shell.route.method, Method::KeyboardInteractive);
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].text, format!("127.0.0.1:{} asks: FortiToken Code: ", server.port));
    assert!(asked[0].echo, "as the device wants it");
}

#[tokio::test]
async fn both_questions_may_come_in_one_round() {
    let rounds = vec![vec![("Password: ", false), ("FortiToken Code: ", false)]];
    let server = Server { rounds, ..two_rounds() }.start().await;
    let (person, asked) = person("123456");
    let mut desk = Desk::new().knows(&server);
    desk.options.person = person;
    desk.open(&server).await.unwrap();
    assert!(!asked.lock().unwrap()[0].echo);
    assert_eq!(server.answered(), [Answered::Right, Answered::Right]);
}

#[tokio::test]
async fn a_command_answers_the_code_and_gets_the_question() {
    let server = two_rounds().start().await;
    let mut desk = Desk::new().knows(&server);
    desk.options.otp_command = Some(r#"test "$FGTKEY_QUESTION" = "FortiToken Code:" && echo 123456"#.to_owned());
    desk.open(&server).await.unwrap();
    assert_eq!(server.answered(), [Answered::Right, Answered::Right]);
}

#[tokio::test]
async fn a_command_is_enough_where_no_password_is_asked_for() {
    let server = Server { rounds: vec![vec![("FortiToken Code: ", false)]], ..two_rounds() }.start().await;
    let mut desk = Desk::new().source(PasswordSource::None).option("IdentityFile none").knows(&server);
    desk.options.otp_command = Some("echo 123456".to_owned());
    desk.open(&server).await.unwrap();
    assert_eq!(server.seen()[0], "interactive admin");
}

#[tokio::test]
async fn a_command_that_fails_sends_nothing_of_its_round() {
    let server = two_rounds().start().await;
    let mut desk = Desk::new().knows(&server);
    desk.options.otp_command = Some("exit 3".to_owned());
    let error = desk.refused(&server).await;
    assert_eq!(error.to_string(), "`FortiToken Code:` was not answered by --otp-command");
    assert!(error.hint().unwrap().contains("FGTKEY_QUESTION"));
    assert_eq!(server.answered(), [Answered::Right]);
}

#[tokio::test]
async fn a_wrong_code_is_not_repeated() {
    let rounds = vec![vec![("FortiToken Code: ", false)]; 5];
    let server = Server { rounds, forgives: true, ..two_rounds() }.start().await;
    let mut desk = Desk::new().knows(&server);
    desk.options.otp_command = Some("echo 000000".to_owned());
    let error = desk.refused(&server).await;
    assert_eq!(error.to_string(), "`FortiToken Code:` came again, so it was answered wrongly by --otp-command");
    assert_eq!(server.answered(), [Answered::Wrong]);
}

#[tokio::test]
async fn without_a_person_and_a_command_the_question_is_told() {
    let server = two_rounds().start().await;
    let error = Desk::new().knows(&server).refused(&server).await;
    assert_eq!(error.to_string(), "the device asks for more than a password: `FortiToken Code:`");
    assert!(error.hint().unwrap().contains("--otp-command"));
    assert_eq!(server.answered(), [Answered::Right]);
}

#[tokio::test]
async fn a_new_password_is_never_given() {
    let server = Server { rounds: vec![vec![("New Password: ", false)]], ..two_rounds() }.start().await;
    let (person, asked) = person("123456");
    let mut desk = Desk::new().knows(&server);
    (desk.options.person, desk.options.otp_command) = (person, Some("echo 123456".to_owned()));
    let error = desk.refused(&server).await;
    assert_eq!(error.to_string(), "the device asks for more than a password: `New Password:`");
    assert!(asked.lock().unwrap().is_empty() && server.answered().is_empty());
}

#[tokio::test]
async fn a_code_may_follow_the_password_method_and_a_key() {
    let rounds = vec![vec![("FortiToken Code: ", false)]];
    let server = Server { partial: true, methods: vec![MethodKind::Password], rounds, ..two_rounds() }.start().await;
    let mut desk = Desk::new().knows(&server);
    desk.options.otp_command = Some("echo 123456".to_owned());
    let shell = desk.open(&server).await.unwrap();
    assert_eq!((shell.route.method, shell.route.factors), (Method::KeyboardInteractive, vec![Method::Password]));
    assert_eq!(server.seen()[..3], ["password admin", "interactive admin", "answers 1"]);
}

#[tokio::test]
async fn a_device_that_asks_without_end_is_given_up() {
    for questions in [vec![], vec![("Code: ", false)]] {
        let server = Server { rounds: vec![questions; 100], forgives: true, ..two_rounds() }.start().await;
        let (person, _) = person("123456");
        let mut desk = Desk::new().knows(&server);
        desk.options.person = person;
        let error = desk.refused(&server).await;
        assert!(matches!(error, DialError::EndlessQuestions { asked: 8 }), "{error:?}");
    }
}

#[tokio::test]
async fn a_device_for_which_nothing_is_ever_enough_is_given_up() {
    let server = Server { partial: true, insatiable: true, ..two_rounds() }.start().await;
    let (person, _) = person("123456");
    let mut desk = Desk::new().knows(&server);
    desk.options.person = person;
    let error = desk.refused(&server).await;
    assert!(matches!(error, DialError::EndlessQuestions { .. } | DialError::Question { .. }), "{error:?}");
    assert_eq!(server.seen().iter().filter(|entry| entry.starts_with("password")).count(), 1);
}

#[tokio::test]
async fn what_is_switched_off_is_not_tried() {
    for (option, first) in [
        ("PasswordAuthentication no", "interactive admin"),
        ("PreferredAuthentications keyboard-interactive,password", "interactive admin"),
        ("KbdInteractiveAuthentication no", "password admin"),
    ] {
        let methods = vec![MethodKind::Password, MethodKind::KeyboardInteractive];
        let rounds = vec![vec![("Password: ", false)]];
        let server = Server { methods, rounds, ..two_rounds() }.start().await;
        Desk::new().knows(&server).option(option).open(&server).await.unwrap();
        assert_eq!(server.seen()[0], first, "{option}");
    }
    let server = two_rounds().start().await;
    let error = Desk::new().knows(&server).option("PreferredAuthentications hostbased").refused(&server).await;
    assert_eq!(error.to_string(), "the device refused admin: nothing could be offered");
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_in_any_order_of_the_methods() {
    for order in ["password,keyboard-interactive", "keyboard-interactive,password"] {
        let methods = vec![MethodKind::Password, MethodKind::KeyboardInteractive];
        let server = Server { methods, ..two_rounds() }.start().await;
        let desk = Desk::new().password("wrong").knows(&server);
        desk.option(&format!("PreferredAuthentications {order}")).refused(&server).await;
        let sent = server.seen().iter().filter(|entry| entry.starts_with("password")).count() + server.answered().len();
        assert_eq!(sent, 1, "{order}: {:?}", server.seen());
    }
}
