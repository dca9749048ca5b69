//! A switch in front of devices: which of them a connection meets.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpStream};

/// What a connection meets.
#[derive(Clone, Copy)]
pub enum Way {
    /// A device.
    To(SocketAddr),
    /// The end at once.
    Closed,
    /// Nobody: it and all that follow are refused.
    Gone,
}

/// Connects each connection with what is meant for it; the last way is that of all that follow.
pub async fn switch(listener: TcpListener, ways: Vec<Way>) {
    let mut ways = ways.into_iter().peekable();
    while let Some(way) = ways.peek().copied() {
        if matches!(way, Way::Gone) {
            return;
        }
        let (mut near, _) = listener.accept().await.unwrap();
        if let Way::To(addr) = way {
            let mut far = TcpStream::connect(addr).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
        }
        let this = ways.next();
        if ways.peek().is_none() {
            ways = vec![this.unwrap()].into_iter().peekable();
        }
    }
}
