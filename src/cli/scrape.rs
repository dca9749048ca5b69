//! `fgtkey scrape` from flags: a transcript on stdin, its keys to their destinations.

use std::io::{self, IsTerminal, Read};

use crate::deliver::{self, Destination, Device, Format, Record};
use crate::report::{Exit, Reporter};
use crate::scrape::{self, Found, Scrape};
use crate::verbs::{Event, Observer};

use super::args::ScrapeArgs;
use super::print_keyless;

pub(super) fn run(args: &ScrapeArgs, reporter: &mut Reporter) -> Exit {
    if let Some(option) = args.delivery.ssh_options().first() {
        reporter.bad_usage(&format!("-o {option} is an option of ssh, and scrape logs in nowhere"), None);
        return Exit::Usage;
    }
    let destinations = match super::delivery::destinations(&args.delivery, &[]) {
        Ok(destinations) => destinations,
        Err((message, hint)) => {
            reporter.bad_usage(&message, hint.as_deref());
            return Exit::Usage;
        }
    };
    let transcript = match read_stdin(reporter) {
        Ok(transcript) => transcript,
        Err(error) => {
            reporter.error(None, &error);
            return Exit::Failed;
        }
    };
    let mut scrape = scrape::read(&transcript);
    reporter.scraped(&scrape);
    let found = wanted(args, &mut scrape);
    if found.is_empty() {
        if scrape.missing.is_none() {
            reporter.no_such_key(args.api_user.as_deref());
        }
        return Exit::Failed;
    }
    deliver(args, &destinations, found, reporter)
}

fn read_stdin(reporter: &mut Reporter) -> io::Result<zeroize::Zeroizing<Vec<u8>>> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        reporter.note("paste the terminal transcript, then press Ctrl-D on a line of its own");
    }
    let mut bytes = zeroize::Zeroizing::new(Vec::new());
    stdin.lock().take(scrape::LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > scrape::LARGEST {
        let what =
            format!("the transcript is larger than {} MiB: cut out the part with the key", scrape::LARGEST >> 20);
        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
    }
    Ok(bytes)
}

/// The live keys that were asked for.
fn wanted(args: &ScrapeArgs, scrape: &mut Scrape) -> Vec<Found> {
    let live = scrape.found.drain(..).filter(|found| found.live);
    live.filter(|found| args.api_user.is_none() || found.api_user == args.api_user).collect()
}

fn deliver(args: &ScrapeArgs, destinations: &[Destination], found: Vec<Found>, reporter: &mut Reporter) -> Exit {
    let format = args.delivery.format().unwrap_or(if found.len() == 1 { Format::Key } else { Format::NameAndKey });
    let count = found.len();
    let mut undelivered = 0;
    for (number, found) in (1..).zip(found) {
        let name = device_name(args, &found, number, count);
        match deliver_one(args, destinations, found, (&name, format), reporter) {
            Exit::Done => {}
            Exit::Escrowed => undelivered += 1,
            other => return other,
        }
    }
    if undelivered == 0 { Exit::Done } else { Exit::Escrowed }
}

fn device_name(args: &ScrapeArgs, found: &Found, number: usize, count: usize) -> String {
    let name = args.device.clone().or_else(|| found.device.clone()).unwrap_or_else(|| "device".into());
    if count > 1 && args.device.is_some() { format!("{name}-{number}") } else { name }
}

fn deliver_one(
    args: &ScrapeArgs,
    destinations: &[Destination],
    found: Found,
    (name, format): (&str, Format),
    reporter: &mut Reporter,
) -> Exit {
    let address = args.address.clone().unwrap_or_else(|| name.to_owned());
    let device = Device { name: name.to_owned(), address: address.clone() };
    let escrow = match super::delivery::place(&args.delivery.escrow) {
        Ok(escrow) => escrow,
        Err((message, hint)) => {
            reporter.bad_usage(&message, hint.as_deref());
            return Exit::Usage;
        }
    };
    let slot = match deliver::reserve(destinations, &device, format, &escrow) {
        Ok(slot) => slot,
        Err(error) => {
            reporter.unreserved(Some(name), &error);
            return Exit::Failed;
        }
    };
    let mut record = Record::new(name);
    record.address = args.address.clone().or(found.device);
    record.api_user = found.api_user;
    match slot.store(&mut record, found.key) {
        Ok(stored) => {
            reporter.on(name, Event::Scraped(stored));
            print_keyless(&record, destinations, args.delivery.format())
        }
        Err(undelivered) => {
            reporter.undelivered(name, &undelivered);
            Exit::Escrowed
        }
    }
}
