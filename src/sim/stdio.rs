//! The device's shell on this process's own terminal, for an SSH server that is not ours: as the forced command of a
//! stock `sshd`, or just to look at it.

use std::io::{self, IsTerminal, Read, Write};
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use super::device::Device;
use super::shell::{Login, Output, Shell, Then};

/// Runs one session of `admin` on stdin and stdout until it ends.
///
/// `source` is where the session comes from; `sshd` tells it in `SSH_CONNECTION` (see [`source_of`]). A terminal is put
/// into raw mode with `stty` meanwhile, because the device does its own echo.
///
/// # Errors
///
/// When stdin cannot be read or stdout not be written. The end of stdin ends the session and is none.
pub fn on_stdio(device: &Device, admin: &str, source: SocketAddr) -> io::Result<()> {
    let terminal = io::stdin().is_terminal();
    let raw = if terminal { Some(RawTerminal::enter()?) } else { None };
    let (rows, cols) = raw.as_ref().map_or((0, 0), |raw| raw.size);
    let login = Login { admin: admin.into(), source, rows, cols, pty: terminal };
    let (shell, greeting) = Shell::open(device, login);
    converse(shell, greeting, &mut io::stdin().lock(), &mut io::stdout().lock())
}

/// The client's address and port out of `SSH_CONNECTION`: `CLIENT PORT SERVER PORT`.
pub fn source_of(ssh_connection: &str) -> Option<SocketAddr> {
    let mut words = ssh_connection.split_whitespace();
    let address = words.next()?.parse().ok()?;
    let port = words.next()?.parse().ok()?;
    Some(SocketAddr::new(address, port))
}

fn converse(mut shell: Shell, greeting: Output, input: &mut impl Read, output: &mut impl Write) -> io::Result<()> {
    let mut buffer = [0; 4096];
    let mut step = greeting;
    loop {
        output.write_all(&step.bytes)?;
        output.flush()?;
        step = match step.then {
            Then::Logout | Then::Drop => return Ok(()),
            Then::Think(time) => {
                std::thread::sleep(time);
                shell.wake()
            }
            Then::Continue => match input.read(&mut buffer)? {
                0 => return Ok(()),
                length => shell.receive(buffer.get(..length).unwrap_or_default()),
            },
        };
    }
}

/// The terminal in raw mode; it is as before when this is dropped.
struct RawTerminal {
    before: String,
    size: (u32, u32),
}

impl RawTerminal {
    fn enter() -> io::Result<Self> {
        let before = stty(&["-g"])?.trim().to_owned();
        let size = stty(&["size"])?;
        let mut numbers = size.split_whitespace().map(|number| number.parse().unwrap_or(0));
        let size = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        stty(&["raw", "-echo"])?;
        Ok(RawTerminal { before, size })
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        // A terminal that is gone needs no mending.
        let _ = stty(&[&self.before]);
    }
}

fn stty(arguments: &[&str]) -> io::Result<String> {
    let output = Command::new("stty").args(arguments).stdin(Stdio::inherit()).output()?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::DeviceSpec;

    #[test]
    fn a_session_on_pipes_ends_with_its_input() {
        let device = Device::new(DeviceSpec::default()).unwrap();
        let (shell, greeting) = Shell::open(&device, Login { pty: false, ..Login::default() });
        let mut said = Vec::new();
        converse(shell, greeting, &mut &b"end\n"[..], &mut said).unwrap();
        assert_eq!(String::from_utf8(said).unwrap(), "fw1 # Unknown action 0\n\nfw1 # ");
        assert_eq!(device.sessions(), 0);
    }

    #[test]
    fn the_source_is_what_sshd_tells() {
        assert_eq!(source_of("192.0.2.9 50022 192.0.2.1 22"), Some(([192, 0, 2, 9], 50022).into()));
        assert_eq!(source_of("2001:db8::9 50022 2001:db8::1 22"), "[2001:db8::9]:50022".parse().ok());
        assert_eq!(source_of("UNKNOWN"), None);
    }
}
