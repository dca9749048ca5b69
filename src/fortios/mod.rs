//! The FortiOS model: what each version accepts, what the operator wants, what the device is, and the pure decision.

pub mod admin_session;
pub mod edit;
pub mod expires;
pub mod facts;
pub mod grant;
pub mod names;
pub mod objects;
pub mod permission_request;
pub mod permissions;
pub mod place;
pub mod plan;
pub mod preset;
pub mod render;
pub mod request;
pub mod request_error;
pub mod request_file;
pub mod request_text;
pub mod schema;
pub mod script;
pub mod show;
pub mod status;
pub mod suggestion;
pub mod trusted_host;
pub mod version;
mod wanted;
pub mod weakness;
pub mod words;
