//! One login: a machine that takes the bytes of a client and gives those of the device. No I/O and no clock.

mod waiting;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::cli::{AskKind, Cli, Pending, Reply};
use super::device::Device;
use super::fault::FaultAction;
use super::greeting::Greeting;
use super::line::{Echo, Key, Line};
use super::noise::Noise;
use super::pager::Pager;
use super::spec::DeviceSpec;
use super::traps::Wrap;
use super::words::{Open, open_end};

/// Who logs in, and with what terminal.
#[derive(Debug, Clone)]
pub struct Login {
    /// The administrator's name; the authentication is done already.
    pub admin: String,
    /// Where the connection comes from, as the network in front of the device sees it.
    pub source: SocketAddr,
    /// Rows of the terminal; 0 counts as 24.
    pub rows: u32,
    /// Columns of the terminal; 0 counts as 80.
    pub cols: u32,
    /// Whether there is a terminal: without one there is no echo and no pager, and lines end in LF.
    pub pty: bool,
}

impl Default for Login {
    /// `admin` from 192.0.2.10 port 50000, with a terminal of 24 rows and 80 columns.
    fn default() -> Self {
        Login { admin: "admin".into(), source: ([192, 0, 2, 10], 50000).into(), rows: 24, cols: 80, pty: true }
    }
}

/// What the device does after some bytes of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "the bytes have to be sent, and what is to happen then has to happen"]
pub struct Output {
    /// Bytes for the client.
    pub bytes: Vec<u8>,
    /// What follows once they are sent.
    pub then: Then,
}

/// What follows the bytes of an [`Output`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The device waits for the client.
    Continue,
    /// The device thinks for so long; then [`Shell::wake`] is due. Bytes that arrive meanwhile are queued.
    Think(Duration),
    /// The session ends in order, with exit status 0.
    Logout,
    /// The connection dies, without a word.
    Drop,
}

/// One session at the device's CLI.
pub struct Shell {
    device: Device,
    cli: Cli,
    session: u64,
    login: Login,
    spec: Arc<DeviceSpec>,
    mode: Mode,
    queue: VecDeque<u8>,
    line: Line,
    /// Lines of a command that goes on after an open quote or a backslash.
    continued: String,
    doom: Doom,
    noise: Noise,
    out: Vec<u8>,
    then: Then,
}

/// What the next byte means.
enum Mode {
    Greeting(Greeting),
    Line,
    Pager(Pager),
    Password(Pending, Vec<u8>),
    YesNo(Pending),
    Thinking(String),
    /// Nothing is ever said again.
    Silent,
    Over,
}

/// What is going to happen to the reply of the command in progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doom {
    None,
    /// Only so many bytes of it arrive.
    Cut(usize),
    Silence,
}

impl Shell {
    /// Opens a session; the bytes are the greeting, which may be empty.
    pub fn open(device: &Device, login: Login) -> (Shell, Output) {
        let (session, profile) = device.log_in(&login.admin, login.source);
        let spec = device.shared_spec();
        let mut shell = Shell {
            device: device.clone(),
            cli: Cli::new(device.clone(), &login.admin, &profile, session),
            session,
            login,
            mode: Mode::Line,
            queue: VecDeque::new(),
            line: Line::default(),
            continued: String::new(),
            doom: Doom::None,
            noise: Noise::new(&spec.traps),
            spec,
            out: Vec::new(),
            then: Then::Continue,
        };
        let (greeting, text) = Greeting::begin(&shell.spec);
        shell.greet(greeting, &text);
        let output = shell.flush();
        (shell, output)
    }

    /// Takes bytes of the client, in pieces of any size.
    pub fn receive(&mut self, bytes: &[u8]) -> Output {
        self.queue.extend(bytes);
        self.pump()
    }

    /// The thinking is over: executes the command and goes on with what has been typed meanwhile.
    pub fn wake(&mut self) -> Output {
        if let Mode::Thinking(line) = std::mem::replace(&mut self.mode, Mode::Line) {
            self.execute(&line);
        }
        self.pump()
    }

    /// Whether the device waits for a command line with nothing typed.
    pub fn is_at_prompt(&self) -> bool {
        matches!(self.mode, Mode::Line) && self.queue.is_empty() && self.line.text().is_empty()
    }

    /// Whether the session hangs: nothing will ever come of it.
    pub fn is_hung(&self) -> bool {
        matches!(self.mode, Mode::Silent)
    }

    /// The client's terminal has another size now.
    pub fn resize(&mut self, cols: u32, rows: u32) {
        (self.login.cols, self.login.rows) = (cols, rows);
    }

    fn pump(&mut self) -> Output {
        while self.then == Then::Continue && !matches!(self.mode, Mode::Thinking(_)) {
            self.type_text();
            let Some(byte) = self.queue.pop_front() else { break };
            self.key(byte);
        }
        self.flush()
    }

    fn flush(&mut self) -> Output {
        let then = std::mem::replace(&mut self.then, Then::Continue);
        if matches!(then, Then::Logout | Then::Drop) {
            self.mode = Mode::Over;
        }
        Output { bytes: std::mem::take(&mut self.out), then }
    }

    fn key(&mut self, byte: u8) {
        if matches!(self.mode, Mode::Line) {
            return self.line_key(byte);
        }
        match std::mem::replace(&mut self.mode, Mode::Line) {
            Mode::Greeting(greeting) => {
                let (greeting, text) = greeting.key(byte, &self.device, &self.login.admin);
                self.greet(greeting, &text);
            }
            Mode::Pager(pager) => self.pager_key(pager, byte),
            Mode::Password(pending, typed) => self.password_key(pending, typed, byte),
            Mode::YesNo(pending) => self.yes_no_key(pending, byte),
            deaf => self.mode = deaf,
        }
    }

    fn greet(&mut self, greeting: Greeting, text: &str) {
        self.say(text);
        match greeting {
            Greeting::Done => self.prompt(),
            Greeting::Refused => self.then = Then::Logout,
            waiting => self.mode = Mode::Greeting(waiting),
        }
    }

    fn echo(&self) -> Echo<'static> {
        let wrap: &[u8] = if self.spec.traps.wrap == Wrap::CrLf { b"\r\n" } else { b" \r" };
        let width = self.spec.traps.wrap_at.map_or(self.columns(), usize::from);
        Echo { terminal: self.login.pty, width, wrap }
    }

    fn type_text(&mut self) {
        if matches!(self.mode, Mode::Line) {
            let echo = self.echo();
            self.line.text_of(&mut self.queue, echo, &mut self.out);
        }
    }

    fn line_key(&mut self, byte: u8) {
        let echo = self.echo();
        match self.line.key(byte, echo, &mut self.out) {
            Key::Editing => (),
            Key::Line(text) => self.enter(&text),
            Key::Help => self.help(),
            Key::Complete => match self.cli.completion(&self.line.text()) {
                Some(rest) => self.line.insert_text(&rest, echo, &mut self.out),
                None => self.out.push(0x07),
            },
            Key::Interrupt => {
                self.continued.clear();
                self.say("^C\n");
                self.prompt();
            }
            Key::EndOfInput => self.then = Then::Logout,
        }
    }

    fn help(&mut self) {
        let typed = self.line.text();
        let help = self.cli.help(&typed);
        self.say("?\n");
        self.say(&help);
        let prompt = self.cli.prompt();
        self.say(&format!("{prompt}{typed}"));
    }

    /// Enter: a command line is complete, unless a quote is open.
    fn enter(&mut self, text: &str) {
        if self.login.pty {
            self.out.extend_from_slice(b"\r\r\n");
        }
        self.continued.push_str(text);
        match open_end(&self.continued) {
            Some(open) if self.login.pty => {
                match open {
                    Open::Backslash => drop(self.continued.pop()),
                    Open::DoubleQuote | Open::SingleQuote => self.continued.push('\n'),
                }
                self.say("> ");
                self.line.start(2);
            }
            _ => {
                let line = std::mem::take(&mut self.continued);
                self.submit(line);
            }
        }
    }

    fn submit(&mut self, line: String) {
        if line.trim().is_empty() {
            return self.prompt();
        }
        let think = self.spec.think.iter().find(|(start, _)| line.trim_start().starts_with(start.as_str()));
        match think {
            Some((_, delay)) if !delay.is_zero() => {
                self.then = Then::Think(*delay);
                self.mode = Mode::Thinking(line);
            }
            _ => self.execute(&line),
        }
    }

    fn execute(&mut self, line: &str) {
        let fault = {
            let mut state = self.device.lock();
            state.commands.push(line.trim().to_owned());
            state.faults.at(line)
        };
        self.noise.command(line);
        let reply = match fault {
            Some(FaultAction::Drop) => return self.then = Then::Drop,
            Some(FaultAction::Hang) => return self.mode = Mode::Silent,
            Some(FaultAction::Refuse(text)) => self.cli.refuse(line, text.as_deref()),
            Some(FaultAction::Ask) => Reply::ask(AskKind::YesNo, Pending::Line(line.to_owned())),
            Some(FaultAction::DropAfter) => self.doomed(line, Doom::Cut(0)),
            Some(FaultAction::Cut(bytes)) => self.doomed(line, Doom::Cut(bytes)),
            Some(FaultAction::HangAfter) => self.doomed(line, Doom::Silence),
            None => self.cli.line(line),
        };
        self.answer(reply);
    }

    fn doomed(&mut self, line: &str, doom: Doom) -> Reply {
        self.doom = doom;
        self.cli.line(line)
    }

    /// Shows what a command answered: a question, or the reply and the next prompt.
    fn answer(&mut self, reply: Reply) {
        if let Some(ask) = reply.ask {
            self.say(&reply.body);
            return self.ask(ask.kind, ask.pending);
        }
        let body = self.noise.mix(reply.body);
        match std::mem::replace(&mut self.doom, Doom::None) {
            Doom::Cut(bytes) => return self.cut(&body, bytes),
            Doom::Silence => return self.mode = Mode::Silent,
            Doom::None => (),
        }
        if reply.logout {
            self.say(&body);
            self.then = Then::Logout;
        } else if reply.paged && self.pages() {
            self.page(Pager::new(&body, self.columns()), self.rows());
        } else {
            self.say(&body);
            self.finish();
        }
    }

    fn cut(&mut self, body: &str, bytes: usize) {
        let start = self.out.len();
        self.say(body);
        self.finish();
        self.out.truncate(start.saturating_add(bytes).min(self.out.len()));
        self.then = Then::Drop;
    }

    fn columns(&self) -> usize {
        if self.login.cols == 0 { 80 } else { usize::try_from(self.login.cols).unwrap_or(usize::MAX) }
    }

    /// The end of every reply: an empty line and the prompt.
    fn finish(&mut self) {
        self.say("\n");
        self.prompt();
        if let Some(line) = self.noise.after_prompt() {
            self.say(&format!("\n{line}\n"));
            self.prompt();
        }
    }

    fn prompt(&mut self) {
        let prompt = self.cli.prompt();
        self.say(&prompt);
        self.line.start(prompt.chars().count());
        self.mode = Mode::Line;
    }

    fn say(&mut self, text: &str) {
        if !self.login.pty {
            return self.out.extend_from_slice(text.as_bytes());
        }
        for line in text.split_inclusive('\n') {
            let text = line.strip_suffix('\n');
            self.out.extend_from_slice(text.unwrap_or(line).as_bytes());
            self.out.extend_from_slice(if text.is_some() { b"\r\n" } else { b"" });
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        self.device.log_out(self.session);
    }
}
