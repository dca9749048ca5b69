//! One SSH connection: authentication, and the channels with their shells.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;

use russh::keys::{Algorithm, HashAlg, PublicKey, PublicKeyBase64};
use russh::server::{
    Auth, ChannelOpenHandle, Handle, Handler, Msg, PublicKeyOffer, Response, Session, VerifiedPublicKey,
};
use russh::{Channel, ChannelId, Pty};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::link::Link;
use super::server::Site;
use super::shell::{Login, Output, Shell, Then};
use crate::fortios::version::Version;

/// The device's side of one connection.
pub(super) struct Connection {
    site: Site,
    peer: SocketAddr,
    link: Link,
    admin: String,
    terminals: HashMap<ChannelId, (u32, u32)>,
    seats: HashMap<ChannelId, Seat>,
}

/// Where the shell of a channel runs.
enum Seat {
    /// In the connection itself, as long as it only answers: what a packet brings leaves before the next one is read.
    Here(Box<Shell>),
    /// In a task of its own, from the first time on that it needs a clock or the end of the wire.
    Apart(UnboundedSender<Input>),
}

/// What a channel's task is told.
enum Input {
    Bytes(Vec<u8>),
    /// The terminal has so many columns and rows now.
    Size(u32, u32),
    /// The client sends no more.
    End,
}

impl Connection {
    pub(super) fn new(site: Site, peer: SocketAddr, link: Link) -> Self {
        Connection { site, peer, link, admin: String::new(), terminals: HashMap::new(), seats: HashMap::new() }
    }

    /// Counts a login and decides it.
    async fn login(&mut self, admin: &str, right: bool) -> Auth {
        let spec = self.site.device.shared_spec();
        if !spec.login_delay.is_zero() {
            tokio::time::sleep(spec.login_delay).await;
        }
        self.site.counters.attempts.fetch_add(1, Ordering::Relaxed);
        let address = self.peer.ip();
        if right && !self.site.lockout.is_locked(address) {
            self.site.lockout.succeeded(address);
            admin.clone_into(&mut self.admin);
            return Auth::Accept;
        }
        self.site.counters.failures.fetch_add(1, Ordering::Relaxed);
        self.site.lockout.failed(address);
        // A refused method stays on the list, as with OpenSSH: the client must not take the refusal for "not judged".
        Auth::Reject { proceed_with_methods: Some(self.site.config.methods.clone()), partial_success: false }
    }

    fn password_is(&self, admin: &str, password: &str) -> bool {
        let spec = self.site.device.shared_spec();
        let known = spec.admins.iter().find(|known| known.name == admin);
        known.and_then(|known| known.password.as_ref()).is_some_and(|right| right.is(password))
    }

    fn key_is(&self, admin: &str, key: &PublicKey) -> bool {
        let spec = self.site.device.shared_spec();
        let known = spec.admins.iter().filter(|known| known.name == admin);
        let offered = key.public_key_base64();
        known.flat_map(|known| &known.public_keys).any(|line| line.split_whitespace().nth(1) == Some(offered.as_str()))
    }

    /// Opens the shell; the command of an exec request is typed into it.
    fn start(
        &mut self,
        channel: ChannelId,
        session: &mut Session,
        command: Option<String>,
    ) -> Result<(), russh::Error> {
        let terminal = self.terminals.get(&channel).copied();
        let (cols, rows) = terminal.unwrap_or_default();
        let login = Login { admin: self.admin.clone(), source: self.peer, rows, cols, pty: terminal.is_some() };
        let (shell, greeting) = Shell::open(&self.site.device, login);
        if command.is_some() {
            self.set_apart(channel, session, shell, greeting, command);
            return Ok(());
        }
        self.answer(channel, session, Box::new(shell), greeting)
    }

    /// Takes what the client says; what the shell answers leaves at once, unless more than answering is to be done.
    fn tell(&mut self, channel: ChannelId, session: &mut Session, input: Input) -> Result<(), russh::Error> {
        let mut shell = match self.seats.remove(&channel) {
            None => return Ok(()),
            Some(Seat::Here(shell)) => shell,
            Some(Seat::Apart(inputs)) => {
                // A channel whose shell has ended takes nothing more.
                let _ = inputs.send(input);
                self.seats.insert(channel, Seat::Apart(inputs));
                return Ok(());
            }
        };
        match shell.take(input) {
            Some(output) => self.answer(channel, session, shell, output),
            None => {
                let end = Output { bytes: Vec::new(), then: Then::Logout };
                self.set_apart(channel, session, *shell, end, None);
                Ok(())
            }
        }
    }

    fn answer(
        &mut self,
        channel: ChannelId,
        session: &mut Session,
        shell: Box<Shell>,
        output: Output,
    ) -> Result<(), russh::Error> {
        if output.then != Then::Continue {
            self.set_apart(channel, session, *shell, output, None);
            return Ok(());
        }
        self.seats.insert(channel, Seat::Here(shell));
        if output.bytes.is_empty() { Ok(()) } else { session.data(channel, output.bytes) }
    }

    /// Lets the shell go on in a task, beginning with this output.
    fn set_apart(
        &mut self,
        channel: ChannelId,
        session: &Session,
        shell: Shell,
        output: Output,
        command: Option<String>,
    ) {
        let (input, inputs) = unbounded_channel();
        self.seats.insert(channel, Seat::Apart(input));
        let wire = Wire { handle: session.handle(), channel, link: self.link.clone() };
        tokio::spawn(run(shell, output, wire, inputs, command));
    }
}

impl Shell {
    /// What the device does at this; `None` when the channel is to be closed.
    fn take(&mut self, input: Input) -> Option<Output> {
        match input {
            Input::Bytes(bytes) => Some(self.receive(&bytes)),
            Input::Size(cols, rows) => {
                self.resize(cols, rows);
                Some(self.receive(&[]))
            }
            Input::End if !self.is_hung() => None,
            Input::End => Some(self.receive(&[])),
        }
    }
}

/// The way back to the client.
struct Wire {
    handle: Handle,
    channel: ChannelId,
    link: Link,
}

impl Wire {
    /// Sends the bytes; `false` when the session is over.
    async fn send(&self, output: &Output) -> bool {
        let bytes = output.bytes.clone();
        let length = u64::try_from(bytes.len()).unwrap_or(0);
        let before = self.link.sent();
        let sent = bytes.is_empty() || self.handle.data(self.channel, bytes).await.is_ok();
        match output.then {
            Then::Continue | Then::Think(_) => sent,
            Then::Logout => {
                self.close().await;
                false
            }
            Then::Drop => {
                if length > 0 {
                    self.link.has_sent(before + length).await;
                }
                self.link.tear();
                false
            }
        }
    }

    /// Ends the channel in order, with exit status 0, which is all that FortiOS ever gives.
    async fn close(&self) {
        let _ = self.handle.exit_status_request(self.channel, 0).await;
        let _ = self.handle.eof(self.channel).await;
        let _ = self.handle.close(self.channel).await;
    }
}

/// Runs a shell until it ends: its bytes to the client, the client's bytes to it. A command of an exec request is typed
/// once the prompt is there, and the session ends behind its answer.
async fn run(
    mut shell: Shell,
    greeting: Output,
    wire: Wire,
    mut inputs: UnboundedReceiver<Input>,
    mut command: Option<String>,
) {
    let once = command.is_some();
    let mut output = greeting;
    loop {
        if !wire.send(&output).await {
            return;
        }
        output = if let Then::Think(time) = output.then {
            tokio::time::sleep(time).await;
            shell.wake()
        } else if let Some(command) = command.take_if(|_| shell.is_at_prompt()) {
            shell.receive(format!("{command}\n").as_bytes())
        } else if once && shell.is_at_prompt() {
            return wire.close().await;
        } else {
            match inputs.recv().await.map(|input| shell.take(input)) {
                Some(Some(output)) => output,
                Some(None) => return wire.close().await,
                None => return,
            }
        };
    }
}

/// Before 7.0.14 and 7.2.8 user keys with rsa-sha2-256 are refused (oxidized #3235).
fn refuses_rsa_sha256(version: Version) -> bool {
    let seven_two = version >= Version::new(7, 2, 0);
    version < if seven_two { Version::new(7, 2, 8) } else { Version::new(7, 0, 14) }
}

fn is_rsa_sha256(algorithm: &Algorithm) -> bool {
    *algorithm == Algorithm::Rsa { hash: Some(HashAlg::Sha256) }
}

impl Handler for Connection {
    type Error = russh::Error;

    async fn authentication_banner(&mut self) -> Result<Option<String>, Self::Error> {
        Ok(self.site.device.shared_spec().pre_login_banner.clone())
    }

    async fn auth_password(&mut self, admin: &str, password: &str) -> Result<Auth, Self::Error> {
        let right = self.password_is(admin, password);
        Ok(self.login(admin, right).await)
    }

    async fn auth_publickey_offered(&mut self, admin: &str, offer: PublicKeyOffer<'_>) -> Result<Auth, Self::Error> {
        let usable = !refuses_rsa_sha256(self.site.device.shared_spec().version) || !is_rsa_sha256(offer.algorithm);
        Ok(if usable && self.key_is(admin, offer.public_key) { Auth::Accept } else { Auth::reject() })
    }

    async fn auth_publickey(&mut self, admin: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        let right = self.key_is(admin, key.public_key);
        Ok(self.login(admin, right).await)
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        admin: &str,
        _: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        let Some(mut response) = response else {
            let prompts = Cow::Borrowed(&[(Cow::Borrowed("Password: "), false)][..]);
            return Ok(Auth::Partial { name: "".into(), instructions: "".into(), prompts });
        };
        let typed = response.next();
        let right = typed.is_some_and(|typed| self.password_is(admin, &String::from_utf8_lossy(&typed)));
        Ok(self.login(admin, right).await)
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn pty_request(
        &mut self,
        channel: ChannelId,
        _: &str,
        cols: u32,
        rows: u32,
        _: u32,
        _: u32,
        _: &[(Pty, u32)],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        self.terminals.insert(channel, (cols, rows));
        session.channel_success(channel)
    }

    async fn shell_request(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        self.site.counters.shells.fetch_add(1, Ordering::Relaxed);
        session.channel_success(channel)?;
        self.start(channel, session, None)
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        self.site.counters.execs.fetch_add(1, Ordering::Relaxed);
        session.channel_success(channel)?;
        self.start(channel, session, Some(String::from_utf8_lossy(command).into_owned()))
    }

    /// There is no SFTP.
    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        _: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(channel)
    }

    async fn window_change_request(
        &mut self,
        channel: ChannelId,
        cols: u32,
        rows: u32,
        _: u32,
        _: u32,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        self.tell(channel, session, Input::Size(cols, rows))
    }

    async fn data(&mut self, channel: ChannelId, bytes: &[u8], session: &mut Session) -> Result<(), Self::Error> {
        self.tell(channel, session, Input::Bytes(bytes.to_vec()))
    }

    async fn channel_eof(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        self.tell(channel, session, Input::End)
    }

    async fn channel_close(&mut self, channel: ChannelId, _: &mut Session) -> Result<(), Self::Error> {
        self.seats.remove(&channel);
        Ok(())
    }
}
