//! What a packet costs, and what the same packet costs the kernel of the same machine.

pub mod peer;
