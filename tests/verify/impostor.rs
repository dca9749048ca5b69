//! Something that listens where HTTPS administration should be.

use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What it does with a connection.
#[derive(Clone)]
pub enum Manner {
    /// Says this instead of TLS.
    Says(&'static [u8]),
    /// Says nothing, and keeps the connection.
    Hangs,
    /// Ends it at once.
    Closes,
    /// Answers the request with this over TLS, then ends the connection.
    Answers(Vec<u8>),
    /// Speaks TLS, and says nothing.
    HangsInTls,
}

/// Starts it; its port, and its certificate.
pub async fn impostor(manner: Manner) -> (u16, CertificateDer<'static>) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
    let der = certificate.der().clone();
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let tls = TlsAcceptor::from(Arc::new(builder.with_single_cert(vec![der.clone()], private).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, tls.clone(), manner.clone()));
        }
    });
    (port, der)
}

async fn serve(mut stream: TcpStream, tls: TlsAcceptor, manner: Manner) {
    match manner {
        Manner::Closes => {}
        Manner::Says(words) => {
            let _ = stream.write_all(words).await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
        Manner::Hangs => {
            // Reads whatever comes, until the other side gives up.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
        Manner::HangsInTls => {
            let mut stream = tls.accept(stream).await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
        Manner::Answers(words) => {
            let mut stream = tls.accept(stream).await.unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(&words).await;
            let _ = stream.shutdown().await;
        }
    }
}
