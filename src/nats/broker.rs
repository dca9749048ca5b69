//! The broker: streams, consumers, and messages that are kept when the call returns.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::stream::{Config, RetentionPolicy, StorageType, Stream};
use async_nats::jetstream::{self, Context};
use async_nats::{HeaderMap, header};

use super::access::Access;

/// The stream of the jobs.
pub const JOBS: &str = "FGTKEY_JOBS";
/// The stream of what comes back.
pub const RESULTS: &str = "FGTKEY_RESULTS";

/// How long a message is tried to be put on a stream.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long to wait between two tries: a broker that restarts needs a moment.
pub(super) const PAUSE: Duration = Duration::from_millis(500);
/// How long it is believed whether a site has a worker.
const BELIEVED: Duration = Duration::from_secs(3);
/// How long a result may be unacknowledged: to the end of most runs, since it is acknowledged when all is written down.
const RESULTS_WAIT: Duration = Duration::from_secs(3600);
/// How many results may be on their way to a submitter at once, and jobs on their way to the workers of a site.
const IN_FLIGHT: i64 = 100_000;

/// The header that names the device of a message.
pub const DEVICE: &str = "Fgtkey-Device";
/// The header that says what a result is.
pub const KIND: &str = "Fgtkey-Kind";

/// How streams are made where they are missing.
#[derive(Debug, Clone, Copy)]
pub struct Storage {
    /// On how many servers of a cluster each message is kept.
    pub replicas: usize,
    /// How long jobs and results are kept that nobody takes.
    pub max_age: Duration,
    /// Whether they are kept in memory, where a restart of the broker loses them.
    pub in_memory: bool,
    /// How long a job may be silent before another worker gets it.
    pub ack_wait: Duration,
}

/// Why something cannot be done with the broker.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// It is no URL of a broker.
    #[error("{url} is no URL of a NATS server")]
    Url {
        /// The URL, without a password.
        url: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file of credentials cannot be used.
    #[error("the NATS credentials in {} cannot be used", path.display())]
    CredentialsFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Nobody says where it is.
    #[error("no NATS server is named")]
    NoUrl,
    /// A password where others can read it.
    #[error("--nats: a password in the URL would be seen by all who list processes")]
    Exposed,
    /// There is no connection.
    #[error("the NATS server {url} cannot be reached")]
    Unreachable {
        /// The URL, without a password.
        url: String,
        /// Why.
        source: async_nats::ConnectError,
    },
    /// The broker does not let us in.
    #[error("the NATS server {url} denies the login")]
    Denied {
        /// The URL, without a password.
        url: String,
    },
    /// The broker refuses, or does not answer.
    #[error("NATS: could not {doing}")]
    Refused {
        /// What was being done.
        doing: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A stream of that name is there, and is something else.
    #[error("NATS: the stream {0} is there, and is no work queue")]
    NoQueue(String),
}

impl BrokerError {
    /// What to type next.
    pub fn hint(&self) -> Option<String> {
        match self {
            BrokerError::Denied { .. } => {
                Some("NATS_USER and NATS_PASSWORD, NATS_TOKEN, or --nats-creds FILE say who you are".into())
            }
            BrokerError::Exposed => {
                Some("put it into NATS_USER and NATS_PASSWORD, or the whole URL into NATS_URL".into())
            }
            BrokerError::NoUrl | BrokerError::Unreachable { .. } => {
                Some("--nats nats://HOST:4222 says where it is".into())
            }
            BrokerError::Refused { .. } => Some("is it a server with JetStream (`nats-server -js`)?".into()),
            _ => None,
        }
    }

    fn refused(doing: &str, source: impl std::error::Error + Send + Sync + 'static) -> BrokerError {
        BrokerError::Refused { doing: doing.to_owned(), source: Box::new(source) }
    }
}

/// A connection to the broker, with both streams there.
pub struct Broker {
    context: Context,
    storage: Storage,
    jobs: Stream,
    results: Stream,
    /// When it was asked whether a site has a worker, and what came of it.
    manned: Mutex<HashMap<String, (Instant, bool)>>,
}

/// A message for a stream.
pub struct Parcel<'a> {
    /// Its subject.
    pub subject: String,
    /// Its `Nats-Msg-Id`: a second one with the same is dropped.
    pub id: String,
    /// The device it is about.
    pub device: &'a str,
    /// What it is, where that has to be told.
    pub kind: &'a str,
    /// What is in it.
    pub payload: Vec<u8>,
}

impl Broker {
    /// Connects, and makes the streams where they are missing. `name` is how the broker lists us.
    ///
    /// # Errors
    /// [`BrokerError`].
    pub async fn open(access: &Access, storage: Storage, name: &str) -> Result<Broker, BrokerError> {
        let context = jetstream::new(access.connect(name).await?);
        let jobs = stream(&context, storage, JOBS, "fgtkey.jobs.>").await?;
        let results = stream(&context, storage, RESULTS, "fgtkey.results.>").await?;
        Ok(Broker { context, storage, jobs, results, manned: Mutex::default() })
    }

    /// Puts a message on its stream: it is kept when this returns. Tried for a while, since a broker may be restarted, unless
    /// `gives_up` says that there is no time. Returns its number in the stream.
    ///
    /// # Errors
    /// [`BrokerError::Refused`] when it was not kept, as far as is known.
    pub async fn keep(&self, parcel: Parcel<'_>, gives_up: impl Fn() -> bool) -> Result<u64, BrokerError> {
        let began = Instant::now();
        let mut headers = HeaderMap::new();
        headers.insert(header::NATS_MESSAGE_ID, parcel.id.as_str());
        headers.insert(DEVICE, parcel.device);
        headers.insert(KIND, parcel.kind);
        loop {
            let sent = self
                .context
                .publish_with_headers(parcel.subject.clone(), headers.clone(), parcel.payload.clone().into())
                .await;
            let kept = match sent {
                Ok(kept) => kept.await,
                Err(error) => Err(error),
            };
            match kept {
                Ok(kept) => return Ok(kept.sequence),
                Err(error) if gives_up() || began.elapsed() > PATIENCE => {
                    return Err(BrokerError::refused("have a message kept", error));
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Tells whoever listens; nobody may.
    pub async fn tell(&self, subject: String, payload: Vec<u8>) {
        let _ = self.context.client().publish(subject, payload.into()).await;
    }

    /// Listens to what is told on a subject.
    ///
    /// # Errors
    /// [`BrokerError::Refused`].
    pub async fn listen(&self, subject: String) -> Result<async_nats::Subscriber, BrokerError> {
        let client = self.context.client();
        client.subscribe(subject).await.map_err(|error| BrokerError::refused("listen to the progress", error))
    }

    /// The consumer that the workers of a site share.
    ///
    /// # Errors
    /// [`BrokerError::Refused`].
    pub async fn jobs_of(&self, site: &str) -> Result<PullConsumer, BrokerError> {
        let consumer = self.consumer(site, format!("fgtkey.jobs.{site}.*"));
        let made = self.jobs.get_or_create_consumer(site, consumer).await;
        made.map_err(|error| BrokerError::refused(&format!("make the consumer of the site {site}"), error))
    }

    /// The consumer of what comes back of a run. It is a new one, which gets at once what an earlier one had and did not
    /// acknowledge.
    ///
    /// # Errors
    /// [`BrokerError::Refused`].
    pub async fn results_of(&self, run: &str) -> Result<PullConsumer, BrokerError> {
        self.forget_results_of(run).await;
        let consumer = self.consumer(run, format!("fgtkey.results.{run}"));
        let consumer = pull::Config { ack_wait: RESULTS_WAIT, ..consumer };
        let made = self.results.get_or_create_consumer(run, consumer).await;
        made.map_err(|error| BrokerError::refused(&format!("make the consumer of the run {run}"), error))
    }

    /// Forgets the consumer of a run whose results are all delivered.
    pub async fn forget_results_of(&self, run: &str) {
        // One that stays costs the broker a few bytes.
        let _ = self.results.delete_consumer(run).await;
    }

    fn consumer(&self, name: &str, filter_subject: String) -> pull::Config {
        pull::Config {
            durable_name: Some(name.to_owned()),
            filter_subject,
            ack_policy: AckPolicy::Explicit,
            ack_wait: self.storage.ack_wait,
            // How often a job may be begun is for the worker to count: what the broker gives up would never be reported.
            max_deliver: -1,
            max_ack_pending: IN_FLIGHT,
            ..pull::Config::default()
        }
    }

    /// Takes a job off the queue; false when it is not there any more.
    pub async fn withdraw(&self, sequence: u64) -> bool {
        self.jobs.delete_message(sequence).await.unwrap_or(false)
    }

    /// Whether some worker of a site waits for jobs, or is at work on some.
    pub async fn has_worker(&self, site: &str) -> bool {
        if let Some((asked, manned)) = self.believed(site)
            && asked.elapsed() < BELIEVED
        {
            return manned;
        }
        let info = self.jobs.consumer_info(site).await;
        let manned = info.is_ok_and(|info| info.num_waiting > 0 || info.num_ack_pending > 0);
        if let Ok(mut known) = self.manned.lock() {
            known.insert(site.to_owned(), (Instant::now(), manned));
        }
        manned
    }

    fn believed(&self, site: &str) -> Option<(Instant, bool)> {
        self.manned.lock().ok()?.get(site).copied()
    }
}

async fn stream(context: &Context, storage: Storage, name: &str, subjects: &str) -> Result<Stream, BrokerError> {
    let config = Config {
        name: name.to_owned(),
        subjects: vec![subjects.to_owned()],
        retention: RetentionPolicy::WorkQueue,
        max_age: storage.max_age,
        // As long as a message may be there, its double is known.
        duplicate_window: storage.max_age,
        storage: if storage.in_memory { StorageType::Memory } else { StorageType::File },
        num_replicas: storage.replicas,
        ..Config::default()
    };
    let made = context.get_or_create_stream(config).await;
    let stream = made.map_err(|error| BrokerError::refused(&format!("make the stream {name}"), error))?;
    match stream.cached_info().config.retention {
        RetentionPolicy::WorkQueue => Ok(stream),
        _ => Err(BrokerError::NoQueue(name.to_owned())),
    }
}
