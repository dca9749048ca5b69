//! A stream to another port of a device, over the same way as its shell: the shared jump hosts, or TCP.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::client::Wire;
use super::deadline::Deadline;
use super::dial::{Dial, Way};
use super::endpoint::Endpoint;
use super::error::DialError;
use super::jump::HopConnection;

/// A stream to a port of a device. Dropping it ends it.
pub struct Tunnel {
    stream: Box<dyn Wire>,
    /// Keeps the connection to the last jump host.
    _via: Option<Arc<HopConnection>>,
    /// What `HostName` of `ssh_config` makes of the device's name.
    pub host: String,
    /// The address at the other end; `None` behind a jump host.
    pub address: Option<SocketAddr>,
}

impl Dial {
    /// Opens a stream to `port` of a device, tried once. No byte passes before the caller sends one.
    ///
    /// # Errors
    /// When there is no such way, within the time.
    pub async fn tunnel(&self, endpoint: &Endpoint, port: u16, within: Duration) -> Result<Tunnel, DialError> {
        let deadline = Deadline::after(within);
        let (route, mut target) = self.targets(endpoint)?;
        target.endpoint.port = port;
        let Way { stream, via, ends } = self.way(&target, &route, &deadline).await?;
        Ok(Tunnel { stream, _via: via, host: target.host().to_owned(), address: ends.0 })
    }
}

impl AsyncRead for Tunnel {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Tunnel {
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
