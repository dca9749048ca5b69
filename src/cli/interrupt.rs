//! Ctrl-C: the first one stops the run at the next prompt, with a clean device; the second one stops it at once.

use crate::report::{Color, Exit, Reporter, Verbosity};
use crate::session::drive::{Interrupt, Interrupter};

/// Listens for SIGINT, SIGTERM and SIGHUP (the terminal was closed, which must not leave half a change either) until the run is over.
pub(super) fn listen(color: Color) -> Interrupt {
    let (interrupter, interrupt) = Interrupter::pair();
    tokio::spawn(async move {
        signalled().await;
        let mut reporter = Reporter::stderr(color, Verbosity::Story);
        reporter.note("stopping at the next prompt and cleaning up; once more stops at once");
        interrupter.interrupt();
        signalled().await;
        reporter.note("stopped at once: what this run had saved so far may still be on the device");
        std::process::exit(Exit::NeedsPerson.status().into());
    });
    interrupt
}

async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = (SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup());
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) = (signal(kinds.0), signal(kinds.1), signal(kinds.2))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}
