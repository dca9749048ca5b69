//! The SSH server of a simulated device.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use russh::keys::ssh_key::private::Ed25519Keypair;
use russh::keys::{HashAlg, PrivateKey, PublicKey};
use russh::server::{self, run_stream};
use russh::{MethodKind, MethodSet, Preferred, SshId, cipher, kex, mac};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;

use super::connection::Connection;
use super::device::Device;
use super::link::Link;
use super::random::seed_bytes;

/// Wrong logins from one address before it is locked out (`admin-lockout-threshold`).
const LOCKOUT_THRESHOLD: usize = 3;

/// How long the lock lasts (`admin-lockout-duration`).
const LOCKOUT: Duration = Duration::from_secs(60);

/// Where and how a device listens.
#[derive(Debug, Clone)]
pub struct Listen {
    /// The address; port 0 takes a free one.
    pub addr: SocketAddr,
    /// The device's host key; `None` makes a new Ed25519 key.
    pub host_key: Option<PrivateKey>,
    /// How late the bytes of each direction are; with it, a connection costs its round trip like a real one.
    pub delay: Duration,
    /// Which ways to log in are offered.
    pub methods: Methods,
    /// Which algorithms are offered.
    pub algorithms: Algorithms,
    /// Whether three wrong logins lock an address out for a minute.
    pub lockout: bool,
    /// What becomes of connections.
    pub port: Port,
}

/// What becomes of connections to the port of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Port {
    /// They reach the SSH server.
    #[default]
    Open,
    /// They are refused: the port is taken, and nothing listens.
    Closed,
    /// They are made, and not a byte is ever sent.
    Silent,
}

/// The ways to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Methods {
    /// The method `password`.
    pub password: bool,
    /// The method `publickey`.
    pub publickey: bool,
    /// The method `keyboard-interactive`, with the single question `Password: `.
    pub keyboard_interactive: bool,
}

impl Default for Methods {
    /// All three.
    fn default() -> Self {
        Methods { password: true, publickey: true, keyboard_interactive: true }
    }
}

impl Default for Listen {
    /// A free port of loopback, a new host key, no delay, all methods, lockout on.
    fn default() -> Self {
        Listen {
            addr: ([127, 0, 0, 1], 0).into(),
            host_key: None,
            delay: Duration::ZERO,
            methods: Methods::default(),
            algorithms: Algorithms::default(),
            lockout: true,
            port: Port::Open,
        }
    }
}

/// The algorithms that a device offers. The host key is Ed25519 in each case, unless [`Listen::host_key`] says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithms {
    /// As `strong-crypto` leaves them: curve25519 under its older name only, no extension negotiation.
    #[default]
    Strong,
    /// A hardened 7.2: nothing but group exchange with SHA-256 (oxidized #3123).
    Hardened,
    /// Old firmware: SHA-1 and CBC.
    Legacy,
}

impl Algorithms {
    fn preferred(self) -> Preferred {
        let (kex, cipher, mac): (&[kex::Name], &[cipher::Name], &[mac::Name]) = match self {
            Algorithms::Strong => (
                &[
                    kex::DH_GEX_SHA256,
                    kex::CURVE25519_PRE_RFC_8731,
                    kex::ECDH_SHA2_NISTP256,
                    kex::ECDH_SHA2_NISTP384,
                    kex::ECDH_SHA2_NISTP521,
                    kex::DH_G14_SHA256,
                    kex::DH_G16_SHA512,
                    kex::DH_G18_SHA512,
                ],
                &[cipher::CHACHA20_POLY1305, cipher::AES_256_CTR, cipher::AES_256_GCM],
                &[mac::HMAC_SHA256, mac::HMAC_SHA512, mac::HMAC_SHA256_ETM, mac::HMAC_SHA512_ETM],
            ),
            Algorithms::Hardened => {
                (&[kex::DH_GEX_SHA256], &[cipher::AES_256_CTR, cipher::AES_256_GCM], &[mac::HMAC_SHA256])
            }
            Algorithms::Legacy => {
                (&[kex::DH_GEX_SHA1, kex::DH_G14_SHA1], &[cipher::AES_128_CBC, cipher::AES_256_CBC], &[mac::HMAC_SHA1])
            }
        };
        Preferred {
            kex: kex.to_vec().into(),
            cipher: cipher.to_vec().into(),
            mac: mac.to_vec().into(),
            ..Preferred::default()
        }
    }
}

/// Why a simulated device cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address is taken, or not ours.
    #[error("the simulated device cannot listen on {addr}")]
    Bind {
        /// The address.
        addr: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// What a server has seen so far, for tests that count.
#[derive(Debug, Default)]
pub struct Counters {
    /// TCP connections.
    pub connections: AtomicUsize,
    /// Logins that were tried, the probe `none` and offered keys not counted.
    pub attempts: AtomicUsize,
    /// Those that failed.
    pub failures: AtomicUsize,
    /// Shells that were opened.
    pub shells: AtomicUsize,
    /// Commands that were asked for over exec.
    pub execs: AtomicUsize,
}

/// A device that listens. It stops when this is dropped, and so do its connections.
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    host_key: PublicKey,
    counters: Arc<Counters>,
    accepting: Option<JoinHandle<()>>,
    /// A port that is taken and refuses connections.
    _closed: Option<TcpSocket>,
}

impl Server {
    /// Starts to listen; needs a Tokio runtime.
    ///
    /// # Errors
    ///
    /// When the address cannot be bound.
    pub async fn start(device: Device, listen: Listen) -> Result<Server, ListenError> {
        let unbound = |source| ListenError::Bind { addr: listen.addr, source };
        let bound = Bound::at(listen.addr, listen.port).await.map_err(unbound)?;
        let addr = bound.addr().map_err(unbound)?;
        let host_key = listen.host_key.clone().unwrap_or_else(|| host_key_of(seed_bytes()));
        let counters = Arc::new(Counters::default());
        let public = host_key.public_key().clone();
        let site = Site {
            config: Arc::new(config(host_key, &listen)),
            lockout: Arc::new(Lockout { on: listen.lockout, ..Lockout::default() }),
            counters: Arc::clone(&counters),
            device,
            delay: listen.delay,
        };
        let (accepting, closed) = match bound {
            Bound::Closed(socket) => (None, Some(socket)),
            Bound::Listening(listener) if listen.port == Port::Silent => {
                (Some(tokio::spawn(hold(listener, site))), None)
            }
            Bound::Listening(listener) => (Some(tokio::spawn(accept(listener, site))), None),
        };
        Ok(Server { addr, host_key: public, counters, accepting, _closed: closed })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its host key.
    pub fn host_key(&self) -> &PublicKey {
        &self.host_key
    }

    /// The host key's fingerprint as OpenSSH prints it: `SHA256:…`.
    pub fn fingerprint(&self) -> String {
        self.host_key.fingerprint(HashAlg::Sha256).to_string()
    }

    /// What it has seen.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(accepting) = &self.accepting {
            accepting.abort();
        }
    }
}

/// A port of the device.
enum Bound {
    Listening(TcpListener),
    Closed(TcpSocket),
}

impl Bound {
    async fn at(addr: SocketAddr, port: Port) -> io::Result<Bound> {
        match port {
            Port::Closed => refusing(addr).map(Bound::Closed),
            Port::Open | Port::Silent => TcpListener::bind(addr).await.map(Bound::Listening),
        }
    }

    fn addr(&self) -> io::Result<SocketAddr> {
        match self {
            Bound::Listening(listener) => listener.local_addr(),
            Bound::Closed(socket) => socket.local_addr(),
        }
    }
}

/// A port that is bound but does not listen: the system refuses connections to it, and gives it to nobody else.
pub(super) fn refusing(addr: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.bind(addr)?;
    Ok(socket)
}

/// What all connections of a server share.
#[derive(Clone)]
pub(super) struct Site {
    pub(super) config: Arc<server::Config>,
    pub(super) lockout: Arc<Lockout>,
    pub(super) counters: Arc<Counters>,
    pub(super) device: Device,
    pub(super) delay: Duration,
}

async fn accept(listener: TcpListener, site: Site) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, peer)) = listener.accept().await {
        site.counters.connections.fetch_add(1, Ordering::Relaxed);
        connections.spawn(serve(stream, peer, site.clone()));
        while connections.try_join_next().is_some() {}
    }
}

/// Takes connections and says nothing on them.
async fn hold(listener: TcpListener, site: Site) {
    let mut held = Vec::new();
    while let Ok((stream, _)) = listener.accept().await {
        site.counters.connections.fetch_add(1, Ordering::Relaxed);
        held.push(stream);
    }
}

/// One connection, from its first byte to its last.
async fn serve(stream: TcpStream, peer: SocketAddr, site: Site) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let link = Link::default();
    let connection = Connection::new(site.clone(), peer, link.clone());
    if site.delay.is_zero() {
        let wire = link.direct(stream);
        return talk(wire, connection, link, &site).await;
    }
    let wire = link.relay(stream, site.delay);
    tokio::time::sleep(site.delay * 3).await;
    talk(wire, connection, link, &site).await;
}

/// The device's side of SSH, to its end.
async fn talk<W>(wire: W, connection: Connection, link: Link, site: &Site)
where
    W: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut guard = TearOnDrop(Some(link));
    if let Ok(session) = run_stream(Arc::clone(&site.config), wire, connection).await {
        // How it ended is the client's business: a refused login and a vanished client are no failures of the device.
        let _ = session.await;
        guard.0 = None;
    }
}

/// Tears the wire of a connection that did not end by itself: its server was stopped.
struct TearOnDrop(Option<Link>);

impl Drop for TearOnDrop {
    fn drop(&mut self) {
        if let Some(link) = &self.0 {
            link.tear();
        }
    }
}

fn config(host_key: PrivateKey, listen: &Listen) -> server::Config {
    let methods = listen.methods;
    let offered = [
        (methods.password, MethodKind::Password),
        (methods.publickey, MethodKind::PublicKey),
        (methods.keyboard_interactive, MethodKind::KeyboardInteractive),
    ];
    let offered: Vec<MethodKind> = offered.iter().filter(|(on, _)| *on).map(|(_, method)| *method).collect();
    server::Config {
        // Old firmware names a random product of five characters; nothing can be learned from it.
        server_id: SshId::Standard("SSH-2.0-U_ASM".into()),
        methods: MethodSet::from(offered.as_slice()),
        auth_rejection_time: Duration::from_millis(20),
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys: vec![host_key],
        max_auth_attempts: LOCKOUT_THRESHOLD,
        inactivity_timeout: None,
        nodelay: true,
        preferred: listen.algorithms.preferred(),
        ..server::Config::default()
    }
}

/// The Ed25519 key made of these bytes.
pub(super) fn host_key_of(seed: [u8; 32]) -> PrivateKey {
    PrivateKey::from(Ed25519Keypair::from_seed(&seed))
}

/// Addresses with wrong logins.
#[derive(Debug, Default)]
pub(super) struct Lockout {
    on: bool,
    failures: Mutex<HashMap<IpAddr, (usize, Instant)>>,
}

impl Lockout {
    pub(super) fn is_locked(&self, address: IpAddr) -> bool {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let locked = |(count, last): &(usize, Instant)| *count >= LOCKOUT_THRESHOLD && last.elapsed() < LOCKOUT;
        self.on && failures.get(&address).is_some_and(locked)
    }

    pub(super) fn failed(&self, address: IpAddr) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = failures.entry(address).or_insert_with(|| (0, Instant::now()));
        *entry = (entry.0 + 1, Instant::now());
    }

    pub(super) fn succeeded(&self, address: IpAddr) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(&address);
    }
}
