//! `fgtkey sim` from flags: simulated devices until Ctrl-C or SIGTERM.

use std::io::{self, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use russh::keys::PublicKey;
use tokio::runtime::{Builder, Runtime};

use crate::fortios::version::Version;
use crate::report::{Exit, Reporter};
use crate::sim::{self, CertificateError, Device, Fleet, Https, Password, Running, SimOptions};
use crate::verbs::signals::Signals;

use super::args::SimArgs;
use super::draft::Draft;
use super::print;

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
    match devices_runtime() {
        Ok(runtime) => runtime.block_on(listen(&options, args, reporter)),
        Err(error) => {
            reporter.error(None, &error);
            Exit::Failed
        }
    }
}

/// Half of the processors: the other half is for who talks to the devices.
fn devices_runtime() -> io::Result<Runtime> {
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    Builder::new_multi_thread().worker_threads((processors / 2).max(1)).enable_all().build()
}

fn options(args: &SimArgs) -> Result<SimOptions, (String, Option<String>)> {
    let releases = args.fortios.iter().map(|text| Version::parse_target(text)).collect::<Result<Vec<_>, _>>();
    let releases = releases.map_err(|error| (format!("--fortios: {error}"), error.hint()))?;
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
        releases,
        mixed: args.mixed,
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
        rates: args.rates.clone(),
        seed: args.seed,
        round_trip: args.round_trip,
        think: args.think.clone(),
        ..SimOptions::default()
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

/// Each device takes a file or two, more than a process may have open at first; how many more is the system's to say.
fn open_many_files() {
    if let Ok((_, most)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, most, most);
    }
}

async fn listen(options: &SimOptions, args: &SimArgs, reporter: &mut Reporter) -> Exit {
    open_many_files();
    let fleet = match options.run().await {
        Ok(fleet) => fleet,
        Err(error) => {
            reporter.failure(None, &error, &[], Some("--listen 127.0.0.1:0 takes a free port"));
            return Exit::Failed;
        }
    };
    match serve(&fleet, &options.admin, args, reporter).await {
        Ok(()) => Exit::Done,
        Err(error) => {
            reporter.error(None, &error);
            Exit::Failed
        }
    }
}

/// Why a simulated device does not go on.
#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error("cannot write {path}")]
    Write { path: PathBuf, source: io::Error },
    #[error("cannot listen to signals")]
    Signals(#[source] io::Error),
}

/// Tells where the devices are, and waits for the end.
async fn serve(fleet: &Fleet, admin: &str, args: &SimArgs, reporter: &mut Reporter) -> Result<(), ServeError> {
    let mut signals = Signals::listen(&HEARD).map_err(ServeError::Signals)?;
    if let Some(path) = &args.https_ca {
        write(path, &authorities(fleet.devices())?)?;
    }
    if let Some(path) = &args.inventory_out {
        write(path, &fleet.inventory())?;
    }
    for device in fleet.devices() {
        // A script reads these lines; without a reader the devices run all the same.
        let _ = print(line(device, admin).as_bytes());
    }
    reporter.simulating(fleet.devices().len());
    loop {
        let heard = signals.next().await;
        if let Some(path) = &args.report {
            write(path, &fleet.report())?;
        }
        if heard != Signal::SIGUSR1 {
            return Ok(());
        }
    }
}

/// What ends the devices, and what makes them tell what they saw.
const HEARD: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGUSR1];

/// Name, login, host key, and where HTTPS administration answers.
fn line(device: &Running, admin: &str) -> String {
    let https = device.https.as_ref().map(|https| format!("\thttps://{}", https.addr())).unwrap_or_default();
    format!("{}\t{admin}@{}\t{}{https}\n", device.name, device.server.addr(), device.server.fingerprint())
}

/// One certificate for each device, one behind the other.
fn authorities(running: &[Running]) -> Result<String, CertificateError> {
    running.iter().filter_map(|device| device.https.as_ref()).map(Https::ca_pem).collect()
}

/// Who waits for the file sees it whole, or the one before.
fn write(path: &Path, text: &str) -> Result<(), ServeError> {
    let failed = |source| ServeError::Write { path: path.into(), source };
    let mut file = Draft::at(path).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.place()).map_err(failed)
}
