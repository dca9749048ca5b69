//! Keys that the client wants exchanged anew while the device talks. Our own client does so after a gigabyte or an
//! hour, which no test has; so this is the library beneath it, with the same algorithms left to each server.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use russh::client::{self, Handle, Msg, Session};
use russh::keys::{PrivateKeyWithHashAlg, PublicKeyOrCertificate, load_secret_key};
use russh::{Channel, Names};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::servers::{self, Rekeying, Running};
use crate::site::USER;

/// Counts key exchanges. The host key is no matter here.
struct Exchanges(Arc<AtomicUsize>);

impl client::Handler for Exchanges {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        Ok(true)
    }

    async fn kex_done(&mut self, _: Option<&[u8]>, _: &Names, _: &mut Session) -> Result<(), russh::Error> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

async fn shell(server: &Running, exchanges: &Arc<AtomicUsize>) -> (Handle<Exchanges>, Channel<Msg>) {
    let counter = Exchanges(exchanges.clone());
    let mut handle = client::connect(Arc::default(), ("127.0.0.1", server.port), counter).await.unwrap();
    let key = load_secret_key(server.site.path("key"), None).unwrap();
    let key = PrivateKeyWithHashAlg::new(Arc::new(key), None);
    assert!(handle.authenticate_publickey(USER, key).await.unwrap().success());
    let channel = handle.channel_open_session().await.unwrap();
    channel.request_pty(true, "vt100", 511, 10_000, 0, 0, &[]).await.unwrap();
    channel.request_shell(true).await.unwrap();
    (handle, channel)
}

/// Asks the device several times; each time the keys change between the question and the end of the answer.
async fn talks_on_with_new_keys(server: Option<Running>) {
    let Some(server) = server else { return };
    let exchanges = Arc::new(AtomicUsize::new(0));
    let (handle, channel) = shell(&server, &exchanges).await;
    let mut stream = channel.into_stream();
    prompt(&mut stream).await;
    for round in 1..=5 {
        assert_eq!(exchanges.load(Ordering::SeqCst), round, "{}", server.site.read("log"));
        stream.write_all(b"get system status\n").await.unwrap();
        handle.rekey_soon().await.unwrap();
        let answer = prompt(&mut stream).await;
        assert!(answer.contains("Serial-Number: "), "{answer}");
        stream.write_all(b"\n").await.unwrap();
        prompt(&mut stream).await;
    }
}

async fn prompt(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut seen = Vec::new();
    while !seen.ends_with(b"fw1 # ") {
        seen.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(seen).unwrap()
}

#[tokio::test]
async fn openssh_talks_on_with_new_keys() {
    talks_on_with_new_keys(servers::openssh(Rekeying::Never)).await;
}

#[tokio::test]
async fn dropbear_talks_on_with_new_keys() {
    talks_on_with_new_keys(servers::dropbear()).await;
}

#[tokio::test]
async fn tinysshd_talks_on_with_new_keys() {
    talks_on_with_new_keys(servers::tinysshd()).await;
}

#[tokio::test]
async fn asyncssh_talks_on_with_new_keys() {
    talks_on_with_new_keys(servers::asyncssh(Rekeying::Never)).await;
}

#[tokio::test]
async fn paramiko_talks_on_with_new_keys() {
    talks_on_with_new_keys(servers::paramiko(Rekeying::Never)).await;
}
