//! What a login costs on a slow line: counted, since a round trip to a firewall abroad takes longer than all the rest.
//! The clock is tokio's own and stands still while anything is computed, so the count is exact on any machine.

use std::time::Duration;

use russh::MethodKind;
use russh::keys::{Algorithm, HashAlg};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex, split};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::Instant;

use crate::desk::{Desk, endpoint, greeting};
use crate::server::{Server, key};

/// One way.
const DELAY: Duration = Duration::from_millis(100);

/// Passes bytes on after the delay, however many are under way.
async fn delayed(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin + Send + 'static) {
    let (sender, mut receiver) = unbounded_channel::<(Instant, Vec<u8>)>();
    tokio::spawn(async move {
        while let Some((due, bytes)) = receiver.recv().await {
            tokio::time::sleep_until(due).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    });
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(n) = from.read(&mut bytes).await {
        if n == 0 || sender.send((Instant::now() + DELAY, bytes[..n].to_vec())).is_err() {
            return;
        }
    }
}

/// Our end of a slow line to the server.
fn slow_line(server: Server) -> DuplexStream {
    let (ours, near) = duplex(1 << 20);
    let (far, theirs) = duplex(1 << 20);
    let ((near_reads, near_writes), (far_reads, far_writes)) = (split(near), split(far));
    tokio::spawn(delayed(near_reads, far_writes));
    tokio::spawn(delayed(far_reads, near_writes));
    tokio::spawn(server.serve(theirs, Default::default()));
    ours
}

async fn round_trips(server: Server, desk: Desk) -> f64 {
    let pinned = server.keys[0].public_key().fingerprint(HashAlg::Sha256).to_string();
    let desk = desk.policy(&pinned);
    let begun = Instant::now();
    let mut shell = desk.dial().open_on(&endpoint(22), slow_line(server)).await.unwrap();
    greeting(&mut shell).await;
    begun.elapsed().as_secs_f64() / (2.0 * DELAY.as_secs_f64())
}

#[tokio::test(start_paused = true)]
async fn a_login_costs_no_more_round_trips_than_it_must() {
    let user_key = key(Algorithm::Ed25519);
    let with_key = Server { user_key: Some(user_key.public_key().clone()), ..Server::default() };
    let interactive = Server { methods: vec![MethodKind::KeyboardInteractive], ..Server::default() };
    for (what, server, desk, most) in [
        // Version lines and KEXINIT 1, key exchange 1, service 1, password 1, channel 1, shell 1; TCP's own is not
        // here.
        ("password", Server::default(), Desk::new(), 6),
        ("key", with_key, Desk::new().identity("id", &user_key), 7),
        ("keyboard-interactive", interactive, Desk::new(), 8),
    ] {
        let cost = round_trips(server, desk).await;
        assert!((cost - f64::from(most)).abs() < 0.1, "{what}: {cost:.2} round trips, not {most}");
    }
}
