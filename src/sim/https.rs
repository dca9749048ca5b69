//! The HTTPS administration of a simulated device: TLS and HTTP in front of the REST API.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ServerConfig};

use super::certificate::{CertificateError, pem};
use super::device::Device;
use super::https_traps::PortTrap;
use super::rest;
use super::server::{ListenError, refusing};
use crate::secret::Secret;

/// What the HTTPS side of a device has seen so far.
#[derive(Debug, Default)]
pub struct HttpsCounters {
    /// TCP connections.
    pub connections: AtomicUsize,
    /// HTTP requests.
    pub requests: AtomicUsize,
    /// Requests that were answered with 401, 403 or 429.
    pub refused: AtomicUsize,
}

/// A device that answers HTTPS. It stops when this is dropped, and so do its connections.
pub struct Https {
    addr: SocketAddr,
    device: Device,
    counters: Arc<HttpsCounters>,
    accepting: Option<JoinHandle<()>>,
    /// A port that is taken and refuses connections.
    _closed: Option<TcpSocket>,
}

impl Https {
    /// Starts to listen at `addr` (port 0 takes a free one); needs a Tokio runtime. From now on the device's CLI prints
    /// this port as `admin-sport`. A later `set admin-sport` is kept and printed, but the listener stays where it is.
    ///
    /// # Errors
    ///
    /// When the address cannot be bound.
    pub async fn start(device: Device, addr: SocketAddr) -> Result<Https, ListenError> {
        let unbound = |source| ListenError::Bind { addr, source };
        let counters = Arc::new(HttpsCounters::default());
        let trap = device.spec().traps.https.port;
        let closed = match trap {
            PortTrap::Open => None,
            PortTrap::Closed => Some(refusing(addr).map_err(unbound)?),
            PortTrap::Other => Some(refusing(SocketAddr::new(addr.ip(), 0)).map_err(unbound)?),
        };
        let printed = closed.as_ref().map(TcpSocket::local_addr).transpose().map_err(unbound)?;
        let listener = match trap {
            PortTrap::Closed => None,
            _ => Some(TcpListener::bind(addr).await.map_err(unbound)?),
        };
        let listening = listener.as_ref().map(TcpListener::local_addr).transpose().map_err(unbound)?;
        let addr = listening.or(printed).unwrap_or(addr);
        device.serves_https(addr, printed.unwrap_or(addr).port());
        let site = Site { tls: acceptor(&device), device: device.clone(), counters: Arc::clone(&counters) };
        let accepting = listener.map(|listener| tokio::spawn(accept(listener, site)));
        Ok(Https { addr, device, counters, accepting, _closed: closed })
    }

    /// Where it listens; with [`PortTrap::Closed`], where it would.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The certificate of the device's own CA in PEM.
    ///
    /// # Errors
    ///
    /// When the certificates cannot be made.
    pub fn ca_pem(&self) -> Result<String, CertificateError> {
        self.device.ca().map(|der| pem(&der))
    }

    /// What it has seen.
    pub fn counters(&self) -> &HttpsCounters {
        &self.counters
    }
}

impl Drop for Https {
    fn drop(&mut self) {
        if let Some(accepting) = &self.accepting {
            accepting.abort();
        }
    }
}

/// What all connections share.
#[derive(Clone)]
struct Site {
    tls: Option<TlsAcceptor>,
    device: Device,
    counters: Arc<HttpsCounters>,
}

/// `None` when the TLS library has no protocol in common with itself, which it always has.
fn acceptor(device: &Device) -> Option<TlsAcceptor> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
    let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::new(Resolver(device.clone())));
    // Each connection shows the certificate as it is now, and a fleet of devices keeps no sessions.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Some(Arc::new(config).into())
}

/// The certificate of the moment.
struct Resolver(Device);

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver(…)")
    }
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut state = self.0.lock();
        let alone = state.spec.traps.https.no_chain;
        let local = state.presents().ok()??;
        let shown = local.presented();
        let issuer = shown.issuer.filter(|_| !alone);
        let chain = std::iter::once(shown.leaf).chain(issuer).map(CertificateDer::from).collect();
        let key = PrivatePkcs8KeyDer::from(local.certificate.key.clone());
        let key = rustls::crypto::ring::sign::any_ecdsa_type(&key.into()).ok()?;
        Some(Arc::new(CertifiedKey::new(chain, key)))
    }
}

async fn accept(listener: TcpListener, site: Site) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, peer)) = listener.accept().await {
        site.counters.connections.fetch_add(1, Ordering::Relaxed);
        connections.spawn(serve(stream, peer, site.clone()));
        while connections.try_join_next().is_some() {}
    }
}

/// One connection, from its handshake to its last request. How it ends is the client's business.
async fn serve(stream: TcpStream, peer: SocketAddr, site: Site) {
    let Some(tls) = site.tls.clone() else { return };
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let Ok(stream) = tls.accept(stream).await else { return };
    let service = service_fn(|request| {
        let response = respond(&site, peer, &request);
        async { Ok::<_, Infallible>(response) }
    });
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

fn respond(site: &Site, peer: SocketAddr, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    site.counters.requests.fetch_add(1, Ordering::Relaxed);
    let answer = rest::answer(&site.device, &asked(peer, request));
    if matches!(answer.status, 401 | 403 | 429) {
        site.counters.refused.fetch_add(1, Ordering::Relaxed);
    }
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or_default();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    response
}

fn asked(peer: SocketAddr, request: &Request<Incoming>) -> rest::Request {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    rest::Request {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: rest::pairs(request.uri().query().unwrap_or_default()),
        bearer: header.and_then(|value| value.strip_prefix("Bearer ")).map(|key| Secret::new(key.trim())),
        source: peer.ip().to_canonical(),
    }
}
