//! A session and a device at the two ends of a wire that is a `VecDeque`: time is simulated, bytes come in chunks of any
//! size, and what the client writes is counted.

use std::collections::VecDeque;
use std::time::Duration;

use fgtkey::fortios::script::Script;
use fgtkey::session::fault::Fault;
use fgtkey::session::{Action, Options, Outcome, Reply, Session};
use fgtkey::sim::{Device, Login, Output, Shell, Then};

/// The device's end of the wire.
pub trait Far {
    /// What it says before it is spoken to.
    fn greeting(&mut self) -> Vec<u8>;
    /// What it says to these bytes; `None` when it hangs up instead.
    fn answer(&mut self, bytes: &[u8]) -> Option<Vec<u8>>;
    /// Whether it has hung up after what it said last.
    fn has_hung_up(&self) -> bool;
}

/// How the network cuts what the device sends.
#[derive(Debug, Clone)]
pub struct Chunks(Vec<usize>);

impl Chunks {
    /// Each piece has so many bytes.
    pub fn of(size: usize) -> Self {
        Chunks(vec![size])
    }

    /// The pieces have these sizes, over and over.
    pub fn cycling(sizes: Vec<usize>) -> Self {
        assert!(sizes.iter().all(|size| *size > 0) && !sizes.is_empty());
        Chunks(sizes)
    }

    fn size(&self, nth: usize) -> usize {
        self.0[nth % self.0.len()]
    }
}

/// Both ends, and what has passed between them.
pub struct Pair<F> {
    pub session: Session,
    pub far: F,
    wire: VecDeque<u8>,
    chunks: Chunks,
    pieces: usize,
    has_hung_up: bool,
    /// How many bytes the client has read.
    pub heard: usize,
    /// Everything the client wrote, a write each.
    pub writes: Vec<Vec<u8>>,
    /// The redacted record.
    pub trace: Vec<String>,
    /// How long it would have taken, had anybody waited.
    pub clock: Duration,
}

/// More actions than any job has: what needs them never ends.
const MOST_ACTIONS: usize = 2_000_000;

impl<F: Far> Pair<F> {
    pub fn new(options: Options, mut far: F, chunks: Chunks) -> Self {
        let wire = far.greeting().into();
        let has_hung_up = far.has_hung_up();
        let session = Session::new(options);
        let (writes, trace, clock) = (Vec::new(), Vec::new(), Duration::ZERO);
        Pair { session, far, wire, chunks, pieces: 0, has_hung_up, heard: 0, writes, trace, clock }
    }

    /// Carries out actions until the job is done.
    pub fn drive(&mut self) -> Result<Outcome, Fault> {
        for _ in 0..MOST_ACTIONS {
            let action = self.session.poll();
            self.trace.extend(self.session.take_trace().iter().map(ToString::to_string));
            match action? {
                Action::Done(outcome) => return Ok(outcome),
                Action::Write(bytes) => self.carry(&bytes),
                Action::Read { within } => self.read(within),
            }
        }
        panic!("the session goes on and on; it wrote {} times", self.writes.len());
    }

    fn carry(&mut self, bytes: &[u8]) {
        self.writes.push(bytes.to_vec());
        if self.has_hung_up {
            return;
        }
        match self.far.answer(bytes) {
            Some(said) => self.wire.extend(said),
            None => self.has_hung_up = true,
        }
        self.has_hung_up |= self.far.has_hung_up();
    }

    fn read(&mut self, within: Duration) {
        let size = self.chunks.size(self.pieces).min(self.wire.len());
        if size > 0 {
            self.pieces += 1;
            self.heard += size;
            let piece: Vec<u8> = self.wire.drain(..size).collect();
            self.session.receive(&piece);
        } else if self.has_hung_up {
            self.session.closed();
        } else {
            self.clock += within;
            self.session.expired();
        }
    }

    /// Runs a script; the answers, one a line.
    pub fn run(&mut self, script: &Script) -> Result<Vec<Reply>, Fault> {
        self.session.run(script);
        self.replies()
    }

    /// Goes back to the base prompt.
    pub fn recover(&mut self) -> Result<Vec<Reply>, Fault> {
        self.session.recover();
        self.replies()
    }

    fn replies(&mut self) -> Result<Vec<Reply>, Fault> {
        match self.drive()? {
            Outcome::Replies(replies) => Ok(replies),
            Outcome::Ready(prompt) => panic!("a job ended at {prompt:?} without replies"),
        }
    }
}

/// A login on the simulated FortiGate.
pub struct SimShell {
    shell: Shell,
    greeting: Option<Output>,
    has_hung_up: bool,
}

impl SimShell {
    /// With a terminal as `fgtkey` asks for it.
    pub fn log_in(device: &Device) -> Self {
        let login = Login { rows: 1000, cols: 511, ..Login::default() };
        let (shell, greeting) = Shell::open(device, login);
        SimShell { shell, greeting: Some(greeting), has_hung_up: false }
    }

    /// Whether the device waits for a command with nothing typed.
    pub fn is_at_prompt(&self) -> bool {
        self.shell.is_at_prompt()
    }

    /// What the device says until it waits for the client; it thinks in no time.
    fn said(&mut self, mut output: Output) -> Vec<u8> {
        let mut bytes = output.bytes;
        while let Then::Think(_) = output.then {
            output = self.shell.wake();
            bytes.extend_from_slice(&output.bytes);
        }
        self.has_hung_up |= output.then != Then::Continue;
        bytes
    }
}

impl Far for SimShell {
    fn greeting(&mut self) -> Vec<u8> {
        let greeting = self.greeting.take().unwrap();
        self.said(greeting)
    }

    fn answer(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let output = self.shell.receive(bytes);
        Some(self.said(output))
    }

    fn has_hung_up(&self) -> bool {
        self.has_hung_up
    }
}
