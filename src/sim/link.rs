//! The wire between a client and the simulated device: a relay that can delay bytes and can be torn.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex, split};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep_until};

/// Bytes that the relay holds between its ends.
const BUFFER: usize = 256 * 1024;

/// The handle on one connection's wire.
#[derive(Debug, Clone, Default)]
pub(super) struct Link(Arc<Ends>);

#[derive(Debug, Default)]
struct Ends {
    torn: Notify,
    sent: AtomicU64,
    progress: Notify,
}

impl Link {
    /// Bytes that have left for the client so far.
    pub(super) fn sent(&self) -> u64 {
        self.0.sent.load(Ordering::Acquire)
    }

    /// Waits until at least `bytes` have left for the client.
    pub(super) async fn has_sent(&self, bytes: u64) {
        loop {
            let progress = self.0.progress.notified();
            if self.sent() >= bytes {
                return;
            }
            progress.await;
        }
    }

    /// The connection dies: nothing more passes in either direction.
    pub(super) fn tear(&self) {
        self.0.torn.notify_one();
    }

    /// Connects `client` with the stream that is returned, each direction late by `delay`.
    ///
    /// With a delay the handshake of TCP costs its round trip too: what either side says first is late by as much as it
    /// would be had the connection been made over the delayed wire.
    pub(super) fn relay(&self, client: TcpStream, delay: Duration) -> DuplexStream {
        let (near, far) = duplex(BUFFER);
        let link = self.clone();
        tokio::spawn(async move {
            let (from_client, to_client) = split(client);
            let (from_device, to_device) = split(far);
            let start = Instant::now();
            let up = carry(from_client, to_device, start + delay * 2, delay, |_| ());
            let down = carry(from_device, to_client, start + delay * 3, delay, |sent| {
                link.0.sent.fetch_add(sent, Ordering::AcqRel);
                link.0.progress.notify_waiters();
            });
            tokio::select! {
                () = link.0.torn.notified() => (),
                _ = async { tokio::join!(up, down) } => (),
            }
        });
        near
    }
}

/// Carries one direction until its end; a chunk is written `delay` after it was read, and never before `start + delay`.
async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    start: Instant,
    delay: Duration,
    sent: impl Fn(u64),
) -> io::Result<()> {
    let (queue, mut due) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let read = async move {
        let mut buffer = vec![0; 32 * 1024];
        loop {
            let length = from.read(&mut buffer).await?;
            let chunk = buffer.get(..length).unwrap_or_default().to_vec();
            let late = Instant::now().max(start) + delay;
            if chunk.is_empty() || queue.send((late, chunk)).is_err() {
                return io::Result::Ok(());
            }
        }
    };
    let write = async move {
        while let Some((late, chunk)) = due.recv().await {
            if !delay.is_zero() {
                sleep_until(late).await;
            }
            to.write_all(&chunk).await?;
            sent(u64::try_from(chunk.len()).unwrap_or(0));
        }
        to.shutdown().await
    };
    tokio::try_join!(read, write).map(drop)
}
