//! What an operator says: the model, its readers and checks, and the compiler to a snapshot.

mod check;
pub mod cloudformation;
pub mod compile;
pub mod explain;
pub mod finding;
pub mod import;
pub mod index;
pub mod model;
pub mod names;
pub mod section;
pub mod source;
pub mod template;
pub mod terraform;
pub mod written;
