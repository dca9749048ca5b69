//! Running a program that takes something on its stdin, within a time.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// How a program ended.
pub(super) struct Ended {
    /// None: it did not within its time, and was killed.
    pub(super) status: Option<ExitStatus>,
    /// The beginning of what it printed on stderr; it may hold what it was given.
    pub(super) stderr: Zeroizing<Vec<u8>>,
}

/// How much of stderr is kept, in bytes. The rest is read and dropped, so that the program does not wait for us.
const KEPT: usize = 16 * 1024;

/// How much of stderr is told, in characters.
const TOLD: usize = 500;

/// How long stderr may stay open behind the end of the program: something that it left running holds it.
const STRAGGLERS: Duration = Duration::from_millis(200);

/// Runs `command` with `input` on its stdin and its stdout dropped, in a process group of its own, for `within` at most.
///
/// Fails when it cannot be started or waited for. A program that closes its stdin early is asked how it ended, all the same.
pub(super) fn run(mut command: Command, input: Zeroizing<Vec<u8>>, within: Duration) -> io::Result<Ended> {
    command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    // A thread of its own: the caller may be in a runtime, which must not be entered twice.
    let ended = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(fed(command.into(), input, within))
    });
    ended.join().unwrap_or_else(|_| Err(io::Error::other("the thread that runs it has failed")))
}

async fn fed(mut command: tokio::process::Command, input: Zeroizing<Vec<u8>>, within: Duration) -> io::Result<Ended> {
    let mut child = command.kill_on_drop(true).spawn()?;
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let group = child.id();
    let mut kept = Zeroizing::new(Vec::with_capacity(KEPT));
    let ended = timeout(within, conversation(&mut child, stdin, stderr, &input, &mut kept)).await;
    let status = match ended {
        Ok(status) => Some(status?),
        Err(_) => {
            kill(group);
            child.wait().await?;
            None
        }
    };
    Ok(Ended { status, stderr: kept })
}

/// Writes, reads and waits at once: each of the three may wait for another.
async fn conversation(
    child: &mut Child,
    stdin: Option<ChildStdin>,
    stderr: Option<impl AsyncRead + Unpin>,
    input: &[u8],
    kept: &mut Vec<u8>,
) -> io::Result<ExitStatus> {
    let reading = drain(stderr, kept);
    tokio::pin!(reading);
    let waiting = async { tokio::join!(child.wait(), write(stdin, input)).0 };
    tokio::pin!(waiting);
    tokio::select! {
        status = &mut waiting => {
            let _ = timeout(STRAGGLERS, reading).await;
            status
        }
        () = &mut reading => waiting.await,
    }
}

/// Whoever does not read to the end has closed the pipe, and its status says whether that was meant.
async fn write(stdin: Option<ChildStdin>, input: &[u8]) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(input).await;
        let _ = stdin.shutdown().await;
    }
}

async fn drain(stderr: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>) {
    let Some(mut stderr) = stderr else { return };
    let mut chunk = Zeroizing::new([0; 4096]);
    while let Ok(length @ 1..) = stderr.read(chunk.as_mut_slice()).await {
        let room = KEPT.saturating_sub(kept.len());
        kept.extend(chunk.iter().take(length.min(room)));
    }
}

/// Ends the program and all that it has started. It leads its group, whose number is its own.
fn kill(group: Option<u32>) {
    if let Some(group) = group.and_then(|group| i32::try_from(group).ok()) {
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
}

/// The end of what a program said, on one line, without control characters and without `key`.
pub(super) fn printable(said: &[u8], key: &Secret) -> String {
    let text = Zeroizing::new(String::from_utf8_lossy(said).into_owned());
    let text = Zeroizing::new(text.replace(key.expose(), "…"));
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>();
    let line = Zeroizing::new(lines.join("; "));
    let visible: Vec<char> = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let from = visible.len().saturating_sub(TOLD);
    visible.into_iter().skip(from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_one_short_line_without_the_key() {
        let key = Secret::new("fccys3");
        assert_eq!(printable(b"no\x1b[31m such\n\n  store fccys3\r\n", &key), "no [31m such; store …");
        assert_eq!(printable(&[b'x'; 9999], &key).len(), TOLD);
        assert_eq!(printable(b"\xff", &key), "\u{fffd}");
    }
}
