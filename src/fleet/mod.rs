//! Many devices: who they are.
//!
//! | file | owns |
//! |---|---|
//! | [`inventory`] | the devices and groups of an inventory, in whatever format it is written; patterns that pick some |

pub mod inventory;
