//! Jobs for workers at other sites, over NATS JetStream (the Cargo feature `nats`).
//!
//! Who submits puts a job for each device on a work queue, with a subject for each site; a worker at the site takes it, logs
//! in with what it finds there, and does it. What comes back is sealed to the submitter's age recipient on the worker, so
//! that neither the broker nor the disk of a worker ever holds a readable key.
//!
//! | subject | stream | what |
//! |---|---|---|
//! | `fgtkey.jobs.SITE.RUN` | `FGTKEY_JOBS`, a work queue | a [`Job`](job::Job); gone when a worker has acknowledged it |
//! | `fgtkey.results.RUN` | `FGTKEY_RESULTS`, a work queue | sealed keys and [`End`](letter::End)s; gone when they are delivered |
//! | `fgtkey.progress.RUN` | none | what happens meanwhile, for whoever watches |
//!
//! A job may be begun several times, and is done once: it is idempotent by its run and its device.
//!
//! | a worker dies | what the job finds when it comes again |
//! |---|---|
//! | before there is a key | a run that came to no end: it is taken up, as everywhere |
//! | with the key in its escrow | the sealed file, which is passed on as it is ([`crate::verbs::pass_on`]) |
//! | when the key is passed on | the same, and the stream drops the second copy by its `Nats-Msg-Id` |
//! | when all is done | the journal says so: it is acknowledged |
//!
//! | file | what it owns |
//! |---|---|
//! | `access`, `broker` | the connection, streams, consumers; messages that are kept when the call returns |
//! | `job` | what travels to a worker |
//! | `letter`, `mail` | what comes back, and to whom |
//! | `remote` | a device on which a worker does what is asked: one more kind of work of a fleet |
//! | `worker`, `errand` | taking jobs and doing them |

pub mod access;
pub mod broker;
pub mod errand;
pub mod job;
pub mod letter;
pub mod mail;
pub mod remote;
pub mod worker;
