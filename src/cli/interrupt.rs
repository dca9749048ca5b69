//! Ctrl-C: the first one stops the run at the next prompt, with a clean device; the second one stops it at once.

use nix::sys::signal::Signal;
use tokio::task::JoinHandle;

use crate::report::{Color, Exit, Reporter, Verbosity, clear_display};
use crate::session::drive::{Interrupt, Interrupter};
use crate::verbs::signals::Signals;

/// A closed terminal (SIGHUP) must not leave half a change either.
const HEARD: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

/// Listens until the run is over.
pub(super) fn listen(color: Color) -> Interrupt {
    listening(color).0
}

/// The same, to be aborted when signals are for somebody else: nobody dies of them after that.
pub(super) fn listening(color: Color) -> (Interrupt, JoinHandle<()>) {
    let (interrupter, interrupt) = Interrupter::pair();
    let listener = tokio::spawn(async move {
        // Without signals there is nobody to interrupt.
        let Ok(mut signals) = Signals::listen(&HEARD) else { return };
        signals.next().await;
        let mut reporter = Reporter::stderr(color, Verbosity::Story);
        reporter.note("stopping at the next prompt and cleaning up; once more stops at once");
        interrupter.interrupt();
        signals.next().await;
        clear_display();
        reporter.note("stopped at once: what this run had saved so far may still be on the device");
        std::process::exit(Exit::NeedsPerson.status().into());
    });
    (interrupt, listener)
}
