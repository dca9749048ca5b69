//! Consumers of a key: they read it where it was delivered before every request, and never pause.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use tokio_rustls::rustls::crypto::ring;
use ureq::Agent;
use ureq::tls::{TlsConfig, TlsProvider};

use crate::desk::Desk;

/// How many there are.
const CONSUMERS: usize = 2;

/// Consumers at work.
pub struct Consumers {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    url: String,
    key: PathBuf,
    over: AtomicBool,
    served: AtomicUsize,
    refused: Mutex<Vec<String>>,
}

impl Consumers {
    /// They use the key in `file:key`.
    pub fn of(desk: &Desk) -> Consumers {
        let shared = Arc::new(Shared {
            url: format!("https://{}/api/v2/monitor/system/status", desk.https.addr()),
            key: desk.path("key"),
            over: AtomicBool::new(false),
            served: AtomicUsize::new(0),
            refused: Mutex::default(),
        });
        let threads = (0..CONSUMERS).map(|_| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || shared.consume())
        });
        Consumers { threads: threads.collect(), shared }
    }

    /// The end of their work.
    pub fn were_never_refused(self) {
        self.shared.over.store(true, Ordering::Relaxed);
        self.threads.into_iter().for_each(|thread| thread.join().unwrap());
        let refused = self.shared.refused.lock().unwrap();
        let served = self.shared.served.load(Ordering::Relaxed);
        assert!(refused.is_empty(), "{} of {} requests: {refused:#?}", refused.len(), served + refused.len());
        assert!(served > 100, "only {served} requests were served");
    }
}

impl Shared {
    fn consume(&self) {
        let agent = agent();
        while !self.over.load(Ordering::Relaxed) {
            let key = fs::read_to_string(&self.key).unwrap_or_default();
            let asked = agent.get(&self.url).header("Authorization", format!("Bearer {}", key.trim_end())).call();
            match asked.map(|answer| answer.status().as_u16()) {
                Ok(200) => drop(self.served.fetch_add(1, Ordering::Relaxed)),
                other => self.refused.lock().unwrap().push(format!("{other:?}")),
            }
        }
    }
}

/// The certificate is not what is in question here.
fn agent() -> Agent {
    let tls = TlsConfig::builder().provider(TlsProvider::Rustls).disable_verification(true);
    let tls = tls.unversioned_rustls_crypto_provider(Arc::new(ring::default_provider())).build();
    Agent::config_builder().tls_config(tls).http_status_as_error(false).build().into()
}
