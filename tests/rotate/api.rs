//! A consumer: asks the API with a key over TLS, and trusts the device's own authority.

use std::net::SocketAddr;
use std::sync::Arc;

use fgtkey::sim::{Device, Https};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

#[derive(Clone)]
pub struct Consumer {
    addr: SocketAddr,
    connector: TlsConnector,
}

impl Consumer {
    pub fn of(device: &Device, https: &Https) -> Consumer {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(device.ca().unwrap())).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        Consumer { addr: https.addr(), connector: TlsConnector::from(Arc::new(builder.with_no_client_auth())) }
    }

    /// The status that the API answers with.
    pub async fn asks(&self, key: &str) -> u16 {
        let stream = TcpStream::connect(self.addr).await.unwrap();
        let mut tls = self.connector.connect(ServerName::from(self.addr.ip()), stream).await.unwrap();
        let path = "/api/v2/monitor/system/status";
        let head =
            format!("GET {path} HTTP/1.1\r\nHost: fw1\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\r\n");
        tls.write_all(head.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        tls.read_to_end(&mut bytes).await.unwrap();
        String::from_utf8(bytes).unwrap().split(' ').nth(1).unwrap().parse().unwrap()
    }
}
