//! A device with somebody at its console: the connection, the session on it, and what is known of both.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::deliver::Device;
use crate::fortios::script::Script;
use crate::fortios::status::Status;
use crate::fortios::version::Version;
use crate::secret::Secret;
use crate::session::drive::{Interrupt, drive};
use crate::session::fault::{Aftermath, Fault, FaultKind, Step};
use crate::session::trace::Trace;
use crate::session::{Manners, Options, Outcome, Reply, Session};
use crate::ssh::{Dial, DialError, Endpoint, Judgement, Method, Route, Shell, ShellStream};

use super::event::{Connected, Event, Observer, Trust};
use super::failure::MintError;
use super::gate::{Gate, Kind};

/// The first release that asks for the administrator's password again at a commit.
///
/// Sources: FortiOS 7.6 consoles in `config system admin` (netlab, vrnetlab); REST writes to `system api-user` on 7.6.5
/// (ansible-galaxy-fortios-collection 409). For `config system api-user` on the CLI there is no capture: the question is
/// expected, not demanded.
pub const ASKS_SINCE: Version = Version::new(7, 6, 0);

/// What is needed to get to a device's console, as often as it takes.
#[derive(Clone)]
pub struct Line {
    /// How to log in.
    pub dial: Dial,
    /// Where.
    pub endpoint: Endpoint,
    /// How long to wait for any one reply.
    pub within: Duration,
    /// Raised when the operator wants to stop.
    pub interrupt: Interrupt,
    /// Whether it is our own simulated device.
    pub simulated: bool,
    /// The serial number that the device must have, where the operator says so: another device may answer at its address.
    pub serial: Option<String>,
    /// Who is asked before the device is changed.
    pub gate: Gate,
}

/// Somebody at the console of a device.
pub struct Console {
    session: Session,
    stream: ShellStream,
    /// How the device was reached.
    pub route: Route,
    careful: bool,
}

/// Why a console could not be had.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No connection, or no login.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// No first prompt.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl OpenError {
    /// Ctrl-C at the question for a password or a passphrase is the operator's interrupt: the terminal takes keys one by
    /// one then, so it comes as an error of its reading, before or after the signal.
    fn of_dial(error: DialError) -> OpenError {
        let mut next = error.source();
        while let Some(cause) = next {
            if cause.downcast_ref::<io::Error>().is_some_and(|cause| cause.kind() == io::ErrorKind::Interrupted) {
                return OpenError::Fault(interrupted());
            }
            next = cause.source();
        }
        OpenError::Dial(error)
    }
}

impl Line {
    /// The device, for the paths of destinations.
    pub fn device(&self) -> Device {
        Device { name: self.endpoint.name.clone(), address: self.address() }
    }

    /// The address that is dialled, without brackets: an alias of `ssh_config` is resolved.
    pub fn address(&self) -> String {
        self.dial.address(&self.endpoint)
    }

    /// The same, deaf to the operator: for what mends a device.
    pub fn uninterrupted(&self) -> Line {
        Line { interrupt: Interrupt::never(), ..self.clone() }
    }

    /// Waits until the device may be changed.
    ///
    /// # Errors
    /// When it must not be any more: the run was stopped, for another device's sake or by the operator.
    pub(super) async fn pass(&self, status: &Status) -> Result<(), MintError> {
        let mut interrupt = self.interrupt.clone();
        let kind = || Kind { model: status.model.clone(), fortios: status.version };
        tokio::select! {
            biased;
            () = interrupt.raised() => Err(MintError::Fault(interrupted())),
            passes = self.gate.pass(kind) => if passes { Ok(()) } else { Err(MintError::NotStarted) },
        }
    }

    /// Connects, logs in and waits for the first prompt.
    ///
    /// # Errors
    /// When the device cannot be reached, is not trusted, refuses the login, or shows no prompt.
    pub async fn open(&self, observer: &mut (dyn Observer + Send)) -> Result<Console, OpenError> {
        let mut interrupt = self.interrupt.clone();
        // On the heap: what a login needs on its way is most of what a task would carry with it to its end.
        let dialling = Box::pin(self.dial.open(&self.endpoint));
        let Shell { stream, route, password } = tokio::select! {
            biased;
            () = interrupt.raised() => return Err(OpenError::Fault(interrupted())),
            shell = dialling => shell.map_err(OpenError::of_dial)?,
        };
        let password_proven = matches!(route.method, Method::Password | Method::KeyboardInteractive);
        let mut session =
            Session::new(Options { password, password_proven, within: self.within, login_within: self.within });
        session.set_detail(observer.detail());
        let mut console = Console { session, stream, route, careful: false };
        console.drive(&self.endpoint.name, Some(&mut interrupt), observer).await?;
        Ok(console)
    }
}

impl Console {
    /// Runs a script; stops at the next prompt when the operator interrupts.
    ///
    /// # Errors
    /// The fault that ended it.
    pub async fn run(
        &mut self,
        line: &Line,
        script: &Script,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Vec<Reply>, Fault> {
        let mut interrupt = line.interrupt.clone();
        self.session.run(script);
        self.drive(&line.endpoint.name, Some(&mut interrupt), observer).await
    }

    /// Goes back to the base prompt with nothing staged.
    ///
    /// # Errors
    /// When the device does not get there: then only a new login does.
    pub async fn recover(&mut self, line: &Line, observer: &mut (dyn Observer + Send)) -> Result<(), Fault> {
        self.session.recover();
        self.drive(&line.endpoint.name, None, observer).await.map(|_| ())
    }

    /// Whether the device waits at a prompt.
    pub fn is_alive(&self) -> bool {
        self.session.is_at_prompt()
    }

    /// Whether a configuration transaction is open here.
    pub fn is_in_transaction(&self) -> bool {
        self.session.is_in_transaction()
    }

    /// Tells the session whom it talks to, so that it knows what may be typed ahead.
    pub fn introduce(&mut self, status: &Status) {
        let manners = self.session.manners();
        let asks_at_commit = status.version >= ASKS_SINCE;
        self.session.set_manners(Manners { asks_at_commit, asks_anywhere: self.careful, ..manners });
    }

    /// Whether [`Console::be_careful`] was called.
    pub fn is_careful(&self) -> bool {
        self.careful
    }

    /// How the device was reached, for the story.
    pub fn connected(&self, line: &Line) -> Connected {
        let Route { address, host_key, judgement, .. } = &self.route;
        let endpoint = &line.endpoint;
        Connected {
            address: address.map_or_else(|| endpoint.host.clone(), |address| address.ip().to_string()),
            port: address.map_or(endpoint.port, |address| address.port()),
            host_key: host_key.to_string(),
            trust: if line.simulated { Trust::Simulated } else { trust(judgement) },
            through: self.route.jumps.iter().map(|passed| passed.name.clone()).collect(),
        }
    }

    /// From now on nothing is typed behind a line that a question could follow.
    pub fn be_careful(&mut self) {
        self.careful = true;
        let manners = self.session.manners();
        self.session.set_manners(Manners { asks_at_commit: true, asks_anywhere: true, ..manners });
    }

    /// Gives the session the password that the device asks for at a commit.
    pub fn set_password(&mut self, password: Arc<Secret>) {
        self.session.set_password(password);
    }

    /// Whether the prompt says that this is a secondary cluster member (7.6.7 and later).
    pub fn prompt_says_secondary(&self) -> bool {
        let role = self.session.prompt().and_then(|prompt| prompt.role.as_deref());
        role.is_some_and(|role| role.eq_ignore_ascii_case("secondary"))
    }

    /// Hangs up. On the heap, since every task has it before it.
    pub fn close(self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(self.stream.close())
    }

    async fn drive(
        &mut self,
        device: &str,
        interrupt: Option<&mut Interrupt>,
        observer: &mut (dyn Observer + Send),
    ) -> Result<Vec<Reply>, Fault> {
        let mut tell = |trace: Trace| {
            observer.on(
                device,
                match trace {
                    Trace::Sent(text) => Event::Line(text),
                    other => Event::Trace(format!("{other}\n")),
                },
            );
        };
        match drive(&mut self.session, &mut self.stream, interrupt, &mut tell).await? {
            Outcome::Ready(_) => Ok(Vec::new()),
            Outcome::Replies(replies) => Ok(replies),
        }
    }
}

pub(super) fn trust(judgement: &Judgement) -> Trust {
    match judgement {
        Judgement::Known(place) => Trust::KnownHosts { file: place.file.display().to_string(), line: place.line },
        Judgement::Added(place) => Trust::Added { file: place.file.display().to_string() },
        Judgement::Certified(place) => Trust::Certified { file: place.file.display().to_string(), line: place.line },
        Judgement::Pinned => Trust::Pinned,
    }
}

pub(super) fn interrupted() -> Fault {
    Fault { kind: FaultKind::Interrupted, at: Step::Login, left: Aftermath::Untouched }
}
