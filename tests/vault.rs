//! The destination `vault:` against servers that misbehave: what lies between us and a secret store, and a store at its
//! limits. (`tests/peers/vault` has a real one.)

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "the harness of a test may fail it")]

#[path = "vault/server.rs"]
mod server;

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fgtkey::deliver::{
    self, DeliverError, Destination, Device, EscrowPlace, Escrowed, FetchError, Format, Record, Stored, Undelivered,
};
use fgtkey::secret::Secret;
use serde_json::{Value, json};
use server::{Answer, Asked, Server, json_of};

const KEY: &str = "fccys3cfbhyhqbqghkyzm1QGNnm31r";
const TOKEN: &str = "s.t0ken";

struct Scene {
    directory: tempfile::TempDir,
}

impl Scene {
    fn new() -> Scene {
        let scene = Scene { directory: tempfile::tempdir().unwrap() };
        std::fs::write(scene.directory.path().join("token"), TOKEN).unwrap();
        scene
    }

    fn destination(&self, address: &str, more: &str) -> Destination {
        let token = self.directory.path().join("token").display().to_string();
        Destination::new("vault", &format!("secret/{{{{ device.name }}}},address={address},token-file={token}{more}"))
            .unwrap()
    }

    fn at(&self, server: &Server) -> Destination {
        self.destination(&format!("http://127.0.0.1:{}", server.port), "")
    }

    fn reserve(&self, destination: Destination) -> Result<deliver::Reservation, DeliverError> {
        deliver::reserve(
            &[destination],
            &device(),
            Format::Key,
            &EscrowPlace::open(self.directory.path().join("escrow")),
        )
    }

    fn store(&self, server: &Server) -> Result<Vec<Stored>, Box<Undelivered>> {
        let reservation = self.reserve(self.at(server)).unwrap_or_else(|error| panic!("{}", whole(&error)));
        reservation.store(&mut record(), Secret::new(KEY))
    }

    /// Why it cannot be reserved, and what to do.
    fn refusal(&self, destination: Destination) -> (String, String) {
        let error = self.reserve(destination).err().unwrap();
        (whole(&error), error.hint().unwrap_or_default())
    }
}

fn device() -> Device {
    Device { name: "fw1".into(), address: "192.0.2.1".into() }
}

fn record() -> Record {
    Record {
        address: Some("192.0.2.1".into()),
        api_user: Some("terraform".into()),
        generated_at: "2026-03-01T12:00:00Z".parse().unwrap(),
        ..Record::new("fw1")
    }
}

/// An error with its causes, as the person gets it.
fn whole(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", whole(cause)),
        None => error.to_string(),
    }
}

/// The only failure; neither key nor token is in it.
fn failure(result: Result<Vec<Stored>, Box<Undelivered>>) -> String {
    let undelivered = result.unwrap_err();
    assert!(matches!(undelivered.escrowed, Escrowed::At(_)), "{undelivered:?}");
    let text = whole(&undelivered.failures[0]);
    assert!(!format!("{text}{undelivered:?}").contains(KEY), "{text}");
    text
}

/// The secret's version and fields.
fn secret(version: u64, fields: &Value) -> Answer {
    json_of(200, &json!({ "data": { "data": fields, "metadata": { "version": version } } }))
}

/// Answers the first question that `fits`, and only that.
fn once(fits: fn(&Asked) -> bool, answer: fn() -> Answer) -> impl FnMut(&Asked, usize) -> Option<Answer> + Send {
    let mut first = true;
    move |asked, _| (fits(asked) && std::mem::take(&mut first)).then(answer)
}

fn is_lookup(asked: &Asked) -> bool {
    asked.is("GET", "/v1/auth/token/lookup-self")
}

#[test]
fn the_key_is_written_as_the_first_version_with_what_its_consumer_needs() {
    let (scene, server) = (Scene::new(), Server::start(|_, _| None));
    let stored = scene.store(&server).unwrap();
    assert_eq!(stored[0].destination, "vault:secret/fw1");
    let data = json!({
        "access_token": KEY, "hostname": "192.0.2.1", "api_user": "terraform", "generated_at": "2026-03-01T12:00:00Z"
    });
    assert_eq!(server.writes(), [json!({ "options": { "cas": 0 }, "data": data })]);
    for asked in server.asked() {
        assert_eq!(asked.headers["x-vault-token"], TOKEN);
        assert_eq!(asked.headers["x-vault-request"], "true");
    }
}

#[test]
fn a_reservation_that_is_dropped_has_written_nothing() {
    let (scene, server) = (Scene::new(), Server::start(|_, _| None));
    drop(scene.reserve(scene.at(&server)).unwrap());
    assert_eq!(server.writes(), [] as [Value; 0]);
}

#[test]
fn fields_of_others_are_written_back_as_they_were_read() {
    let fields = r#"{"data":{"data":{"n":1.50e+3,"big":123456789012345678901234567890,"list":[null,{"a":"\u003c"}],
        "access_token":"old","hostname":"old","api_user":"old","generated_at":"2026-01-01T00:00:00Z"},
        "metadata":{"version":7}}}"#;
    let server = Server::start(move |asked, _| {
        asked.is("GET", "/v1/secret/data/fw1").then(|| Answer::Whole(200, String::new(), fields.into()))
    });
    Scene::new().store(&server).unwrap();
    let body = server.asked().into_iter().find(Asked::is_write).unwrap().body;
    for piece in [r#""cas":7"#, r#""n":1.50e+3"#, r#""big":123456789012345678901234567890"#, r#"[null,{"a":"\u003c"}]"#]
    {
        assert!(body.contains(piece), "{body}");
    }
    assert!(!body.contains("old"), "{body}");
}

#[test]
fn a_standby_sends_us_on_with_token_and_body() {
    let active = Server::start(|_, _| None);
    let port = active.port;
    let standby = Server::start(move |asked, _| {
        let location = format!("Location: http://127.0.0.1:{port}{}\r\n", asked.path);
        Some(Answer::Whole(307, location, String::new()))
    });
    Scene::new().store(&standby).unwrap();
    assert_eq!(active.writes().len(), 1);
    assert!(active.asked().iter().all(|asked| asked.headers["x-vault-token"] == TOKEN));
}

#[test]
fn a_redirect_out_of_the_safe_way_is_not_followed() {
    let scene = Scene::new();
    for to in ["http://192.0.2.9/v1/x", "//192.0.2.9/v1/x", "ftp://192.0.2.9/", "nonsense"] {
        let location = format!("Location: {to}\r\n");
        let server = Server::start(move |_, _| Some(Answer::Whole(307, location.clone(), String::new())));
        let (text, hint) = scene.refusal(scene.at(&server));
        assert!(text.contains("sends us to") && hint.contains("VAULT_ADDR"), "{text}");
        assert_eq!(server.asked().len(), 1);
    }
}

#[test]
fn redirects_in_a_circle_end() {
    let (scene, server) = (
        Scene::new(),
        Server::start(|asked, _| Some(Answer::Whole(307, format!("Location: {}\r\n", asked.path), String::new()))),
    );
    assert!(scene.refusal(scene.at(&server)).0.contains("which is not followed"));
    assert!(server.asked().len() < 10);
}

#[test]
fn the_page_of_a_proxy_is_not_taken_for_an_answer() {
    let scene = Scene::new();
    for status in [200, 302, 403, 404, 502] {
        let page = "<html>please log in</html>";
        let server = Server::start(move |_, _| Some(Answer::Whole(status, String::new(), page.into())));
        let (text, hint) = scene.refusal(scene.at(&server));
        assert!(
            text.contains(&format!("answers {status} with something that is no answer of Vault or OpenBao")),
            "{text}"
        );
        assert!(hint.contains("VAULT_ADDR"), "{hint}");
    }
}

#[test]
fn an_answer_of_another_shape_is_refused() {
    let scene = Scene::new();
    for body in ["[]", "{}", "7", r#"{"data":null}"#, r#"{"data":{"path":7}}"#] {
        let server = Server::start(move |_, _| Some(Answer::Whole(200, String::new(), body.into())));
        assert!(scene.refusal(scene.at(&server)).0.contains("no answer of Vault or OpenBao"), "{body}");
    }
}

#[test]
fn what_is_asked_in_a_bad_moment_is_asked_once_more() {
    let answers: [fn() -> Answer; 4] = [
        || Answer::HangUp,
        || json_of(500, &json!({ "errors": ["local node not active but active cluster node not found"] })),
        || json_of(429, &json!({ "errors": ["request path \"x\": rate limit quota exceeded"] })),
        || Answer::Whole(429, "Retry-After: 1\r\n".into(), r#"{"errors":[]}"#.into()),
    ];
    for answer in answers {
        let server = Server::start(once(is_lookup, answer));
        Scene::new().store(&server).unwrap();
        assert_eq!(server.asked().iter().filter(|asked| is_lookup(asked)).count(), 2);
    }
}

#[test]
fn a_server_that_is_busy_for_long_is_not_waited_for() {
    let busy =
        || Answer::Whole(429, "Retry-After: 3600\r\n".into(), r#"{"errors":["rate limit quota exceeded"]}"#.into());
    let (scene, server) = (Scene::new(), Server::start(move |_, _| Some(busy())));
    let (text, _) = scene.refusal(scene.at(&server));
    assert!(text.ends_with("answers 429: rate limit quota exceeded"), "{text}");
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_write_that_was_lost_is_written_again() {
    let server = Server::start(once(Asked::is_write, || Answer::HangUp));
    Scene::new().store(&server).unwrap();
    assert_eq!(server.writes().len(), 2);
}

#[test]
fn a_write_of_which_only_the_answer_was_lost_is_found_to_be_done() {
    let written = Arc::new(AtomicBool::new(false));
    let server = Server::start(move |asked, _| {
        if asked.is_write() {
            written.store(true, Ordering::SeqCst);
            return Some(Answer::HangUp);
        }
        let is_there = asked.is("GET", "/v1/secret/data/fw1") && written.load(Ordering::SeqCst);
        is_there.then(|| secret(1, &json!({ "access_token": KEY })))
    });
    Scene::new().store(&server).unwrap();
    assert_eq!(server.writes().len(), 1);
}

#[test]
fn a_write_that_is_lost_again_and_again_is_given_up() {
    let server = Server::start(|asked, _| asked.is_write().then_some(Answer::HangUp));
    let text = failure(Scene::new().store(&server));
    assert!(text.starts_with("vault:secret/fw1: could not write the key: 127.0.0.1:"), "{text}");
    assert_eq!(server.writes().len(), 2);
}

#[test]
fn a_secret_that_others_write_all_the_time_is_given_up() {
    let conflict = json!({ "errors": ["check-and-set parameter did not match the current version"] });
    let server = Server::start(move |asked, _| asked.is_write().then(|| json_of(400, &conflict)));
    let text = failure(Scene::new().store(&server));
    assert!(text.ends_with("others wrote there each of the 5 times that we were about to"), "{text}");
}

#[test]
fn a_newer_key_is_not_replaced() {
    let reserved = Arc::new(AtomicBool::new(false));
    let server = Server::start(move |asked, _| {
        let first = asked.is("GET", "/v1/secret/data/fw1") && !reserved.swap(true, Ordering::SeqCst);
        let newer = json!({ "access_token": "another", "generated_at": "2026-03-01T12:00:01Z" });
        let second = asked.is("GET", "/v1/secret/data/fw1") && !first;
        second.then(|| secret(1, &newer))
    });
    let text = failure(Scene::new().store(&server));
    assert!(text.ends_with("a key of 2026-03-01T12:00:01Z is there, which is newer than this one"), "{text}");
    assert_eq!(server.writes(), [] as [Value; 0]);
}

#[test]
fn a_key_of_unknown_age_that_was_put_there_meanwhile_is_not_replaced() {
    let mut reads = 0;
    let server = Server::start(move |asked, _| {
        reads += usize::from(asked.is("GET", "/v1/secret/data/fw1"));
        let key = if reads < 2 { "old" } else { "another" };
        asked.is("GET", "/v1/secret/data/fw1").then(|| secret(3, &json!({ "access_token": key })))
    });
    assert!(failure(Scene::new().store(&server)).ends_with("another key was put there meanwhile"));
}

#[test]
fn a_key_of_the_future_is_found_before_there_is_another() {
    let server = Server::start(|asked, _| {
        let future = json!({ "access_token": "x", "generated_at": "2999-01-01T00:00:00Z" });
        asked.is("GET", "/v1/secret/data/fw1").then(|| secret(1, &future))
    });
    let scene = Scene::new();
    let (text, hint) = scene.refusal(scene.at(&server));
    assert!(
        text.contains("generated at 2999-01-01T00:00:00Z, which is still to come") && hint.contains("clock"),
        "{text}"
    );
}

#[test]
fn a_token_that_may_not_ask_about_itself_proves_itself_by_a_write_that_changes_nothing() {
    let denied = || json_of(403, &json!({ "errors": ["permission denied"] }));
    for (status, may) in [(400, true), (403, false)] {
        let server = Server::start(move |asked, number| match asked.path.as_str() {
            "/v1/auth/token/lookup-self" | "/v1/sys/capabilities-self" => Some(denied()),
            _ if asked.is_write() && number < 5 => {
                let conflict = json!({ "errors": ["check-and-set parameter did not match the current version"] });
                Some(json_of(status, &conflict))
            }
            _ => None,
        });
        let scene = Scene::new();
        let reserved = scene.reserve(scene.at(&server));
        assert_eq!(reserved.is_ok(), may);
        assert_eq!(server.writes()[0]["options"]["cas"], u32::MAX);
        assert_eq!(server.writes()[0]["data"], json!({}));
    }
}

#[test]
fn a_token_that_ends_too_soon_is_found_before_there_is_a_key() {
    let cases = [
        (json!({ "ttl": 59, "expire_time": "2026-03-01T12:00:00Z" }), "the token ends in 59 s"),
        (json!({ "ttl": 0, "expire_time": null, "num_uses": 3 }), "the token may be used 3 times more"),
    ];
    for (lease, words) in cases {
        let server = Server::start(move |asked, _| is_lookup(asked).then(|| json_of(200, &json!({ "data": lease }))));
        let scene = Scene::new();
        let (text, hint) = scene.refusal(scene.at(&server));
        assert!(text.ends_with(words) && hint.contains("vault login"), "{text}");
    }
}

#[test]
fn without_tls_nothing_leaves_this_machine_unless_that_was_said() {
    let scene = Scene::new();
    let (text, hint) = scene.refusal(scene.destination("http://192.0.2.9:8200", ""));
    assert!(text.ends_with("192.0.2.9:8200 would get token and key without TLS"), "{text}");
    assert!(hint.contains("plaintext=yes"), "{hint}");
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let scene = Scene::new();
    let (text, hint) = scene.refusal(scene.destination(&format!("http://127.0.0.1:{port}"), ""));
    assert!(text.contains(&format!("127.0.0.1:{port} cannot be reached: Connection refused")), "{text}");
    assert!(hint.contains("VAULT_ADDR"), "{hint}");
}

#[test]
fn the_path_of_a_gateway_stands_in_front_of_the_api() {
    let server = Server::start(|_, _| Some(json_of(503, &json!({ "errors": ["Vault is sealed"] }))));
    let scene = Scene::new();
    let (text, hint) = scene.refusal(scene.destination(&format!("http://127.0.0.1:{}/gate/", server.port), ""));
    assert!(text.ends_with("is sealed") && hint.contains("unseal"), "{text}");
    assert_eq!(server.asked().len(), 1, "a sealed store is not asked twice");
    assert_eq!(server.asked()[0].path, "/gate/v1/auth/token/lookup-self");
}

#[test]
fn a_key_is_read_back_with_what_is_known_of_it() {
    let server = Server::start(|asked, _| {
        let fields =
            json!({ "access_token": KEY, "hostname": "[2001:db8::1]", "generated_at": "2026-03-01T12:00:00Z" });
        asked.is("GET", "/v1/secret/data/fw1").then(|| secret(2, &fields))
    });
    let fetched = Scene::new().at(&server).fetch(&device()).unwrap();
    assert_eq!(fetched.key.expose(), KEY);
    assert_eq!(fetched.destination, "vault:secret/fw1");
    assert_eq!(fetched.hostname.as_deref(), Some("[2001:db8::1]"));
    assert_eq!(fetched.api_user, None);
    assert_eq!(fetched.generated_at.unwrap().to_string(), "2026-03-01T12:00:00Z");
    assert!(!format!("{fetched:?}").contains(KEY));
}

#[test]
fn where_no_key_is_none_is_read_back() {
    let nothing = Server::start(|_, _| None);
    assert!(matches!(Scene::new().at(&nothing).fetch(&device()), Err(FetchError::Nothing { .. })));
    for fields in [json!({ "password": "x" }), json!({ "access_token": 7 })] {
        let server = Server::start(move |asked, _| asked.is("GET", "/v1/secret/data/fw1").then(|| secret(2, &fields)));
        assert!(matches!(Scene::new().at(&server).fetch(&device()), Err(FetchError::NoKey { .. })));
    }
    assert!(matches!(Destination::stdout().fetch(&device()), Err(FetchError::WriteOnly)));
}

#[test]
fn what_cannot_be_meant_is_refused_with_what_to_write() {
    let cases = [
        ("secret/fw1,token=s.x", "`token` would show a secret", "VAULT_TOKEN, or token-file=FILE"),
        ("secret/fw1,secret-id=x", "`secret-id` would show a secret", "secret-id-file=FILE"),
        ("secret/fw1,namspace=net", "vault has no option `namspace`", "namespace"),
        ("fw1", "path `fw1`: the mount stands in front of it", ""),
        ("secret/fw1,address=vault:8200", "address `vault:8200`", ""),
        ("secret/fw1,plaintext=maybe", "it is yes or no", ""),
        ("", "vault needs a path", "vault:"),
    ];
    for (text, words, hint) in cases {
        let error = Destination::new("vault", text).unwrap_err();
        assert!(error.to_string().contains(words), "{text}: {error}");
        assert!(error.hint().unwrap_or_default().contains(hint), "{text}: {:?}", error.hint());
    }
    let yaml = json!({ "mount": "secret", "path": "fortigate/{{ device.name }}", "ca_file": "ca.pem" });
    assert!(Destination::from_yaml("vault", &yaml).is_ok());
}
