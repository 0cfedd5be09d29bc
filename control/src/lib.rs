//! What an operator says: the model, its readers and checks, and the compiler to a snapshot.

#[allow(missing_docs)]
pub mod compile;
pub mod finding;
pub mod import;
pub mod model;
pub mod section;
pub mod source;
pub mod written;
