//! The bytes of a shell on a device.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use russh::ChannelStream;
use russh::client;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::client::Connection;
use super::deadline::Deadline;
use super::error::{DialError, Phase};

/// How long a connection that is being closed is waited for.
const PARTING: Duration = Duration::from_secs(2);

/// The bytes of the shell, with the connection that carries them. Reading ends (with 0 bytes) when the device closes
/// the shell or the connection.
pub struct ShellStream {
    pub(super) stream: ChannelStream<client::Msg>,
    pub(super) connection: Connection,
}

impl ShellStream {
    /// Why the connection ended, in the device's or the protocol's words, once reading has ended; `None` when the shell
    /// was closed in an orderly way.
    pub async fn why_ended(&mut self) -> Option<DialError> {
        let soon = Deadline::after(PARTING);
        self.connection.end(Phase::Shell, &soon).await.ok().flatten()
    }

    /// Says goodbye and waits for the connection to end, so that no session of ours stays in the device's list; gives
    /// up quietly after two seconds.
    pub async fn close(mut self) {
        let goodbye = self.connection.handle.disconnect(russh::Disconnect::ByApplication, "", "en");
        let soon = Deadline::after(PARTING);
        // There is nobody to tell: the work is done, and the device drops the session by itself.
        let _ = soon.within(Phase::Shell, goodbye).await;
        let _ = self.connection.finish(Phase::Shell, &soon).await;
    }
}

impl AsyncRead for ShellStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        // An empty message of the device looks like the end to russh's stream; the end stays the end when asked again.
        match read {
            Poll::Ready(Ok(())) if buf.filled().len() == before => Pin::new(&mut self.stream).poll_read(cx, buf),
            read => read,
        }
    }
}

impl AsyncWrite for ShellStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
