//! `fgtkey exec`: run a command with a key in its environment, and take the access away behind it.

use std::io;
use std::time::{Duration, Instant};

use crate::deliver::{Destination, Memory};
use crate::journal::{Lent, Run};

use super::child::{Access, Ended, Running};
use super::custody::Held;
use super::event::{Event, Observer};
use super::failure::{Failure, MintError};
use super::mint::{Errand, Made, Mint};
use super::program::Program;
use super::verified::Verified;

/// Starts `program` for the device `name` and waits for its end.
///
/// # Errors
/// When the system does not start it, or loses track of it.
pub async fn run(
    program: &Program,
    access: Access,
    name: &str,
    observer: &mut (dyn Observer + Send),
) -> io::Result<Ended> {
    start(program, access, name, observer)?.wait().await
}

fn start(program: &Program, access: Access, name: &str, observer: &mut (dyn Observer + Send)) -> io::Result<Running> {
    let command = program.name.to_string_lossy().into_owned();
    observer.on(name, Event::Runs { command, hostname: access.hostname.clone() });
    // The command has its copy; ours goes with `access`.
    Running::start(program, &access)
}

/// A command that is run with a key that is made for it.
pub struct Exec {
    mint: Mint,
    memory: Memory,
    program: Program,
}

/// A key that waits for its command.
pub struct Lease {
    access: Access,
    /// What the API says to it.
    pub verified: Verified,
    lent: Option<Lent>,
    journal: Run,
    _held: Held,
}

/// What came of a command.
pub struct Ran {
    /// How it ended; `None`: it was not started, because the operator had stopped the run by then.
    pub ended: io::Result<Option<Ended>>,
    /// Whether the access is gone, where it was lent; otherwise what is left of it.
    pub revoked: Result<(), Box<Failure>>,
}

impl Exec {
    /// `mint` delivers to the command too.
    pub fn new(mut mint: Mint, program: Program) -> Exec {
        let (destination, memory) = Destination::memory();
        mint.custody.destinations.push(destination);
        Exec { mint, memory, program }
    }

    /// The mint of the key.
    pub fn mint(&self) -> &Mint {
        &self.mint
    }

    /// Makes the access.
    ///
    /// # Errors
    /// What went wrong and what that left on the device.
    pub async fn lease(&self, observer: &mut (dyn Observer + Send)) -> Result<Lease, Box<Failure>> {
        let began = Instant::now();
        let Made { minted, journal, held, lent } = self.mint.make(observer).await?;
        let hostname = minted.record.url_host().unwrap_or_default();
        // Every destination has it, this one too.
        let token = self.memory.take().ok_or(MintError::NoKey)?;
        observer.on(&self.mint.line.endpoint.name, Event::Done { elapsed: began.elapsed() });
        let access = Access { hostname, token };
        Ok(Lease { access, verified: minted.verified, lent, journal, _held: held })
    }

    /// Runs the command, and takes the access away when it has ended or its time is over, whatever became of it.
    pub async fn run(&self, lease: Lease, observer: &mut (dyn Observer + Send)) -> Ran {
        let Lease { access, lent, mut journal, _held, .. } = lease;
        let name = &self.mint.line.endpoint.name;
        let mut running = match self.mint.line.interrupt.is_raised() {
            true => return Ran { ended: Ok(None), revoked: self.end(lent, &mut journal, observer).await },
            false => match start(&self.program, access, name, observer) {
                Ok(running) => running,
                Err(error) => return Ran { ended: Err(error), revoked: self.end(lent, &mut journal, observer).await },
            },
        };
        let ended = tokio::select! {
            ended = running.wait() => Some(ended),
            () = over(self.ttl()) => None,
        };
        if let Some(ended) = ended {
            return Ran { ended: ended.map(Some), revoked: self.end(lent, &mut journal, observer).await };
        }
        observer.on(name, Event::TimeUp { ttl: self.ttl().unwrap_or_default() });
        let (ended, revoked) = tokio::join!(running.wait(), self.end(lent, &mut journal, observer));
        Ran { ended: ended.map(Some), revoked }
    }

    fn ttl(&self) -> Option<Duration> {
        match self.mint.errand {
            Errand::Lend { ttl } => ttl,
            Errand::Keep | Errand::Run => None,
        }
    }

    async fn end(
        &self,
        lent: Option<Lent>,
        journal: &mut Run,
        observer: &mut (dyn Observer + Send),
    ) -> Result<(), Box<Failure>> {
        match &lent {
            Some(lent) => self.mint.loan(lent).end(journal, observer).await.map(drop),
            None => Ok(()),
        }
    }
}

/// The end of the time; never, where there is none.
async fn over(ttl: Option<Duration>) {
    match ttl {
        Some(ttl) => tokio::time::sleep(ttl).await,
        None => std::future::pending().await,
    }
}
