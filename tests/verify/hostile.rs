//! What answers is not what it should be: the proof ends, in time, and says so.

use std::time::Duration;

use fgtkey::verbs::verification::TrustChoice;

use crate::impostor::{Manner, impostor};
use crate::scene::{Scene, Story, fingerprint};

/// A proof that meets the impostor at the port, and takes it for the device.
async fn met(manner: Manner, within: Duration) -> Story {
    let (port, der) = impostor(manner).await;
    let scene = Scene::new().with(|scene| (scene.https_port, scene.within) = (Some(port), within));
    scene.start().await.trusting(fingerprint(&der)).await
}

async fn answered(words: &str) -> Story {
    met(Manner::Answers(words.as_bytes().to_vec()), Duration::from_secs(20)).await
}

#[tokio::test]
async fn answers_that_are_not_the_apis_prove_nothing() {
    let long = "x".repeat(300 * 1024);
    let many: String = (0..500).map(|at| format!("X-{at}: y\r\n")).collect();
    let ok = "HTTP/1.1 200 OK\r\n";
    let json = "Content-Type: application/json\r\n\r\n";
    let cases = [
        (format!("{ok}Content-Type: text/html\r\n\r\n<html>Please log in</html>"), "not-fortigate"),
        (format!("{ok}{json}{{\"results\":{{}}}}"), "not-fortigate"),
        (format!("{ok}{json}{{\"status\":\"success\",\"serial\":\"FG100FTK99999999\"}}"), "other-device"),
        ("HTTP/1.1 302 Found\r\nLocation: /login?redir=%2Fapi\r\nContent-Length: 0\r\n\r\n".into(), "login-page"),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".into(), "not-fortigate"),
        ("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n".into(), "failing"),
        ("HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n".into(), "rate-limited"),
        (format!("{ok}Content-Length: 999\r\n\r\n{{"), "unreachable"),
        (format!("{ok}\r\n{long}"), "not-fortigate"),
        (format!("{ok}X: {long}\r\n\r\n"), "not-fortigate"),
        (format!("{ok}{many}\r\n"), "not-fortigate"),
        ("220 ftp ready\r\n".into(), "not-fortigate"),
        (String::new(), "unreachable"),
    ];
    for (words, cause) in cases {
        let story = answered(&words).await;
        assert_eq!((story.told().0, story.told().1), (None, cause), "{:.60}: {}", words, story.told().2);
    }
}

#[tokio::test]
async fn a_redirect_is_told_without_what_stands_behind_its_question_mark() {
    let story = answered("HTTP/1.1 302 Found\r\nLocation: /login?redir=%2Fapi\r\nContent-Length: 0\r\n\r\n").await;
    let told = "the API answered 302: it redirects to /login: that is a page for people, not the API";
    assert_eq!(story.told().2, told);
}

#[tokio::test]
async fn a_chunked_answer_is_an_answer() {
    let body = r#"{"status":"success","serial":"FG100FTK00000000"}"#;
    let (first, second) = body.split_at(10);
    let story = answered(&format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        first.len(),
        second.len()
    ))
    .await;
    assert_eq!(story.told().0, Some(true), "{}", story.told().2);
}

#[tokio::test]
async fn what_does_not_speak_tls_gets_no_key() {
    for (manner, cause) in [
        (Manner::Says(b"SSH-2.0-OpenSSH_9.2\r\n"), "not-fortigate"),
        (Manner::Says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "not-fortigate"),
        (Manner::Says(&[0x15, 3, 3, 0, 2, 2, 40]), "not-fortigate"),
        (Manner::Closes, "unreachable"),
    ] {
        let story = met(manner, Duration::from_secs(20)).await;
        assert_eq!((story.told().0, story.told().1), (None, cause), "{}", story.told().2);
    }
}

#[tokio::test]
async fn who_says_nothing_is_waited_for_once() {
    let short = Duration::from_millis(300);
    for (manner, told) in [(Manner::Hangs, "for the TLS handshake"), (Manner::HangsInTls, "for the answer")] {
        let story = met(manner, short).await;
        assert_eq!((story.told().0, story.told().1), (None, "timed-out"));
        assert!(story.told().2.ends_with(told), "{}", story.told().2);
    }
}

#[tokio::test]
async fn an_impostor_with_a_certificate_of_its_own_gets_no_key() {
    let (port, _) = impostor(Manner::Answers(b"HTTP/1.1 200 OK\r\n\r\n".to_vec())).await;
    let site = Scene::new().with(|scene| scene.https_port = Some(port)).start().await;
    let story = site.trusting(TrustChoice::Learned).await;
    assert_eq!((story.told().0, story.told().1), (None, "certificate"), "{}", story.told().2);
}
