//! The world around the path in virtual time, the scenario file that describes it, and whether what
//! is expected of it is so.

pub mod capture;
mod client;
mod cloud;
mod datagram;
pub mod expect;
pub mod flow_logs;
mod links;
pub mod metrics;
pub mod observe;
pub mod plan;
mod queue;
pub mod record;
pub mod replay;
pub mod report;
mod reporting;
pub mod run;
pub mod scenario;
mod server;
mod stack;
mod stream;
pub mod suite;
mod tally;
mod trails;
pub mod unmet;
mod world;
