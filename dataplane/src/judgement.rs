//! What would become of a packet that opens a flow, and of the answer to it, where nothing else is
//! under way: both walks of the path, without a worker, and so without tables, counters and time.
//!
//! Where the path chooses by chance, the caller chooses ([`Choice`]): whoever asks about all packets
//! asks about all choices.

use crate::flow::FlowKey;
use crate::miss::returns_to;
use crate::packet::{Headers, IcmpKind, Transport, Tuple};
use crate::path::{Flow, Known, Place, Stop, Walk};
use crate::ports::{FIRST_PORT, Ports};
use crate::snapshot::{InterfaceId, Snapshot};
use crate::trace::Trace;
use crate::verdict::Drop;

/// What chance would decide for a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Which of the shared ENIs that are equally near; counted round.
    pub eni: u16,
    /// Which of a NAT gateway's addresses, of which there are at most eight; counted round.
    pub address: u16,
    /// The source port that each translator gives it: 1024 or more.
    pub port: u16,
}

impl Choice {
    /// The first of everything.
    pub const FIRST: Choice = Choice { eni: 0, address: 0, port: FIRST_PORT };

    /// The salt by which a walk chooses just so.
    fn salt(self) -> u64 {
        /// A number that each number of addresses divides.
        const ADDRESSES: u64 = 840;
        let high = u64::from(self.eni) << 32 | u64::from(self.port - FIRST_PORT) << 16;
        let address = u64::from(self.address) % ADDRESSES;
        high + (address + ADDRESSES - high % ADDRESSES) % ADDRESSES
    }
}

/// What becomes of a packet and of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Where the packet leaves, and as what; or what drops it.
    pub there: Result<(InterfaceId, Tuple), Drop>,
    /// What drops the answer, if something does. Nobody answers what is dropped, and ICMP messages
    /// that ask nothing.
    pub back: Option<Drop>,
}

/// Judges a packet that enters at an interface, with every hop of both ways shown to `trace`. The
/// snapshot must be prepared, if it is to be quick.
pub fn judge(
    snapshot: &Snapshot,
    from: InterfaceId,
    headers: Headers,
    choice: Choice,
    trace: &mut impl Trace,
) -> Judgement {
    let (ports, salt) = (Ports::default(), choice.salt());
    let walk = Walk::new(snapshot, &ports, trace, Flow::New, salt, headers);
    let way = match walk.run(Place::Entry(from)) {
        Ok(way) => way,
        Err(Stop::Drop(drop) | Stop::Answer(drop, _)) => {
            return Judgement { there: Err(drop), back: None };
        }
        Err(Stop::Moved) => unreachable!("nothing is known of the flow yet"),
    };
    let arrived = way.headers.tuple();
    let there = Ok((way.to, arrived));
    if !is_answered(&headers) {
        return Judgement { there, back: None };
    }
    let known = Known::opened((from, headers.tuple()), &way);
    let walk = Walk::new(snapshot, &ports, trace, Flow::Known(&known), salt, way.headers.answer());
    let back = walk.run(Place::Entry(way.to));
    let keys = [FlowKey::new(from, headers.tuple()), FlowKey::new(way.to, arrived.reversed())];
    Judgement { there, back: returns_to(back, &keys).err() }
}

fn is_answered(headers: &Headers) -> bool {
    match headers.transport {
        Transport::Icmp { about, .. } => about == IcmpKind::Query,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_salt_chooses_what_was_asked_for() {
        for eni in 0..5 {
            for address in 0..8 {
                for port in [FIRST_PORT, 1_025, 28_308, 65_535] {
                    let salt = Choice { eni, address, port }.salt();
                    assert_eq!((salt >> 32) as u16, eni);
                    assert_eq!((salt >> 16) as u16, port - FIRST_PORT);
                    for addresses in 1..=8 {
                        assert_eq!(salt % addresses, u64::from(address) % addresses);
                    }
                }
            }
        }
    }
}
