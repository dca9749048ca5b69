//! `fgtkey sim` from flags: simulated devices until Ctrl-C.

use russh::keys::PublicKey;

use crate::fortios::version::Version;
use crate::report::{Exit, Reporter};
use crate::sim::{self, Device, Password, SimOptions};

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
        Ok(runtime) => runtime.block_on(listen(&options, reporter)),
        Err(error) => {
            reporter.error(None, &error);
            Exit::Failed
        }
    }
}

fn options(args: &SimArgs) -> Result<SimOptions, (String, Option<String>)> {
    let version =
        Version::parse_target(&args.fortios).map_err(|error| (format!("--fortios: {error}"), error.hint()))?;
    if !args.listen.ip().is_loopback() {
        let hint = "a simulated device has a published password: it listens on 127.0.0.1 or [::1] only".to_owned();
        return Err((format!("--listen: {} is not a loopback address", args.listen), Some(hint)));
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

async fn listen(options: &SimOptions, reporter: &mut Reporter) -> Exit {
    let running = match options.run().await {
        Ok(running) => running,
        Err(error) => {
            reporter.failure(None, &error, &[], Some("--listen 127.0.0.1:0 takes a free port"));
            return Exit::Failed;
        }
    };
    for device in &running {
        let line =
            format!("{}\t{}@{}\t{}\n", device.name, options.admin, device.server.addr(), device.server.fingerprint());
        // A script reads these lines; without a reader the devices run all the same.
        let _ = print(line.as_bytes());
    }
    reporter.simulating(running.len());
    let _ = tokio::signal::ctrl_c().await;
    Exit::Done
}
