//! The harness that holds the dataplane to account: what should happen ([`oracle`]), in which
//! network ([`topology`]), to which packet ([`probe`]), and what the dataplane does with it
//! ([`subject`]). [`net`] is a small network to tell stories in, [`flows`] what holds of several
//! workers together.

pub mod flows;
pub mod fuzz;
pub mod large;
pub mod make;
pub mod mutation;
pub mod net;
pub mod oracle;
pub mod packet;
pub mod probe;
pub mod subject;
pub mod topology;

/// The seed of a run: `EGRET_SEED` if that is set, else the one given. Tests print it.
///
/// # Panics
/// When `EGRET_SEED` is not a number.
pub fn seed(default: u64) -> u64 {
    match std::env::var("EGRET_SEED") {
        Ok(text) => text.parse().expect("EGRET_SEED is a number from 0 to 2^64 - 1"),
        Err(_) => default,
    }
}
