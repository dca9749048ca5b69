//! From a host name to a connected TCP socket.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::task::JoinSet;

use super::config::AddressFamily;
use super::deadline::Deadline;
use super::error::{DialError, Phase};

/// How long an address is tried alone before the next one is tried beside it: the "Connection Attempt Delay" that
/// RFC 8305 (happy eyeballs), section 5 recommends.
const NEXT_ADDRESS_AFTER: Duration = Duration::from_millis(250);

/// From where and to what a connection goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach<'a> {
    pub(super) family: AddressFamily,
    /// An address of ours, or a name that has one.
    pub(super) from: Option<&'a str>,
    /// The time for this attempt.
    pub(super) within: Option<Duration>,
}

/// The socket of the address that answers first.
pub(super) async fn connect(
    host: &str,
    port: u16,
    reach: &Reach<'_>,
    deadline: &Deadline,
) -> Result<TcpStream, DialError> {
    let mut addresses = deadline.within(Phase::NameResolution, resolve(host, port)).await??;
    addresses.retain(|address| is_of(reach.family, address));
    let from = deadline.within(Phase::NameResolution, own_addresses(reach)).await??;
    let attempt = first_to_answer(host, port, addresses, from);
    let attempt = async {
        match reach.within {
            Some(within) => tokio::time::timeout(within, attempt).await.unwrap_or_else(|_| Err(late(host, port))),
            None => attempt.await,
        }
    };
    let stream = deadline.within(Phase::Connection, attempt).await??;
    // Without this, Nagle's algorithm holds back small packets: two round trips and 40 ms over a login.
    stream.set_nodelay(true).map_err(|source| DialError::Connect { host: host.to_owned(), port, source })?;
    Ok(stream)
}

fn late(host: &str, port: u16) -> DialError {
    DialError::Connect { host: host.to_owned(), port, source: io::ErrorKind::TimedOut.into() }
}

fn is_of(family: AddressFamily, address: &SocketAddr) -> bool {
    match family {
        AddressFamily::Any => true,
        AddressFamily::Inet => address.is_ipv4(),
        AddressFamily::Inet6 => address.is_ipv6(),
    }
}

/// The addresses to bind to, with port 0; none when any will do.
async fn own_addresses(reach: &Reach<'_>) -> Result<Vec<SocketAddr>, DialError> {
    match reach.from {
        Some(name) => resolve(name, 0).await,
        None => Ok(Vec::new()),
    }
}

/// Connects to `address`, from the one of `from` that is of its family.
async fn connect_from(address: SocketAddr, from: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let socket = if address.is_ipv6() { TcpSocket::new_v6()? } else { TcpSocket::new_v4()? };
    // As `ssh` does (`TCPKeepAlive yes`), so that firewalls on the way do not forget the connection.
    socket.set_keepalive(true)?;
    if !from.is_empty() {
        let own = from.into_iter().find(|own| own.is_ipv6() == address.is_ipv6());
        let no_such = || io::Error::new(io::ErrorKind::AddrNotAvailable, "the address to bind to is of another family");
        socket.bind(own.ok_or_else(no_such)?)?;
    }
    socket.connect(address).await
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
async fn first_to_answer(
    host: &str,
    port: u16,
    addresses: Vec<SocketAddr>,
    from: Vec<SocketAddr>,
) -> Result<TcpStream, DialError> {
    let mut waiting = addresses.into_iter();
    let mut running = JoinSet::new();
    let mut failure = None;
    loop {
        match waiting.next() {
            Some(address) => drop(running.spawn(connect_from(address, from.clone()))),
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
    let source = failure.unwrap_or_else(|| {
        io::Error::new(io::ErrorKind::NotFound, "it has no address of the family that is asked for")
    });
    Err(DialError::Connect { host: host.to_owned(), port, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: Reach<'static> = Reach { family: AddressFamily::Any, from: None, within: None };

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
        let stream = first_to_answer("fw1", 22, vec![closed, good], Vec::new()).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), good);
    }

    #[tokio::test]
    async fn a_refusal_names_the_host_and_the_port() {
        let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let error = first_to_answer("fw1", closed.port(), vec![closed], Vec::new()).await.unwrap_err();
        assert_eq!(error.to_string(), format!("cannot connect to fw1 port {}", closed.port()));
    }

    #[tokio::test]
    async fn an_address_of_ours_is_bound_to_and_the_family_is_kept() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let deadline = Deadline::after(Duration::from_secs(5));
        let reach = Reach { from: Some("127.0.0.9"), ..ANY };
        let stream = connect("127.0.0.1", port, &reach, &deadline).await.unwrap();
        assert_eq!(stream.local_addr().unwrap().ip(), address("127.0.0.9:0").ip());

        let reach = Reach { family: AddressFamily::Inet6, ..ANY };
        let error = connect("127.0.0.1", port, &reach, &deadline).await.unwrap_err();
        let why = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(why, "it has no address of the family that is asked for");
    }

    #[tokio::test]
    async fn an_attempt_to_connect_has_its_own_limit() {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(address("127.0.0.1:0")).unwrap();
        let listener = socket.listen(1).unwrap();
        let full = listener.local_addr().unwrap();
        // Nobody accepts, and once the queue is full, nobody answers either.
        let short = Duration::from_millis(50);
        let mut queue = Vec::new();
        while let Ok(queued) = tokio::time::timeout(short, TcpStream::connect(full)).await {
            queue.push(queued);
        }
        let deadline = Deadline::after(Duration::from_secs(20));
        let reach = Reach { within: Some(short), ..ANY };
        let error = connect("127.0.0.1", full.port(), &reach, &deadline).await.unwrap_err();
        assert!(matches!(error, DialError::Connect { .. }), "{error}");
    }
}
