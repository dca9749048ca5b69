//! An API user is taken away: its key is void, it is gone with its profile, and whatever goes wrong at whatever line, a
//! second run finishes it. The other API user's key goes on working throughout.

use fgtkey::fortios::facts::Facts;
use fgtkey::fortios::plan::Consent;
use fgtkey::fortios::render::{Paging, Templates};
use fgtkey::fortios::retirement::{Claim, Retirement};
use fgtkey::fortios::status::VdomMode;
use fgtkey::session::fault::{Fault, FaultKind};
use fgtkey::sim::{Device, Fault as SimFault, FaultAction, Place};

use super::pair::{Chunks, Pair, SimShell};
use super::story::{PASSWORD, mint, mint_plain, options, request, request_of, spec};

const VERSIONS: [(&str, bool); 4] = [("6.0.10", true), ("7.4.8", false), ("7.6.4", true), ("8.0.0", false)];
const OLD: &str = "terraform";
const NEW: &str = "terraform-b";

/// A device with two API users; the second one has a profile of its own.
struct Scene {
    device: Device,
    version: &'static str,
    vdoms: bool,
    old_key: String,
    new_key: String,
}

impl Scene {
    fn of(version: &'static str, vdoms: bool, faults: Vec<SimFault>) -> Scene {
        let device = Device::new(spec(version, vdoms, |spec| spec.faults = faults)).unwrap();
        let key = |minted: super::story::Minted| minted.result.unwrap().expose().to_owned();
        let new = request_of(|flags| flags.api_user = Some(NEW.into()));
        let old_key = key(mint(&device, &request(), Chunks::of(4096)));
        let new_key = key(mint_plain(&device, &new, Chunks::of(4096)));
        Scene { device, version, vdoms, old_key, new_key }
    }

    /// How many lines the two mints are.
    fn lines_before(version: &'static str, vdoms: bool) -> usize {
        Scene::of(version, vdoms, Vec::new()).device.commands().len()
    }

    /// Reads what there is, takes it away; also returns what was written down.
    fn retire(&self, chunk: usize) -> (Result<(), Fault>, Vec<String>) {
        let mut pair = Pair::new(options(), SimShell::log_in(&self.device), Chunks::of(chunk));
        let result = self.retire_over(&mut pair);
        (result, pair.trace)
    }

    fn retire_over(&self, pair: &mut Pair<SimShell>) -> Result<(), Fault> {
        pair.drive()?;
        let mut manners = pair.session.manners();
        manners.asks_at_commit = true;
        pair.session.set_manners(manners);
        let templates = Templates::embedded().unwrap();
        let mode = if self.vdoms { VdomMode::Multiple } else { VdomMode::Disable };
        let mut facts = Facts::assumed(self.version.parse().unwrap(), mode);
        let replies = pair.run(&templates.read_back(self.vdoms, Paging::Avoided, OLD, OLD).unwrap())?;
        for reply in replies.iter().filter(|reply| reply.line.starts_with("show ")) {
            match reply.line.contains("accprofile") {
                true => facts.read_profile(OLD, &reply.body).unwrap(),
                false => facts.read_user(OLD, &reply.body).unwrap(),
            }
        }
        let claim = Claim { user: true, owned: true, keep: false };
        let retirement = Retirement::of_objects(&facts, claim, Consent::default()).unwrap();
        templates.retire(&retirement).unwrap().iter().try_for_each(|script| pair.run(script).map(|_| ()))
    }

    fn is_over(&self) -> bool {
        self.device.api_user(OLD).is_none() && self.device.profile(OLD).is_none()
    }

    /// Whatever has happened: the other key works, and what is written down has no secret in it.
    fn holds(&self, trace: &[String], what: &str) {
        assert!(self.device.key_is_live(NEW, &self.new_key), "{what}: the key in use is void");
        assert!(self.device.profile(NEW).is_some(), "{what}");
        let trace = trace.join("\n");
        assert!(!trace.contains(PASSWORD), "{what}: the password is in the record");
        let words = trace.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() >= 20);
        assert!(
            words.into_iter().all(|word| self.device.user_of_key(word).is_none()),
            "{what}: a key is in the record"
        );
    }
}

#[test]
fn the_key_is_void_and_the_user_and_its_profile_are_gone() {
    for (version, vdoms) in VERSIONS {
        for chunk in [1, 4096] {
            let scene = Scene::of(version, vdoms, Vec::new());
            assert!(scene.device.key_is_live(OLD, &scene.old_key));
            let (result, trace) = scene.retire(chunk);
            assert_eq!(result, Ok(()), "{version}\n{}", trace.join("\n"));
            assert!(scene.is_over() && !scene.device.key_is_live(OLD, &scene.old_key), "{version}");
            scene.holds(&trace, version);
        }
    }
}

#[test]
fn what_is_gone_can_be_taken_away_again() {
    let scene = Scene::of("7.4.8", false, Vec::new());
    assert_eq!(scene.retire(4096).0, Ok(()));
    let after = scene.device.config_text();
    assert_eq!(scene.retire(4096).0, Ok(()));
    assert_eq!(scene.device.config_text(), after);
}

/// Lets each line of a retirement go wrong by `action`, and a second run finish it.
fn at_each_line(action: &FaultAction, see: impl Fn(&str, &Fault)) {
    for (version, vdoms) in VERSIONS {
        let before = Scene::lines_before(version, vdoms);
        let whole = Scene::of(version, vdoms, Vec::new());
        assert_eq!(whole.retire(4096).0, Ok(()));
        for (at, line) in whole.device.commands().iter().enumerate().skip(before) {
            let what = format!("{version}, VDOMs {vdoms}, `{line}`, {action}");
            let fault = SimFault { at: Place::Number(at + 1), action: action.clone() };
            let scene = Scene::of(version, vdoms, vec![fault]);
            let (result, trace) = scene.retire(4096);
            match result {
                Ok(()) => assert!(scene.is_over() || line.starts_with("show "), "{what}"),
                Err(fault) => see(&what, &fault),
            }
            scene.holds(&trace, &what);
            let (again, trace) = scene.retire(4096);
            assert_eq!(again, Ok(()), "{what}:\n{}", trace.join("\n"));
            assert!(scene.is_over(), "{what}: the second run did not finish");
            scene.holds(&trace, &what);
        }
    }
}

#[test]
fn a_line_that_is_refused_leaves_what_a_second_run_finishes() {
    at_each_line(&FaultAction::Refuse(None), |what, fault| {
        assert!(matches!(fault.kind, FaultKind::Refused(_)), "{what}: {fault}");
    });
}

#[test]
fn a_connection_that_dies_leaves_what_a_second_run_finishes() {
    for action in [FaultAction::Drop, FaultAction::DropAfter] {
        at_each_line(&action, |what, fault| {
            assert!(matches!(fault.kind, FaultKind::Dropped { .. }), "{what}: {fault}");
        });
    }
}

#[test]
fn a_silence_leaves_what_a_second_run_finishes() {
    at_each_line(&FaultAction::HangAfter, |what, fault| {
        assert!(matches!(fault.kind, FaultKind::Silent { .. }), "{what}: {fault}");
    });
}
