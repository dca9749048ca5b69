//! What comes back of a run, sorted by device.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_nats::jetstream::AckKind;
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::message::Acker;
use futures_util::StreamExt;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use super::broker::{Broker, BrokerError, DEVICE, KIND};
use super::letter::{self, End, News, What};

/// Something that came back for a device.
pub enum Letter {
    /// It happened.
    News(What),
    /// A sealed key, and the name of its message: the same name is the same key.
    Key(String, Vec<u8>, Receipt),
    /// The end.
    End(Box<End>, Receipt),
}

/// What is owed to the broker for a result: without it, it comes again.
pub struct Receipt(Acker);

impl Receipt {
    /// What came is where it belongs: the broker forgets it.
    pub async fn give(self) {
        // What is not taken as given comes again, and is delivered a second time to the same places.
        let _ = self.0.double_ack().await;
    }
}

/// The mail of a run; it is fetched as long as this lives.
pub struct Mail {
    boxes: Arc<Boxes>,
    /// Owed for what is over, until it is written down that it is.
    owed: Mutex<Vec<Receipt>>,
    tasks: [JoinHandle<()>; 2],
}

type Ends = (UnboundedSender<Letter>, Option<UnboundedReceiver<Letter>>);

/// A box for each device that has mail, or is waited for.
#[derive(Default)]
struct Boxes(Mutex<HashMap<String, Ends>>);

impl Mail {
    /// Begins to fetch what comes back of a run.
    ///
    /// # Errors
    /// [`BrokerError::Refused`].
    pub async fn fetch(broker: &Broker, run: &str) -> Result<Mail, BrokerError> {
        let boxes = Arc::new(Boxes::default());
        let mut news = broker.listen(letter::progress(run)).await?;
        let results = broker.results_of(run).await?;
        let (told, kept) = (boxes.clone(), boxes.clone());
        let telling = tokio::spawn(async move {
            while let Some(message) = news.next().await {
                if let Ok(News { device, what }) = serde_json::from_slice(&message.payload) {
                    told.put(&device, Letter::News(what));
                }
            }
        });
        let keeping = tokio::spawn(async move { sort(&results, &kept).await });
        Ok(Mail { boxes, owed: Mutex::default(), tasks: [telling, keeping] })
    }

    /// Puts a receipt by, for [`Mail::settle`].
    pub(super) fn owe(&self, receipt: Receipt) {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner).push(receipt);
    }

    /// Gives the receipts for all that is over: it is written down.
    pub async fn settle(&self) {
        let owed = std::mem::take(&mut *self.owed.lock().unwrap_or_else(PoisonError::into_inner));
        for receipt in owed {
            receipt.give().await;
        }
    }

    /// The box of a device, with what has come already; it is handed out once.
    pub fn of(&self, device: &str) -> Option<UnboundedReceiver<Letter>> {
        self.boxes.with(device, |(_, receiver)| receiver.take())
    }
}

impl Drop for Mail {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Boxes {
    fn put(&self, device: &str, letter: Letter) {
        // Who does not wait any more has what it waited for.
        let _ = self.with(device, |(sender, _)| sender.send(letter).is_ok());
    }

    fn with<T>(&self, device: &str, of: impl FnOnce(&mut Ends) -> T) -> T {
        let mut boxes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        of(boxes.entry(device.to_owned()).or_insert_with(|| {
            let (sender, receiver) = unbounded_channel();
            (sender, Some(receiver))
        }))
    }
}

/// Sorts results for ever: a stream of messages that ends is opened again, since the broker may have been restarted.
async fn sort(results: &PullConsumer, boxes: &Boxes) {
    loop {
        if let Ok(mut messages) = results.messages().await {
            while let Some(message) = messages.next().await {
                let Ok(message) = message else { break };
                sorted(message, boxes).await;
            }
        }
        tokio::time::sleep(super::broker::PAUSE).await;
    }
}

async fn sorted(message: async_nats::jetstream::Message, boxes: &Boxes) {
    let (message, acker) = message.split();
    let header = |name: &str| Some(message.headers.as_ref()?.get(name)?.as_str().to_owned());
    match (header(DEVICE), header(KIND).as_deref()) {
        (Some(device), Some(letter::KEY)) => {
            let id = header("Nats-Msg-Id").unwrap_or_default();
            boxes.put(&device, Letter::Key(id, message.payload.to_vec(), Receipt(acker)));
        }
        (Some(device), Some(letter::END)) => match serde_json::from_slice(&message.payload) {
            Ok(end) => boxes.put(&device, Letter::End(Box::new(end), Receipt(acker))),
            Err(_) => drop(acker.ack_with(AckKind::Term).await),
        },
        // Nobody of ours has sent it.
        _ => drop(acker.ack_with(AckKind::Term).await),
    }
}
