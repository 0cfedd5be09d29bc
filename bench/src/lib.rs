//! Load for the dataplane, from memory and into memory: no device, no root, no set-up. It is what
//! `egret bench` runs.
//!
//! | module | what is there |
//! |---|---|
//! | [`world`] | a configuration of a size, or of the user's, and who sends what to whom |
//! | [`traffic`], [`turnover`] | flows, and packets of them; new flows for old ones |
//! | [`limit`] | the bare hit path that the dataplane is measured against |
//! | [`lane`], [`threads`] | a worker with its share of the load, and a thread for each |
//! | [`closed`] | as many packets as are taken: what each costs |
//! | [`open`], [`search`] | packets that come when they are due: latency, loss, the highest rate |
//! | [`churn`] | changes of the configuration under load |
//! | [`gap`], [`tally`] | pauses, and what the dataplane says became of the packets |
//! | [`job`], [`quantity`] | what to measure, and how people write it |
//! | [`run`], [`against`], [`compare`] | a run, two binaries in turn, an earlier run |
//! | [`peer`] | the same packets through the kernel of the same machine |
//! | [`results`], [`tables`], [`text`], [`html`] | what came of it: for programs, as tables, for a terminal, as a page |
//! | [`machine`], [`progress`] | where a run runs, and how far it is |

pub mod against;
pub mod churn;
pub mod closed;
pub mod compare;
pub mod gap;
pub mod html;
pub mod job;
pub mod lane;
pub mod limit;
pub mod machine;
pub mod open;
pub mod peer;
pub mod progress;
pub mod quantity;
pub mod results;
pub mod run;
#[cfg(test)]
mod sample;
pub mod search;
pub mod tables;
pub mod tally;
pub mod text;
pub mod threads;
pub mod traffic;
pub mod turnover;
pub mod world;
