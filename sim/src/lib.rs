//! The world around the path in virtual time, and the scenario file that describes it.

pub mod expect;
pub mod observe;
pub mod plan;
pub mod report;
pub mod scenario;
