//! The FortiOS model: what each version accepts, what the operator wants, what the device is, and the pure decision.

pub mod permissions;
pub mod version;
