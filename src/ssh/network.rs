//! From a host name to a connected TCP socket.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;

use super::deadline::Deadline;
use super::error::{DialError, Phase};

/// How long an address is tried alone before the next one is tried beside it: the "Connection Attempt Delay" that
/// RFC 8305 (happy eyeballs), section 5 recommends.
const NEXT_ADDRESS_AFTER: Duration = Duration::from_millis(250);

/// The socket of the address that answers first.
pub(super) async fn connect(host: &str, port: u16, deadline: &Deadline) -> Result<TcpStream, DialError> {
    let addresses = deadline.within(Phase::NameResolution, resolve(host, port)).await??;
    let stream = deadline.within(Phase::Connection, first_to_answer(host, port, addresses)).await??;
    // Without this, Nagle's algorithm holds back small packets: two round trips and 40 ms over a login.
    stream.set_nodelay(true).map_err(|source| DialError::Connect { host: host.to_owned(), port, source })?;
    Ok(stream)
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, DialError> {
    let failed = |source| DialError::Resolve { host: host.to_owned(), source };
    let found: Vec<_> = lookup_host((host, port)).await.map_err(failed)?.collect();
    if found.is_empty() {
        return Err(failed(io::Error::new(io::ErrorKind::NotFound, "it has no address")));
    }
    Ok(interleave(found))
}

/// The resolver's order, but with the address families taking turns (RFC 8305, section 4).
fn interleave(found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_ipv6 = found.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = found.into_iter().partition(|a| a.is_ipv6() == first_is_ipv6);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut turns = Vec::new();
    loop {
        match (first.next(), second.next()) {
            (None, None) => return turns,
            (a, b) => turns.extend(a.into_iter().chain(b)),
        }
    }
}

/// Starts the next address when the one before it failed or is slow; the first success ends all others. Fails with the
/// first address's error, which is the one a person expects to see.
async fn first_to_answer(host: &str, port: u16, addresses: Vec<SocketAddr>) -> Result<TcpStream, DialError> {
    let mut waiting = addresses.into_iter();
    let mut running = JoinSet::new();
    let mut failure = None;
    loop {
        match waiting.next() {
            Some(address) => drop(running.spawn(TcpStream::connect(address))),
            None if running.is_empty() => break,
            None => {}
        }
        let patience = if waiting.len() == 0 { Duration::MAX } else { NEXT_ADDRESS_AFTER };
        match tokio::time::timeout(patience, running.join_next()).await.unwrap_or(None) {
            Some(Ok(Ok(stream))) => return Ok(stream),
            Some(Ok(Err(error))) => failure = failure.or(Some(error)),
            Some(Err(error)) => failure = failure.or(Some(io::Error::other(error))),
            None => {}
        }
    }
    let source = failure.unwrap_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no address was left to try"));
    Err(DialError::Connect { host: host.to_owned(), port, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn address_families_take_turns_in_the_resolvers_order() {
        let found = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"].map(address).to_vec();
        assert_eq!(interleave(found), ["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"].map(address));
    }

    #[tokio::test]
    async fn the_next_address_is_tried_when_one_refuses() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good = listener.local_addr().unwrap();
        let closed = {
            let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            other.local_addr().unwrap()
        };
        let stream = first_to_answer("fw1", 22, vec![closed, good]).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), good);
    }

    #[tokio::test]
    async fn a_refusal_names_the_host_and_the_port() {
        let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let error = first_to_answer("fw1", closed.port(), vec![closed]).await.unwrap_err();
        assert_eq!(error.to_string(), format!("cannot connect to fw1 port {}", closed.port()));
    }
}
