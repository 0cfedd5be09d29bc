//! What an operator says: the model, its readers and checks, and the compiler to a snapshot.

pub mod finding;
pub mod model;
pub mod source;
