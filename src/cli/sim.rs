//! `fgtkey sim` from flags: simulated devices until Ctrl-C.

use std::io;
use std::path::{Path, PathBuf};

use russh::keys::PublicKey;

use crate::fortios::version::Version;
use crate::report::{Exit, Reporter};
use crate::sim::{self, CertificateError, Device, Https, Password, Running, SimOptions};

use super::args::SimArgs;
use super::{print, runtime};

pub(super) fn run(args: &SimArgs, reporter: &mut Reporter) -> Exit {
    let options = match options(args) {
        Ok(options) => options,
        Err((message, hint)) => {
            reporter.bad_usage(&message, hint.as_deref());
            return Exit::Usage;
        }
    };
    if args.stdio {
        return on_stdio(&options, args, reporter);
    }
    match runtime() {
        Ok(runtime) => runtime.block_on(listen(&options, args.https_ca.as_deref(), reporter)),
        Err(error) => {
            reporter.error(None, &error);
            Exit::Failed
        }
    }
}

fn options(args: &SimArgs) -> Result<SimOptions, (String, Option<String>)> {
    let version =
        Version::parse_target(&args.fortios).map_err(|error| (format!("--fortios: {error}"), error.hint()))?;
    let listening = [("--listen", Some(args.listen)), ("--https", args.https)];
    for (flag, addr) in listening.iter().filter_map(|(flag, addr)| Some((flag, (*addr)?))) {
        if !addr.ip().is_loopback() {
            let hint = "a simulated device has a published password: it listens on 127.0.0.1 or [::1] only".to_owned();
            return Err((format!("{flag}: {addr} is not a loopback address"), Some(hint)));
        }
    }
    if let Some(text) = args.public_keys.iter().find(|text| PublicKey::from_openssh(text).is_err()) {
        let hint = "the content of a file such as ~/.ssh/id_ed25519.pub".to_owned();
        return Err((format!("--public-key: `{text}` is not a public key in OpenSSH's form"), Some(hint)));
    }
    Ok(SimOptions {
        version,
        vdom_mode: args.vdom_mode,
        vdoms: args.vdoms.clone(),
        ha: args.ha,
        fips: args.fips,
        cfg_save: args.cfg_save,
        hostname: args.hostname.clone(),
        admin: args.admin.clone(),
        password: Password::new(args.password.clone()),
        public_keys: args.public_keys.clone(),
        listen: args.listen,
        https: args.https,
        devices: args.devices,
        faults: args.faults.clone(),
        traps: args.traps.clone(),
        think: args.think.clone(),
    })
}

fn on_stdio(options: &SimOptions, args: &SimArgs, reporter: &mut Reporter) -> Exit {
    let connection = std::env::var("SSH_CONNECTION").unwrap_or_default();
    let source = sim::source_of(&connection).unwrap_or_else(|| ([127, 0, 0, 1], 0).into());
    let specs = options.specs();
    let Some(spec) = specs.into_iter().next() else { return Exit::Failed };
    let served =
        Device::new(spec).map_err(std::io::Error::other).and_then(|device| sim::on_stdio(&device, &args.admin, source));
    match served {
        Ok(()) => Exit::Done,
        Err(error) => {
            reporter.error(None, &error);
            Exit::Failed
        }
    }
}

async fn listen(options: &SimOptions, ca: Option<&Path>, reporter: &mut Reporter) -> Exit {
    let running = match options.run().await {
        Ok(running) => running,
        Err(error) => {
            reporter.failure(None, &error, &[], Some("--listen 127.0.0.1:0 takes a free port"));
            return Exit::Failed;
        }
    };
    if let Err(failure) = ca.map_or(Ok(()), |path| write_authorities(path, &running)) {
        reporter.error(None, &failure);
        return Exit::Failed;
    }
    for device in &running {
        // A script reads these lines; without a reader the devices run all the same.
        let _ = print(line(device, &options.admin).as_bytes());
    }
    reporter.simulating(running.len());
    let _ = tokio::signal::ctrl_c().await;
    Exit::Done
}

/// Name, login, host key, and where HTTPS administration answers.
fn line(device: &Running, admin: &str) -> String {
    let https = device.https.as_ref().map(|https| format!("\thttps://{}", https.addr())).unwrap_or_default();
    format!("{}\t{admin}@{}\t{}{https}\n", device.name, device.server.addr(), device.server.fingerprint())
}

/// Why the certificates of the CAs are not there for the clients.
#[derive(Debug, thiserror::Error)]
enum AuthoritiesError {
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error("cannot write the CA certificates to {path}")]
    Write { path: PathBuf, source: io::Error },
}

/// One certificate for each device, in one file.
fn write_authorities(path: &Path, running: &[Running]) -> Result<(), AuthoritiesError> {
    let pem: String =
        running.iter().filter_map(|device| device.https.as_ref()).map(Https::ca_pem).collect::<Result<_, _>>()?;
    std::fs::write(path, pem).map_err(|source| AuthoritiesError::Write { path: path.into(), source })
}
