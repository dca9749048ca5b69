//! The one loop where bytes meet a clock.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use super::fault::Fault;
use super::trace::Trace;
use super::{Action, Outcome, Session};

/// Tells sessions that the operator wants to stop.
#[derive(Debug, Clone)]
pub struct Interrupt(watch::Receiver<bool>);

/// The operator's side of an [`Interrupt`].
#[derive(Debug)]
pub struct Interrupter(watch::Sender<bool>);

impl Interrupter {
    /// A pair of both sides.
    pub fn pair() -> (Interrupter, Interrupt) {
        let (sender, receiver) = watch::channel(false);
        (Interrupter(sender), Interrupt(receiver))
    }

    /// Asks every session to stop at its next prompt.
    pub fn interrupt(&self) {
        self.0.send_replace(true);
    }
}

impl Interrupt {
    /// One that nobody raises.
    pub fn never() -> Interrupt {
        Interrupter::pair().1
    }

    /// Whether the operator has asked to stop.
    pub fn is_raised(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when the operator asks to stop; never when nobody can any more.
    pub async fn raised(&mut self) {
        if self.0.wait_for(|raised| *raised).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// How many bytes are read at once: little for each of a thousand sessions, since what is longer is read in turns.
const MOST_AT_ONCE: usize = 1024;

/// Carries out the session's actions on `stream` until its job is done; `on_trace` gets the redacted record as it grows.
///
/// # Errors
/// The fault that ended the job: the device's, or the connection's.
pub async fn drive<S>(
    session: &mut Session,
    stream: &mut S,
    interrupt: Option<&mut Interrupt>,
    on_trace: &mut (dyn FnMut(Trace) + Send),
) -> Result<Outcome, Fault>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut clock = Clock::start(session);
    // Wiped however this ends: what was read may be a key.
    let mut buffer = Zeroizing::new(vec![0; MOST_AT_ONCE]);
    let mut interrupt = interrupt.filter(|interrupt| !interrupt.is_raised() || raise(session));
    let result = loop {
        let action = session.poll();
        session.take_trace().into_iter().for_each(&mut *on_trace);
        match action {
            Err(fault) => break Err(fault),
            Ok(Action::Done(outcome)) => break Ok(outcome),
            Ok(Action::Write(bytes)) => write(session, stream, &bytes, &mut clock).await,
            Ok(Action::Read { within }) => {
                let deadline = clock.deadline(session, within);
                tokio::select! {
                    biased;
                    () = raised(&mut interrupt) => { interrupt = None; session.interrupt(); }
                    read = timeout_at(deadline, stream.read(&mut buffer)) => match read {
                        Ok(Ok(0) | Err(_)) => session.closed(),
                        Ok(Ok(count)) => session.receive(buffer.get(..count).unwrap_or_default()),
                        Err(_elapsed) => session.expired(),
                    }
                }
            }
        }
    };
    session.take_trace().into_iter().for_each(on_trace);
    result
}

/// An interrupt that came before: the session is told at once, and there is no second one to wait for.
fn raise(session: &mut Session) -> bool {
    session.interrupt();
    false
}

async fn raised(interrupt: &mut Option<&mut Interrupt>) {
    match interrupt {
        Some(interrupt) => interrupt.raised().await,
        None => std::future::pending().await,
    }
}

async fn write<S: AsyncWrite + Unpin>(session: &mut Session, stream: &mut S, bytes: &[u8], clock: &mut Clock) {
    let deadline = clock.deadline(session, WRITE_WITHIN);
    let written = timeout_at(deadline, async {
        stream.write_all(bytes).await?;
        stream.flush().await
    });
    if !matches!(written.await, Ok(Ok(()))) {
        session.closed();
    }
}

/// How long a device may leave a few hundred bytes unread: one that does so longer is gone.
const WRITE_WITHIN: Duration = Duration::from_secs(30);

/// Deadlines count from the last progress, so that a device which drips bytes without end does not stretch them.
struct Clock {
    seen: u64,
    since: Instant,
}

impl Clock {
    fn start(session: &Session) -> Self {
        Clock { seen: session.progress(), since: Instant::now() }
    }

    fn deadline(&mut self, session: &Session, within: Duration) -> Instant {
        if self.seen != session.progress() {
            *self = Clock::start(session);
        }
        self.since + within
    }
}
