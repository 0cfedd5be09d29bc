//! An IPv4 packet: decoded and checked once, then rewritten in place.

mod headers;

pub use headers::{Fragment, Headers, IcmpKind, Protocol, TcpFlags, Transport, Tuple};
