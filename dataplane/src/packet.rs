//! An IPv4 packet: decoded and checked once, then rewritten in place.
//!
//! [`decode`] is the only way to get [`Headers`], and whoever has them may rely on all that it
//! checked: the offsets of every field that [`rewrite`](rewrite::rewrite) touches lie within the
//! bytes. Payload checksums are not verified on the way, as no router does; rewrites change them
//! incrementally (RFC 1624), so that a wrong one stays wrong.

pub mod answer;
pub mod checksum;
mod decode;
pub(crate) mod field;
mod headers;
pub(crate) mod mss;
mod plain;
pub mod rewrite;

pub use decode::decode;
pub use headers::{Fragment, Headers, IcmpKind, Protocol, TcpFlags, Transport, Tuple};
pub(crate) use plain::{Plain, PlainRewrite, plain, rewrite_plain};
