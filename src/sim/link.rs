//! The wire between a client and the simulated device: it can be torn, and a relay can delay its bytes.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, DuplexStream, ReadBuf, duplex, split};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep_until};

/// Bytes that the relay holds between its ends.
const BUFFER: usize = 256 * 1024;

/// Bytes that are read of a client at once; its packets are shorter.
const READ_AT_ONCE: usize = 4 * 1024;

/// The handle on one connection's wire.
#[derive(Debug, Clone, Default)]
pub(super) struct Link(Arc<Ends>);

#[derive(Debug, Default)]
struct Ends {
    torn: Notify,
    is_torn: AtomicBool,
    /// Who waits for bytes of the client on a wire without a relay.
    reader: Mutex<Option<Waker>>,
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
        self.0.is_torn.store(true, Ordering::Release);
        self.0.torn.notify_one();
        if let Some(reader) = self.reader().take() {
            reader.wake();
        }
    }

    fn reader(&self) -> std::sync::MutexGuard<'_, Option<Waker>> {
        self.0.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_left(&self, bytes: usize) {
        self.0.sent.fetch_add(u64::try_from(bytes).unwrap_or(0), Ordering::AcqRel);
        self.0.progress.notify_waiters();
    }

    fn unless_torn(&self) -> io::Result<()> {
        if self.0.is_torn.load(Ordering::Acquire) { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }

    /// The client's own stream, without a relay: nothing passes once it is torn.
    pub(super) fn direct(&self, client: TcpStream) -> Direct {
        Direct { client: BufReader::with_capacity(READ_AT_ONCE, client), link: self.clone() }
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
            let down = carry(from_device, to_client, start + delay * 3, delay, |sent| link.has_left(sent));
            tokio::select! {
                () = link.0.torn.notified() => (),
                _ = async { tokio::join!(up, down) } => (),
            }
        });
        near
    }
}

/// A connection whose [`Link`] can tear it.
pub(super) struct Direct {
    /// SSH reads the length of each packet first, and then the packet; the system is asked once for what is there.
    client: BufReader<TcpStream>,
    link: Link,
}

impl AsyncRead for Direct {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.client.buffer().is_empty() {
            *self.link.reader() = Some(context.waker().clone());
        }
        // Behind the waker: who tears it in between wakes it.
        self.link.unless_torn()?;
        Pin::new(&mut self.client).poll_read(context, buffer)
    }
}

impl AsyncWrite for Direct {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.link.unless_torn()?;
        let written = ready!(Pin::new(&mut self.client).poll_write(context, bytes))?;
        self.link.has_left(written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.client).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.client).poll_shutdown(context)
    }
}

/// Carries one direction until its end; a chunk is written `delay` after it was read, and never before `start + delay`.
async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    start: Instant,
    delay: Duration,
    sent: impl Fn(usize),
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
            sleep_until(late).await;
            to.write_all(&chunk).await?;
            sent(chunk.len());
        }
        to.shutdown().await
    };
    tokio::try_join!(read, write).map(drop)
}
