//! The world around the path in virtual time, and the scenario file that describes it.

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
pub mod replay;
pub mod report;
mod reporting;
pub mod run;
pub mod scenario;
mod server;
mod stack;
mod stream;
mod tally;
mod trails;
mod world;
