//! What an operator says: the model, its readers and checks, and the compiler to a snapshot.

pub mod model;
pub mod source;
