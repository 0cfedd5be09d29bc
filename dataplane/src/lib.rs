//! Egret's dataplane: packets in, verdicts out.
//!
//! A [`worker::Worker`] takes bursts of IPv4 packets with the time, and gives each a
//! [`verdict::Verdict`]. There is no socket, no file and no lock in here, and no clock but
//! in [`threads`].
//!
//! | module | what is there |
//! |---|---|
//! | [`packet`] | bytes to headers, rewriting, checksums, answers |
//! | [`snapshot`] | the immutable configuration that a worker runs on |
//! | `path` | which element follows which, and a file for each element |
//! | [`flow`] | the flow cache: sessions, index, connection tracking, timers |
//! | [`steer`] | which worker owns a packet, in both directions |
//! | [`ports`] | source ports: who owns which, per destination |
//! | [`pipeline`] | a burst in, verdicts out: the hit path |
//! | `miss` | the slow way: new flows, second judgements, fragments, ICMP errors |
//! | [`worker`] | one worker and what it owns |
//! | [`crew`], [`threads`] | several workers: stepped by one thread, or a thread each |
//! | [`handover`] | what one worker leaves to another |
//! | [`verdict`] | what becomes of a packet, and every reason to drop one |
//! | [`judgement`] | what would become of a packet and its answer, without a worker |
//! | [`trace`] | what happened at each hop |
//! | [`counters`] | every packet accounted for |
//! | [`memory`], [`prefetch`] | what the hardware asks for: huge pages, lines fetched ahead |

mod budget;
pub mod counters;
pub mod crew;
pub mod flow;
mod fragments;
pub mod handover;
pub mod judgement;
pub mod memory;
mod miss;
pub mod packet;
mod path;
pub mod pipeline;
pub mod ports;
pub mod prefetch;
pub mod snapshot;
pub mod steer;
mod sync;
pub mod threads;
pub mod time;
pub mod trace;
pub mod verdict;
pub mod worker;
