//! What a run of live traffic is to send.

use std::time::Duration;

use egret_control::explain::resolve::Request;
use egret_dataplane::packet::Protocol;

/// What is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What a scenario calls it, if it is a scenario's.
    pub name: Option<String>,
    /// Who sends, as `egret explain --from` takes it.
    pub from: String,
    /// Where to, with a port where the protocol has ports.
    pub to: String,
    /// TCP, UDP or ICMP.
    pub protocol: Protocol,
    /// How fast, over all flows.
    pub rate: Rate,
    /// Bytes of a packet, from the IP header on.
    pub size: u16,
    /// Flows at once.
    pub flows: u32,
    /// Packets after which a flow ends and another begins; without it they last.
    pub renew: Option<u32>,
    /// How long after it was started it begins.
    pub after: Duration,
    /// How long; without it until it is stopped.
    pub duration: Option<Duration>,
}

/// So many packets in so long a time: what is slower than one a second is exact, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Packets.
    pub packets: u64,
    /// In so long a time.
    pub time: Duration,
}

impl Rate {
    /// So many packets a second.
    pub const fn per_second(packets: u32) -> Rate {
        Rate { packets: packets as u64, time: Duration::from_secs(1) }
    }

    /// Packets a second.
    pub fn a_second(self) -> f64 {
        self.packets as f64 / self.time.as_secs_f64()
    }
}

impl Plan {
    /// The question that `egret explain` answers about it.
    pub fn request(&self) -> Request {
        Request {
            from: self.from.clone(),
            to: self.to.clone(),
            protocol: self.protocol,
            source_port: None,
            icmp: (8, 0),
            all: false,
        }
    }
}
