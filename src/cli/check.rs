//! `fgtkey check` from flags.

use std::collections::BTreeMap;
use std::path::Path;

use crate::fortios::render::Templates;
use crate::fortios::version::Version;
use crate::report::check::{Next, to_json, to_table};
use crate::report::{Exit, Reporter};
use crate::session::drive::Interrupt;
use crate::sim::{Running, SimOptions};
use crate::ssh::HostKeyPolicy;
use crate::verbs::check::{Check, Checked};

use super::args::{CheckArgs, JsonOrOption, SimulatedArgs, SshArgs, Talk, VdomModeArg};
use super::devices::{self, Device};
use super::fleet::{self, Fleet, Shared};
use super::logging_in::{self, Ways};
use super::transcript::Recorded;
use super::{Usage, block_on, ended, print, simulated};

pub(super) fn run(args: &CheckArgs, talk: &Talk, reporter: &mut Reporter) -> Exit {
    let done = devices::choose(&args.devices, &args.fleet, reporter).and_then(|chosen| {
        if chosen.is_fleet {
            return fleet(args, &chosen.devices, talk);
        }
        Ok(block_on(reporter, async |reporter| check(args, chosen.only(), talk, reporter).await))
    });
    ended(done, reporter)
}

async fn check(args: &CheckArgs, device: Option<&Device>, talk: &Talk, reporter: &mut Reporter) -> Result<Exit, Usage> {
    let interrupt = super::interrupt::listen(talk.color);
    // Dropped at the end: the simulated device lives as long as the run.
    let (check, _device) = prepared(args, device, interrupt).await?;
    let mut recorded = Recorded::new(reporter, talk.transcript.as_deref())?;
    let exit = match check.run(&mut recorded).await {
        Err(failure) => recorded.reporter.failed(&check.line.endpoint.name, &failure),
        Ok(checked) => match print(text(args, device, &checked).as_bytes()) {
            Exit::Done if !checked.obstacles().is_empty() => Exit::Failed,
            exit => exit,
        },
    };
    Ok(recorded.finish(exit))
}

/// Many devices: what was found is printed at the end, in the order of the inventory.
fn fleet(args: &CheckArgs, devices: &[Device], talk: &Talk) -> Result<Exit, Usage> {
    let templates = Templates::embedded().map_err(|error| (error.to_string(), error.hint()))?;
    let shared = Shared::new(devices, |_| Ok(()))?;
    fleet::running(talk, async |interrupt| {
        let ways = Ways::new(&args.ssh, ssh_options(args), interrupt.clone())?;
        let lines = shared.lines(devices, &ways, |(): &()| None, |(): &(), _| Ok(()))?;
        let run = fleet::Asked::looking(&args.fleet, "check", devices, talk)?
            .in_json(args.output.contains(&JsonOrOption::Json));
        let checks =
            Fleet::new(devices, &shared, lines, |line, (): &()| Some(Check { line, templates: templates.clone() }));
        let mut texts = BTreeMap::new();
        let mut tell = |at: usize, checked: Checked, _: &mut Reporter| {
            texts.insert(at, text(args, devices.get(at), &checked));
            if checked.obstacles().is_empty() { Exit::Done } else { Exit::Failed }
        };
        let exit = fleet::each(&checks, run, talk, interrupt, &mut tell).await;
        Ok(fleet::printed(texts, exit))
    })
}

fn text(args: &CheckArgs, device: Option<&Device>, checked: &Checked) -> String {
    let next = Next { words: words(args, device), simulated: args.sim };
    let json = args.output.contains(&JsonOrOption::Json);
    if json { to_json(checked, &next) } else { to_table(checked, &next) }
}

/// Everything that can be judged before anything is contacted.
async fn prepared(
    args: &CheckArgs,
    device: Option<&Device>,
    interrupt: Interrupt,
) -> Result<(Check, Option<Running>), Usage> {
    let templates = Templates::embedded().map_err(|error| (error.to_string(), error.hint()))?;
    if args.sim {
        let running = simulated::start(&options(&args.simulated)?).await?;
        let line = simulated::line(&running, logging_in::within(&args.ssh), interrupt);
        return Ok((Check { line, templates }, Some(running)));
    }
    check_flags(&args.simulated)?;
    let line = Ways::new(&args.ssh, ssh_options(args), interrupt)?.line(device.ok_or_else(no_device)?, None)?;
    Ok((Check { line, templates }, None))
}

/// Flags that have no meaning without `--sim`.
pub(super) fn check_flags(args: &SimulatedArgs) -> Result<(), Usage> {
    let given = [
        ("--fortios", args.fortios.is_some()),
        ("--vdom-mode", args.vdom_mode.is_some()),
        ("--ha", args.ha.is_some()),
        ("--fips", args.fips),
        ("--cfg-save", args.cfg_save.is_some()),
    ];
    if let Some((flag, _)) = given.iter().find(|(_, given)| *given) {
        return Err((format!("{flag} is for --sim: a device says itself what it is"), Some("leave it out".into())));
    }
    let rehearsed = [("--fault", args.faults.is_empty()), ("--trap", args.traps.is_empty())];
    match rehearsed.iter().find(|(_, absent)| !absent) {
        Some((flag, _)) => Err((format!("{flag} is for the simulated device"), Some("add --sim".into()))),
        None => Ok(()),
    }
}

fn no_device() -> Usage {
    let hint = "fgtkey check [USER@]HOST[:PORT], or fgtkey check --sim to try it without a device";
    ("no device is named".into(), Some(hint.into()))
}

pub(super) fn options(args: &SimulatedArgs) -> Result<SimOptions, Usage> {
    let default = SimOptions::default();
    let version = args.fortios.as_deref().map(Version::parse_target).transpose();
    let version = version.map_err(|error| (format!("--fortios: {error}"), error.hint()))?;
    Ok(SimOptions {
        version: version.unwrap_or(default.version),
        vdom_mode: simulated::vdom_mode(args.vdom_mode),
        ha: args.ha.unwrap_or(default.ha),
        fips: args.fips,
        cfg_save: args.cfg_save.unwrap_or(default.cfg_save),
        faults: args.faults.clone(),
        traps: args.traps.clone(),
        ..default
    })
}

fn ssh_options(args: &CheckArgs) -> Vec<String> {
    options_of(&args.output)
}

/// The options of `ssh` among what stands behind `-o`.
pub(super) fn options_of(output: &[JsonOrOption]) -> Vec<String> {
    let options = output.iter().filter_map(|said| match said {
        JsonOrOption::Json => None,
        JsonOrOption::Option(text) => Some(text.clone()),
    });
    options.collect()
}

/// The words that lead a next command to the same device in the same way.
fn words(args: &CheckArgs, device: Option<&Device>) -> Vec<String> {
    let device: Vec<String> = match device {
        Some(Device::Named(text)) => vec![text.clone()],
        Some(Device::Listed(entry)) => inventory_words(args).chain([entry.name.clone()]).collect(),
        None => simulated_words(&args.simulated),
    };
    let options = ssh_options(args).into_iter().flat_map(|option| ["-o".to_owned(), option]);
    device.into_iter().chain(login_words(&args.ssh)).chain(options).collect()
}

fn inventory_words(args: &CheckArgs) -> impl Iterator<Item = String> {
    args.fleet.selection.inventories.iter().flat_map(|file| ["--inventory".to_owned(), file.display().to_string()])
}

fn simulated_words(args: &SimulatedArgs) -> Vec<String> {
    let fortios = args.fortios.iter().flat_map(|version| ["--fortios".to_owned(), version.clone()]);
    let multi = args.vdom_mode == Some(VdomModeArg::Multi);
    let vdoms = multi.then_some(["--vdom-mode", "multi"].map(str::to_owned)).into_iter().flatten();
    ["--sim".to_owned()].into_iter().chain(fortios).chain(vdoms).collect()
}

/// The flags of the login again. A host key that was accepted as new stands in `known_hosts` by now.
fn login_words(args: &SshArgs) -> Vec<String> {
    let path = |path: &Path| path.display().to_string();
    let host_key = args.host_key.as_ref().and_then(pinned);
    let with_value = [
        ("-u", args.user.clone()),
        ("-J", args.jump.clone()),
        ("-F", args.ssh_config.as_deref().map(path)),
        ("--host-key", host_key),
        ("--known-hosts", args.known_hosts.as_deref().map(path)),
        ("--password-file", args.password_file.as_deref().map(path)),
        ("--password-command", args.password_command.clone()),
        ("--otp-command", args.otp_command.clone()),
    ];
    let identities = args.identities.iter().map(|file| ("-i", Some(path(file))));
    let valued = with_value.into_iter().chain(identities).filter_map(|(flag, value)| Some([flag.to_owned(), value?]));
    let switches = [("--ask-password", args.ask_password), ("--legacy-algorithms", args.legacy_algorithms)];
    let switches = switches.into_iter().filter(|(_, on)| *on).map(|(flag, _)| flag.to_owned());
    valued.flatten().chain(switches).collect()
}

fn pinned(policy: &HostKeyPolicy) -> Option<String> {
    match policy {
        HostKeyPolicy::Configured | HostKeyPolicy::AcceptNew => None,
        HostKeyPolicy::Strict => Some("strict".into()),
        HostKeyPolicy::Pinned(fingerprints) => {
            Some(fingerprints.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
        }
    }
}
