//! Many devices in one run.
//!
//! | file | owns |
//! |---|---|
//! | [`inventory`] | the devices and groups of an inventory, in whatever format it is written; patterns that pick some |
//! | `rules`, `schedule` | who goes first, who is next, when to stop: a state machine |
//! | `run` | the schedule carried out: one task a device, one ear for all |
//! | `work` | the verbs as what is done on each device |
//! | `shard` | parts of a fleet for several machines |
//! | `class` | what kind of failure it was |
//! | `timeline` | what a device was doing when |
//! | `progress` | all of it so far |
//! | `outcome` | how a device ended, for tables, records and the ledger |
//! | `ledger` | what a run has done, on disk, so that it can be taken up again |

pub mod class;
pub mod inventory;
pub mod ledger;
pub mod outcome;
pub mod progress;
pub mod rules;
pub mod run;
pub mod schedule;
pub mod shard;
pub mod timeline;
mod work;
