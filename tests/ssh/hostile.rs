//! Servers that hang up, keep silent or break the protocol: an error within the deadline, and no panic.

use std::time::{Duration, Instant};

use fgtkey::ssh::{DialError, Endpoint, Phase};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use crate::desk::{Desk, greeting};
use crate::server::{Running, Server, Step};

const SHORT: Duration = Duration::from_millis(500);

/// A server that does `act` with each connection.
async fn raw<F>(act: impl Fn(TcpStream) -> F + Send + 'static) -> u16
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(act(stream));
        }
    });
    port
}

/// Sends `bytes`, then keeps the connection open and silent.
async fn mute(bytes: &'static [u8]) -> u16 {
    raw(move |mut stream| async move {
        let _ = stream.write_all(bytes).await;
        let mut sink = Vec::new();
        let _ = stream.read_to_end(&mut sink).await;
    })
    .await
}

/// Sends `bytes` again and again.
async fn endless(bytes: &'static [u8]) -> u16 {
    raw(move |mut stream| async move { while stream.write_all(bytes).await.is_ok() {} }).await
}

#[tokio::test]
async fn a_silent_server_is_given_up_at_the_deadline() {
    for bytes in [b"".as_slice(), b"SSH-2.0-x\r\n", b"a line before\r\n", b"SSH-2.0-x\r\n\0\0\x01\0"] {
        let begun = Instant::now();
        let error = Desk::new().timeout(SHORT).refused_at(mute(bytes).await).await;
        assert_eq!(error.to_string(), "no answer within 0.5 s: the key exchange was not done");
        assert!(begun.elapsed() < Duration::from_secs(3));
    }
}

#[tokio::test]
async fn what_is_no_ssh_server_is_called_so() {
    for port in [
        mute(b"HTTP/1.1 400 Bad Request\r\n\r\n").await,
        endless(b"Go away\r\n").await,
        endless(b"no end of line ").await,
        endless(b"\0").await,
    ] {
        let error = Desk::new().timeout(SHORT).refused_at(port).await;
        let told = matches!(error, DialError::NotSsh { .. } | DialError::TimedOut { phase: Phase::KeyExchange, .. });
        assert!(told, "{error}");
    }
}

#[tokio::test]
async fn garbage_after_the_version_line_is_an_error() {
    for bytes in [
        b"SSH-2.0-x\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx".as_slice(),
        b"SSH-2.0-x\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"SSH-2.0-x\r\n\0\0\0\x0c\x0a\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"SSH-2.0-x\r\n\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"SSH-2.0-x\r\n\0\0\0\x01\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    ] {
        let error = Desk::new().timeout(SHORT).refused_at(endless_after(bytes).await).await;
        assert!(
            matches!(error, DialError::Protocol { .. } | DialError::Closed { .. } | DialError::TimedOut { .. }),
            "{error:?}"
        );
    }
}

async fn endless_after(bytes: &'static [u8]) -> u16 {
    raw(move |mut stream| async move { while stream.write_all(bytes).await.is_ok() {} }).await
}

#[tokio::test]
async fn a_server_that_closes_at_once_is_told_from_one_that_refuses() {
    let port = raw(|stream| async move { drop(stream) }).await;
    let error = Desk::new().refused_at(port).await;
    assert!(error.to_string().starts_with("the device closed the connection during the key exchange"), "{error}");

    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let error = Desk::new().refused_at(closed).await;
    assert_eq!(error.to_string(), format!("cannot connect to 127.0.0.1 port {closed}"));
}

#[tokio::test]
async fn a_host_without_an_address_is_named() {
    let endpoint = Endpoint::parse("admin@no-such-host.invalid", None).unwrap();
    let error = Desk::new().dial().open(&endpoint).await.err().unwrap();
    assert_eq!(error.to_string(), "cannot find the address of no-such-host.invalid");
}

#[tokio::test]
async fn a_hang_up_says_how_far_the_login_had_come() {
    for (step, phase) in [
        (Step::Authentication, "the device closed the connection during the authentication"),
        (Step::Channel, "the device closed the connection during the opening of the shell"),
    ] {
        let server = Server { hang_up: Some(step), ..Server::default() }.start().await;
        let error = Desk::new().knows(&server).refused(&server).await;
        assert_eq!(error.to_string(), phase, "{step:?}");
        assert_eq!(server.seen().iter().filter(|entry| entry.starts_with("password")).count(), 1);
    }
}

#[tokio::test]
async fn a_channel_that_is_refused_says_why() {
    let server = Server { refuse: Some(Step::Channel), ..Server::default() }.start().await;
    let error = Desk::new().knows(&server).refused(&server).await;
    assert_eq!(error.to_string(), "the device refused to open a shell: it has no resources left");
}

#[tokio::test]
async fn a_shell_that_is_refused_later_ends_the_reading_with_a_reason() {
    for (server, reason) in [
        (
            Server { refuse: Some(Step::Terminal), ..Server::default() },
            "the device refused to open a shell: no terminal or no shell",
        ),
        (
            Server { refuse: Some(Step::Shell), ..Server::default() },
            "the device refused to open a shell: no terminal or no shell",
        ),
        (
            Server { hang_up: Some(Step::Shell), ..Server::default() },
            "the device closed the connection during the opening of the shell: too many sessions",
        ),
    ] {
        let server = server.start().await;
        let mut shell = Desk::new().knows(&server).open(&server).await.unwrap();
        let mut all = Vec::new();
        let _ = shell.stream.read_to_end(&mut all).await;
        assert_eq!(shell.stream.why_ended().await.unwrap().to_string(), reason);
        shell.stream.close().await;
    }
}

#[tokio::test]
async fn an_endless_banner_is_cut_off() {
    let banner = Some("x".repeat(100_000));
    let server = Server { banner, ..Server::default() }.start().await;
    let error = Desk::new().knows(&server).refused(&server).await;
    assert!(
        matches!(error, DialError::Protocol { phase: Phase::Authentication, .. } | DialError::Closed { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_dropped_connection_ends_the_reading() {
    let server = Server { hang_up: Some(Step::Terminal), ..Server::default() }.start().await;
    let mut shell = Desk::new().knows(&server).open(&server).await.unwrap();
    let mut all = Vec::new();
    let _ = shell.stream.read_to_end(&mut all).await;
    assert!(all.is_empty());
    assert!(shell.stream.why_ended().await.is_some());
}

#[tokio::test]
async fn a_shell_can_be_opened_from_a_spawned_task() {
    let server = Server::default().start().await;
    let desk = Desk::new().knows(&server);
    let (dial, endpoint) = (desk.dial(), crate::desk::endpoint(server.port));
    let mut shell = tokio::spawn(async move { dial.open(&endpoint).await }).await.unwrap().unwrap();
    greeting(&mut shell).await;
}

#[tokio::test]
async fn a_window_of_nothing_holds_up_what_is_typed_and_nothing_else() {
    let server = Server { window: 0, ..Server::default() }.start().await;
    let mut shell = Desk::new().knows(&server).open(&server).await.unwrap();
    greeting(&mut shell).await;
    let typed = tokio::time::timeout(SHORT, shell.stream.write_all(b"get system status\r")).await;
    assert!(typed.is_err(), "there is no room for it");
    let begun = Instant::now();
    shell.stream.close().await;
    assert!(begun.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_flood_of_questions_is_not_answered() {
    let rounds = vec![vec![("Code: ", false); 1000]];
    let methods = vec![russh::MethodKind::KeyboardInteractive];
    let server = Server { methods, rounds, ..Server::default() }.start().await;
    let desk = Desk::new().person(&["x"]).knows(&server);
    let error = desk.refused(&server).await;
    assert!(matches!(error, DialError::Question { .. }), "{error:?}");
    assert!(error.to_string().len() < 500, "{error}");
    assert_eq!(desk.questions(), 0);
}

/// A server behind somebody who changes one bit of its signature over the key exchange.
async fn forger_before(server: &Running) -> u16 {
    let port = server.port;
    raw(move |stream| async move {
        let Ok(upstream) = TcpStream::connect(("127.0.0.1", port)).await else { return };
        let ((from_client, mut to_client), (from_server, mut to_server)) = (stream.into_split(), upstream.into_split());
        let onward = tokio::spawn(async move { tokio::io::copy(&mut { from_client }, &mut to_server).await });
        let mut from_server = BufReader::new(from_server);
        let _ = forge(&mut from_server, &mut to_client).await;
        onward.abort();
    })
    .await
}

/// The version line and the packets before encryption, the last byte of the signed answer (message 31) changed.
async fn forge(from: &mut BufReader<OwnedReadHalf>, to: &mut OwnedWriteHalf) -> std::io::Result<()> {
    let mut version = Vec::new();
    from.read_until(b'\n', &mut version).await?;
    to.write_all(&version).await?;
    loop {
        let length = from.read_u32().await?;
        let mut packet = vec![0; length as usize];
        from.read_exact(&mut packet).await?;
        let signed = packet[1] == 31;
        if signed {
            let end = packet.len() - usize::from(packet[0]) - 1;
            packet[end] ^= 1;
        }
        to.write_u32(length).await?;
        to.write_all(&packet).await?;
        if signed {
            return tokio::io::copy(from, to).await.map(drop);
        }
    }
}

#[tokio::test]
async fn a_host_key_that_did_not_sign_is_never_believed_and_gets_no_password() {
    let server = Server::default().start().await;
    let port = forger_before(&server).await;
    let error = Desk::new().policy(&server.fingerprint()).refused_at(port).await;
    assert!(error.to_string().contains("signature"), "{error}");
    assert!(!server.seen().iter().any(|entry| entry.starts_with("password")), "{:?}", server.seen());
}

#[tokio::test]
async fn a_packet_of_four_gigabytes_is_not_waited_for() {
    let port = mute(b"SSH-2.0-x\r\n\xff\xff\xff\xf0\x04").await;
    let begun = Instant::now();
    let error = Desk::new().refused_at(port).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{error}");
}
