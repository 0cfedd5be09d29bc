//! An account that AWS clients talk to, and the running dataplane behind it.

pub mod account;
pub mod error;
pub mod protocol;
pub mod shapes;
pub mod store;
