//! fgtkey mints FortiOS REST API keys over SSH.
//!
//! The key of a FortiGate's API user is shown once, by the command that generates it. fgtkey makes the API user and its
//! access profile, generates that key and puts it where it belongs, so that Terraform, Ansible or an exporter can start
//! without anybody's clicking or pasting.
//!
//! # The way of a mint
//!
//! *Request → facts → plan → script → session → key → escrow → delivery → proof.* Each arrow is one function, and
//! [`verbs::mint`] reads as the list:
//!
//! | step | function | why so |
//! |---|---|---|
//! | prove the destinations | [`deliver::reserve`] | nothing is minted that cannot be kept |
//! | open a shell | [`ssh::Dial::open`] | the host key first, then the login |
//! | ask who it is | [`verbs::survey`] → [`fortios::facts::Facts`] | version, VDOMs, HA role, what is there already |
//! | decide | [`fortios::plan::Plan::mint`] | pure; all knowledge of versions is spent here |
//! | write it down | [`fortios::render::Templates`] → [`fortios::script::Script`] | templates give text, the text is checked |
//! | remember | [`journal::Journal::begin`] | on disk before the device is touched: a run that dies is taken up by the next |
//! | do it | [`session::Session::run`] | no I/O of its own; [`session::drive`] moves the bytes |
//! | secure it | [`deliver::Reservation::secure`] | takes the secret: the key is in the escrow before anybody has it |
//! | hand it over | [`deliver::Secured::deliver`] | a destination that fails leaves the key where it is safe |
//! | prove it | [`verbs::verification::verify`] | over REST, with the certificate that SSH vouches for |
//! | let go | [`deliver::Delivered::finish`] | the escrow is emptied when everybody has the key |
//!
//! A dry run takes the same way with facts out of flags and stops when it is written down. `--sim` takes the same way with a
//! simulated device at the end of the wire. There is no second way.
//!
//! # Rooms
//!
//! A file imports only what stands above its own room; `tests/layers.rs` holds that.
//!
//! | room | what it owns | what it never does |
//! |---|---|---|
//! | [`pattern`] | the regular expressions that are part of the program | pass over one that does not compile |
//! | [`secret`] | keys and passwords: one way in, one way out, wiped | print one |
//! | [`disk`] | files whose writes are made to last together | know what is in them |
//! | [`fortios`] | what a release accepts, what is asked for, what a device is; the plan, and the script, which is text | bytes, a clock, I/O |
//! | [`session`] | the conversation at the CLI as a machine: bytes in, actions out | open anything, sleep |
//! | [`ssh`] | host keys, logins, a shell | log a byte |
//! | [`sim`] | a simulated FortiGate with its SSH server and its HTTPS administration | share code with `session` or `ssh` |
//! | [`scrape`] | the key in a terminal's log | write it anywhere |
//! | [`deliver`] | destinations, each reserved before there is a key; the escrow | lose a key |
//! | [`rest`] | HTTPS to a device: the certificate judged before the key is sent, one request | follow a redirect, send a key in a URL |
//! | [`journal`] | what a run is about to do and has done, on disk before it goes on | hold a secret |
//! | [`verbs`] | the story of each verb, top to bottom | wording, flags |
//! | [`fleet`] | many devices in one run: inventory, who goes first, when to stop, the ledger | wording, knowledge of a verb |
//! | [`report`] | all wording, exit statuses; stdout carries data only | decide |
//! | `nats` | with the feature of that name: jobs for workers at other sites, and what comes back | hold a readable key |
//! | [`cli`] | flags to requests | logic |
//!
//! # Where to add
//!
//! - a preset: `templates/presets/NAME.yaml`;
//! - a release of FortiOS: `src/fortios/schema/*.json`, and its line in [`fortios::version`];
//! - an error text of a device: the table in [`session::reply`];
//! - a trap or a fault of devices: [`sim`];
//! - a destination: a file in [`deliver`];
//! - a word to the person: [`report`], and a story in `tests/cli/`.

pub mod pattern;

pub mod secret;

pub mod disk;

pub mod fortios;

pub mod session;

pub mod ssh;

pub mod sim;

pub mod scrape;

pub mod deliver;

pub mod rest;

pub mod journal;

pub mod verbs;

pub mod fleet;

pub mod report;

#[cfg(feature = "nats")]
pub mod nats;

pub mod cli;
