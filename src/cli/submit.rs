//! `fgtkey submit` from flags: each device's job for the workers of its site, and its key back here.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use crate::deliver::seal::Identity;
use crate::deliver::{self, Destination, Format};
use crate::fleet::inventory::Entry;
use crate::fleet::run::Devices;
use crate::fortios::plan::Consent;
use crate::fortios::request::{Request, RequestFlags};
use crate::fortios::retirement::Claim;
use crate::nats::broker::Broker;
use crate::nats::job::{DEFAULT_SITE, Job, Task};
use crate::nats::mail::Mail;
use crate::nats::remote::{Answer, Post, Remote};
use crate::report::{Exit, Reporter, inventory, with_causes};
use crate::verbs::gate::Gate;

use super::args::{
    DeliveryArgs, EscrowArgs, PostArgs, SubmitArgs, SubmitMint, SubmitRevoke, SubmitRotate, SubmitVerb, Talk,
};
use super::confirm::{can_be_asked, confirmed};
use super::devices::{self, Device};
use super::fleet::{self, Asked, Earlier, Shared};
use super::{Usage, delivery, ended, order, print, print_keyless, request, worker};

pub(super) fn run(args: &SubmitArgs, talk: &Talk, reporter: &mut Reporter) -> Exit {
    let done = match &args.verb {
        SubmitVerb::Mint(args) => mint(args, talk, reporter),
        SubmitVerb::Rotate(args) => rotate(args, talk, reporter),
        SubmitVerb::Revoke(args) => revoke(args, talk, reporter),
    };
    ended(done, reporter)
}

/// What is done on devices whose requests are the same, and where their keys go.
struct Order {
    task: Task,
    destinations: Vec<Destination>,
}

/// A submission: what it is called, and how its keys are delivered.
struct Submission<'a> {
    verb: &'static str,
    post: &'a PostArgs,
    delivery: Option<&'a DeliveryArgs>,
}

fn mint(args: &SubmitMint, talk: &Talk, reporter: &mut Reporter) -> Result<Exit, Usage> {
    if args.request.templates.is_some() {
        let hint = "fgtkey worker --templates DIR";
        return Err(("--templates: templates are the workers'".into(), Some(hint.into())));
    }
    if let Some(serial) = &args.request.serial {
        let hint = "the serial numbers of several devices stand in the inventory";
        return Err((format!("--serial {serial} is for one device"), Some(hint.into())));
    }
    let file = request::file(&args.request)?;
    let flags = request::flags(&args.request, args.consent.allow_weak);
    let order = |device: &Device| {
        let file = request::overlaid(file.as_ref(), Some(device));
        let text = file.clone().unwrap_or_default().to_json(flags.clone());
        let request = Request::from_parts(file, flags.clone()).map_err(|error| (error.to_string(), error.hint()))?;
        let destinations = delivery::destinations(&args.delivery, &request.deliver)?;
        let RequestFlags { allow_weak, .. } = flags;
        let (consent, transaction) = (args.consent.consent(), args.transaction);
        Ok(Order { task: Task::Mint { request: text, allow_weak, consent, transaction }, destinations })
    };
    let submission = Submission { verb: "submit mint", post: &args.post, delivery: Some(&args.delivery) };
    submission.run(order, talk, reporter)
}

fn rotate(args: &SubmitRotate, talk: &Talk, reporter: &mut Reporter) -> Result<Exit, Usage> {
    let order = |_: &Device| {
        let destinations = delivery::destinations(&args.delivery, &[])?;
        let consent = Consent { save: args.save, ..Consent::default() };
        Ok(Order {
            task: Task::Rotate {
                api_user: args.api_user.clone(),
                current: args.current.clone(),
                expires: args.expires.clone(),
                in_place: args.in_place,
                finish: args.finish,
                if_older_than: args.if_older_than,
                consent,
                transaction: args.transaction,
            },
            destinations,
        })
    };
    let submission = Submission { verb: "submit rotate", post: &args.post, delivery: Some(&args.delivery) };
    submission.run(order, talk, reporter)
}

fn revoke(args: &SubmitRevoke, talk: &Talk, reporter: &mut Reporter) -> Result<Exit, Usage> {
    if !args.yes && !can_be_asked() {
        reporter.nobody_to_ask();
        return Ok(Exit::Usage);
    }
    let question = format!("is {} to be removed from all these devices?", args.api_user);
    let order = |_: &Device| {
        let claim = Claim { user: true, owned: args.profile.is_some(), keep: args.keep_profile };
        let profile = args.profile.clone().unwrap_or_else(|| args.api_user.clone());
        let consent = Consent { save: args.save, ..Consent::default() };
        let task = Task::Revoke { api_user: args.api_user.clone(), profile, claim, consent };
        Ok(Order { task, destinations: Vec::new() })
    };
    let submission = Submission { verb: "submit revoke", post: &args.post, delivery: None };
    if args.yes {
        return submission.run(order, talk, reporter);
    }
    let meant = fleet::running(talk, async |mut interrupt| {
        Ok(if confirmed(&question, &mut interrupt).await { Exit::Done } else { Exit::Failed })
    })?;
    if meant == Exit::Done {
        return submission.run(order, talk, reporter);
    }
    reporter.not_meant("all devices");
    Ok(meant)
}

impl Submission<'_> {
    fn run(
        &self,
        order: impl FnMut(&Device) -> Result<Order, Usage>,
        talk: &Talk,
        reporter: &mut Reporter,
    ) -> Result<Exit, Usage> {
        self.check_delivery()?;
        let fleet = self.post.fleet();
        let chosen = devices::choose(&self.post.devices, &fleet, reporter)?;
        if chosen.devices.is_empty() && self.post.shard.is_none() {
            return Err(("no device is named".into(), Some("add --inventory FILE, or name some".into())));
        }
        let earlier = Earlier::find(&self.post.waves, self.verb)?;
        let devices = earlier.left(chosen.devices);
        let attempts = devices.iter().map(|device| earlier.attempts(device.name())).collect();
        let shared = Shared::new(&devices, order)?;
        if devices.len() > 1 {
            let mut orders = devices.iter().filter_map(|device| shared.of(device));
            orders.try_for_each(|order| order::check_apart(&order.destinations))?;
        }
        fleet::running(talk, async |interrupt| {
            let broker = match worker::open(&self.post.broker, "fgtkey submit").await {
                Ok(broker) => broker,
                Err(error) => return Ok(worker::unopened(&error, reporter)),
            };
            let asked = Asked::changing(&fleet, &self.post.waves, (self.verb, earlier), &devices, talk)?;
            let seal = self.seal(asked.run())?;
            let post = match Mail::fetch(&broker, asked.run()).await {
                Ok(mail) => Arc::new(self.post(broker, mail, &seal, devices.len(), interrupt.clone())?),
                Err(error) => return Ok(worker::unopened(&error, reporter)),
            };
            let (run, submission) = (asked.run().to_owned(), jiff::Timestamp::now().to_string());
            let remotes = Remotes { post, devices: &devices, shared: &shared, attempts, run, submission, seal };
            if self.post.detach {
                return Ok(remotes.submit(reporter).await);
            }
            let mut tell = |at, answer, reporter: &mut Reporter| self.told(remotes.destinations(at), answer, reporter);
            let exit = fleet::each(&remotes, asked, talk, interrupt, &mut tell).await;
            remotes.finish(exit).await;
            Ok(exit)
        })
    }

    /// `-o KEY=VALUE` is an option of ssh, which the workers speak.
    fn check_delivery(&self) -> Result<(), Usage> {
        match self.delivery.map(DeliveryArgs::ssh_options).unwrap_or_default().first() {
            None => Ok(()),
            Some(option) => {
                Err((format!("-o {option}: the workers log in"), Some("give it to `fgtkey worker`".into())))
            }
        }
    }

    /// To whom what comes back is sealed: the identity that is named, or one of the run.
    fn seal(&self, run: &str) -> Result<Seal, Usage> {
        if let Some(identity) = &self.post.age_identity {
            let recipient = Identity::recipient(identity);
            let failed = |error| (format!("--age-identity {}: {}", identity.display(), with_causes(&error)), None);
            return Ok(Seal { recipient: recipient.map_err(failed)?, identity: identity.clone(), passing: false });
        }
        let identity = fleet::directory()?.join(format!("{run}.identity"));
        let recipient = if identity.exists() { Identity::recipient(&identity) } else { Identity::create(&identity) };
        let failed = |error| (format!("{}: {}", identity.display(), with_causes(&error)), None);
        Ok(Seal { recipient: recipient.map_err(failed)?, passing: true, identity })
    }

    fn post(
        &self,
        broker: Arc<Broker>,
        mail: Mail,
        seal: &Seal,
        devices: usize,
        interrupt: crate::session::drive::Interrupt,
    ) -> Result<Post, Usage> {
        let nothing = EscrowArgs { escrow_recipients: Vec::new(), escrow_identity: None };
        let escrow = delivery::place(self.delivery.map_or(&nothing, |delivery| &delivery.escrow))?;
        let format = if devices > 1 { Format::NameAndKey } else { Format::Key };
        let format = self.delivery.and_then(DeliveryArgs::format).unwrap_or(format);
        let (identity, patience) = (seal.identity.clone(), self.post.wait);
        Ok(Post { broker, mail, identity, escrow, format, patience, interrupt })
    }

    fn told(&self, destinations: &[Destination], answer: Answer, reporter: &mut Reporter) -> Exit {
        reporter.retell_all(&answer.lines);
        let format = self.delivery.and_then(DeliveryArgs::format);
        match answer.record.map(|record| print_keyless(&record, destinations, format)) {
            None | Some(Exit::Done) => Exit::of_status(answer.exit),
            Some(unwritten) => unwritten,
        }
    }
}

/// To whom what comes back is sealed.
struct Seal {
    recipient: String,
    identity: PathBuf,
    /// Whether the identity goes with the run.
    passing: bool,
}

/// The devices of a submission.
struct Remotes<'a> {
    post: Arc<Post>,
    devices: &'a [Device],
    shared: &'a Shared<Order>,
    attempts: Vec<usize>,
    run: String,
    submission: String,
    seal: Seal,
}

impl Devices for Remotes<'_> {
    type Work = Remote;

    fn count(&self) -> usize {
        self.devices.len()
    }

    fn work(&self, at: usize, gate: Gate) -> Option<Remote> {
        let device = self.devices.get(at)?;
        let order = self.shared.of(device)?;
        let task = order.task.clone();
        Some(Remote {
            post: self.post.clone(),
            job: Job {
                run: self.run.clone(),
                submission: self.submission.clone(),
                device: listed(device),
                task,
                recipient: self.seal.recipient.clone(),
            },
            device: deliver::Device { name: device.name().to_owned(), address: address(device).to_owned() },
            site: site(device).to_owned(),
            attempt: self.attempts.get(at).copied().unwrap_or_default(),
            destinations: order.destinations.clone(),
            gate,
        })
    }
}

impl Remotes<'_> {
    fn destinations(&self, at: usize) -> &[Destination] {
        let order = self.devices.get(at).and_then(|device| self.shared.of(device));
        order.map(|order| order.destinations.as_slice()).unwrap_or_default()
    }

    /// Puts all jobs on the queue, and prints the name of the run.
    async fn submit(&self, reporter: &mut Reporter) -> Exit {
        let mut exit = Exit::Done;
        for remote in (0..self.count()).filter_map(|at| self.work(at, Gate::Open)) {
            if let Err(failure) = remote.submit().await {
                exit = reporter.failed(&remote.device.name, &failure);
            }
        }
        reporter.submitted(&self.run, self.count());
        match print(format!("{}\n", self.run).as_bytes()) {
            Exit::Done => exit,
            unwritten => unwritten,
        }
    }

    /// The run is over and written down: what came is acknowledged, and where nothing is left to come, the identity goes.
    async fn finish(&self, exit: Exit) {
        self.post.mail.settle().await;
        if exit == Exit::Done {
            self.post.broker.forget_results_of(&self.run).await;
            if self.seal.passing {
                deliver::escrow::wipe(&self.seal.identity);
            }
        }
    }
}

/// A device as it travels. Files of identities are of this machine, and stay here.
fn listed(device: &Device) -> Value {
    match device {
        Device::Named(text) => Value::String(text.clone()),
        Device::Listed(entry) => {
            let entry = Entry { identities: Vec::new(), ..(**entry).clone() };
            serde_json::from_str(&inventory::to_json(&entry)).unwrap_or_default()
        }
    }
}

fn address(device: &Device) -> &str {
    match device {
        Device::Named(text) => text.rsplit_once('@').map_or(text.as_str(), |(_, place)| place),
        Device::Listed(entry) => &entry.address,
    }
}

fn site(device: &Device) -> &str {
    match device {
        Device::Named(_) => None,
        Device::Listed(entry) => entry.site.as_deref(),
    }
    .unwrap_or(DEFAULT_SITE)
}
