//! The way into a device: jump hosts, TCP, host key, login, and a shell on a terminal.
//!
//! [`Dial`] is made once from the flags and opens any number of devices; a [`Shell`] is the bytes of one. The host key
//! is judged before anything secret is sent. No byte of a session is logged here.
//!
//! | file | owns |
//! |---|---|
//! | `endpoint` | `[user@]host[:port]` |
//! | `config` | `ssh_config`, read as OpenSSH reads it |
//! | `target` | a host with all that holds for it |
//! | `dial`, `route` | the steps of a login, in order; how a device was reached |
//! | `deadline` | the one time limit of a login |
//! | `network` | name to connected socket |
//! | `jump` | hosts on the way, and the connections to them |
//! | `tunnel` | a stream to another port over the same way |
//! | `algorithms` | what is offered in the key exchange, and how keys sign |
//! | `hostkeys`, `certificates` | the judgement of a host key, without I/O |
//! | `known_hosts`, `trust` | the files; policy and files applied to a host |
//! | `password`, `identity`, `agent`, `second_factor`, `command`, `prompt` | where credentials come from |
//! | `trial` | one password for many devices: tried on one first |
//! | `offer` | which keys are offered, in what order |
//! | `client`, `guard`, `shell` | key exchange; our end in russh's task; the bytes of a shell |
//! | `auth`, `interactive` | logging in; rounds of questions |
//! | `error`, `hint` | what can go wrong, and what to type next |
//!
//! Where to add: an option of `ssh_config` in `config`, used in `target`; another holder of keys
//! beside `agent`, as one more holder of an offer.

mod agent;
mod algorithms;
mod auth;
mod certificates;
mod client;
mod command;
pub mod config;
mod deadline;
mod dial;
mod endpoint;
mod error;
mod guard;
mod hint;
mod hostkeys;
mod identity;
mod interactive;
mod jump;
mod known_hosts;
mod network;
mod offer;
mod password;
mod prompt;
mod route;
mod second_factor;
mod shell;
mod target;
mod trial;
mod trust;
mod tunnel;

pub use agent::AgentError;
pub use auth::{MOST_KEYS, Method};
pub use client::{COLUMNS, ROWS};
pub use command::CommandError;
pub use dial::{DEFAULT_TIMEOUT, Dial, DialOptions, Shell};
pub use endpoint::{DEFAULT_PORT, Endpoint, EndpointError};
pub use error::{DialError, Phase, ShownKey};
pub use guard::Agreed;
pub use hostkeys::{KnownHosts, KnownKey, Malformed, Place, Verdict, known_name};
pub use identity::IdentityError;
pub use jump::HopFailure;
pub use known_hosts::KnownHostsError;
pub use password::{PASSWORD_VARIABLE, PasswordError, PasswordSource};
pub use prompt::{Person, PromptError, Question};
pub use route::{Passed, Route};
pub use russh::keys::ssh_key::Fingerprint;
pub use second_factor::QUESTION_VARIABLE;
pub use shell::ShellStream;
pub use trust::{HostKeyPolicy, HostKeyPolicyError, Judgement};
pub use tunnel::Tunnel;
