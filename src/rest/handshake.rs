//! TLS up to the certificate. The server proves that it has the certificate's private key; whose certificate it is, is
//! judged afterwards.

use std::io;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

use super::ask::Trusted;
use super::presented::Presented;
use super::trust::{CertificateFault, Trust};

/// A TLS connection whose other end nobody has judged yet: nothing can be sent on it.
pub struct Handshake<S> {
    stream: TlsStream<S>,
    chain: Vec<CertificateDer<'static>>,
}

/// Why there is no TLS connection.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// It hung up.
    #[error("the connection was closed in the TLS handshake")]
    Closed,
    /// What it said is not TLS.
    #[error("it does not speak TLS")]
    NotTls,
    /// No agreement, or a proof that is wrong.
    #[error("the TLS handshake failed: {0}")]
    Tls(Error),
    /// The connection broke.
    #[error("the connection broke in the TLS handshake")]
    Io(#[source] io::Error),
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Handshake<S> {
    /// Shakes hands with the server of that name.
    ///
    /// # Errors
    /// When the other end is no TLS server, or none that can be agreed with.
    pub async fn begin(stream: S, name: ServerName<'static>) -> Result<Handshake<S>, HandshakeError> {
        let connector = TlsConnector::from(Arc::new(config().map_err(HandshakeError::Tls)?));
        let stream = connector.connect(name, stream).await.map_err(of_io)?;
        let presented = stream.get_ref().1.peer_certificates().unwrap_or_default();
        let chain = presented.iter().map(|certificate| certificate.clone().into_owned()).collect();
        Ok(Handshake { stream, chain })
    }

    /// The server's own certificate; `None` when it presented none that can be read.
    pub fn leaf(&self) -> Option<Presented> {
        Presented::parse(self.chain.first()?)
    }

    /// The connection with a server that is trusted; otherwise the connection as it was, and why it is not.
    ///
    /// # Errors
    /// [`CertificateFault`].
    pub fn trusting(
        self,
        trust: &Trust,
        names: &[ServerName<'_>],
        now: Timestamp,
    ) -> Result<Trusted<S>, Box<(Handshake<S>, CertificateFault)>> {
        match trust.judge(&self.chain, names, now) {
            Ok(assurance) => Ok(Trusted::new(self.stream, assurance)),
            Err(fault) => Err(Box::new((self, fault))),
        }
    }
}

fn of_io(error: io::Error) -> HandshakeError {
    let kind = error.kind();
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidMessage(_)) => HandshakeError::NotTls,
        Some(tls) => HandshakeError::Tls(tls.clone()),
        None if matches!(kind, io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => HandshakeError::Closed,
        None => HandshakeError::Io(error),
    }
}

fn config() -> Result<ClientConfig, Error> {
    let provider = Arc::new(default_provider());
    let judge = Arc::new(JudgedLater(provider.clone()));
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = builder.dangerous().with_custom_certificate_verifier(judge).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Lets every certificate pass to where it is judged ([`Trust::judge`]), once the server has signed with it.
#[derive(Debug)]
struct JudgedLater(Arc<CryptoProvider>);

impl ServerCertVerifier for JudgedLater {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
