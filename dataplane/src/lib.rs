//! Egret's dataplane: packets in, verdicts out.

pub mod packet;
pub mod snapshot;
pub mod time;
pub mod trace;
pub mod verdict;
