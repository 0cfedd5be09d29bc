//! Load for the dataplane, from memory and into memory: no device, no root, no set-up.
//!
//! A [`world`] is a configuration of a size; [`traffic`] opens flows in it and draws packets of
//! them; [`limit`] is the bare hit path that the dataplane is measured against.

pub mod closed;
pub mod job;
pub mod lane;
pub mod limit;
pub mod machine;
pub mod quantity;
pub mod tally;
pub mod threads;
pub mod traffic;
pub mod turnover;
pub mod world;
