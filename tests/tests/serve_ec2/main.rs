//! What is programmed by EC2's API is the way that packets take: after each change explain says so, and
//! a packet through the running dataplane fares so.

mod cloud;
mod flow_logs;
mod network;
mod policies;
mod reachability;
