//! The peer on the same machine: the same packets through the Linux kernel's own NAT.
//!
//! [`linux`] builds four network namespaces, pins itself to one core and sends the same UDP packets
//! down three ways in turn, 50 ms each, so that a neighbour's noise falls on all three alike:
//!
//! ```text
//!   inside                                            outside
//!   to-sink  ─veth─────────────────────────────────── sink        Way::Sender
//!   to-plain ─veth─ in [plain: route]            out ─veth─ from-plain  Way::Forward
//!   to-nat   ─veth─ in [nat: route, conntrack, snat] out ─veth─ from-nat    Way::Nat
//! ```
//!
//! Each way does all that the one above it does, so the differences tell what routing and what NAT
//! add. Whatever arrives outside is dropped at once, by an nftables hook at the device's ingress.
//!
//! What a figure includes: a veth does its receiving work on the core that sends, so the wall time of
//! one pinned core is all the work there is for a packet. For [`Way::Nat`] that is a share of a
//! `sendmmsg` of 64, an `sk_buff` made and freed, two crossings of a veth pair, a route, connection
//! tracking, and the rewrite. What it leaves out: a network card and its driver, replies, the set-up
//! of flows (every flow is known before the measuring starts), and the kernel's other ways to do NAT
//! (nftables flowtables, XDP, hardware offload). Two things weigh on the kernel here that need not
//! elsewhere: a veth hands on one packet at a time, where a card's driver hands on batches, and the
//! kernel pays for its defences against speculative execution, which vary with the machine.
//!
//! The namespaces have no name: they live as long as the process holds them, so that nothing is left
//! behind even by a kill. The one setting outside of them, the machine's limit on tracked
//! connections, is raised only where the flows need it and put back at the end; a kill leaves it
//! raised.

#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
mod packet;

#[cfg(target_os = "linux")]
mod measure;
#[cfg(target_os = "linux")]
mod namespace;
#[cfg(target_os = "linux")]
mod network;
#[cfg(target_os = "linux")]
mod sender;
#[cfg(target_os = "linux")]
mod tool;

use std::{fmt, io, net::Ipv4Addr, time::Duration};

use thiserror::Error;

pub use packet::Flow;

/// The smallest IPv4 packet that [`linux`] sends, in bytes.
pub const SMALLEST: u16 = 64;
/// The largest IPv4 packet that [`linux`] sends, in bytes: the MTU of an Ethernet.
pub const LARGEST: u16 = 1500;
/// The address that the kernel's NAT puts in the place of every source.
pub const NAT_ADDRESS: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);

/// What to send through the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The flows; their packets go round in an order that the seed shuffles. Addresses must be unicast
    /// and outside of 198.51.100.0/24 and 192.0.2.0/24, where the peer's own links are. The NAT has
    /// one address, so one destination and port can have some 64,000 flows.
    pub flows: Vec<Flow>,
    /// Bytes of each IPv4 packet, header included: [`SMALLEST`] to [`LARGEST`].
    pub size: u16,
    /// How long to measure in all; the three ways share it equally. Building, filling the
    /// connection table and taking down come on top, less than a second for 64k flows.
    pub duration: Duration,
    /// What shuffles the flows.
    pub seed: u64,
}

/// One of the three ways that the packets take; each does all that the one before it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Over one veth pair into a drop: the cost of sending and of being counted.
    Sender,
    /// Through a namespace that forwards, without connection tracking: adds a route and a second
    /// veth pair.
    Forward,
    /// Through a namespace that forwards, tracks connections and rewrites sources.
    Nat,
}

/// What one way did while it was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Run {
    /// Packets handed to the kernel.
    pub sent: u64,
    /// Packets that the device at the far end received.
    pub arrived: u64,
    /// Wall time in which they were sent, interruptions by other processes included.
    pub seconds: f64,
    /// Nanoseconds a packet, the median of the bursts of 64. An interruption by another process lengthens
    /// few bursts, so it moves `seconds` and leaves this alone.
    pub ns_per_packet: f64,
    /// Nanoseconds a packet of the 10th and the 90th percentile of the bursts.
    pub spread: (f64, f64),
}

impl Run {
    /// Packets a second that one undisturbed core does: the inverse of `ns_per_packet`.
    pub fn packets_per_second(&self) -> f64 {
        1e9 / self.ns_per_packet
    }

    /// Packets that were sent and did not arrive.
    pub fn lost(&self) -> u64 {
        self.sent.saturating_sub(self.arrived)
    }
}

/// What the kernel did with the packets.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The whole way through the kernel's NAT.
    pub nat: Run,
    /// The same way with NAT and connection tracking off.
    pub forward: Run,
    /// The sender alone.
    pub sender: Run,
    /// Entries of the NAT's connection table after the measuring: one a flow.
    pub conntrack_entries: u64,
    /// The source of a packet caught outside, as translated.
    pub translated_to: (Ipv4Addr, u16),
    /// The core that did the work.
    pub core: usize,
    /// The kernel's release, as `uname -r` says it.
    pub kernel: String,
}

impl Outcome {
    /// What connection tracking and the rewrite add to a packet that is forwarded anyhow, in ns.
    pub fn nat_adds(&self) -> f64 {
        self.nat.ns_per_packet - self.forward.ns_per_packet
    }

    /// What the kernel does with a packet beyond the sending of it, in ns: a route, a second veth
    /// pair, connection tracking and the rewrite. The fairest figure to hold beside a dataplane that
    /// is handed packets in memory.
    pub fn without_sender(&self) -> f64 {
        self.nat.ns_per_packet - self.sender.ns_per_packet
    }

    /// One line that says how it was measured.
    pub fn method(&self) -> String {
        format!(
            "Linux {}, core {}: UDP from AF_PACKET (sendmmsg of 64) over veth into a namespace with \
             nftables snat, over veth into a drop; wall time of the one core, median of the \
             bursts; every flow tracked beforehand; no replies",
            self.kernel, self.core,
        )
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, high) = self.nat.spread;
        writeln!(
            f,
            "Linux NAT           {:>7.0} ns a packet (80 % within {low:.0} to {high:.0}), \
             {:.2} million packets a second",
            self.nat.ns_per_packet,
            self.nat.packets_per_second() / 1e6,
        )?;
        writeln!(f, "  without the sender {:>6.0} ns", self.without_sender())?;
        writeln!(f, "  NAT alone          {:>6.0} ns", self.nat_adds())?;
        write!(f, "{}", self.method())
    }
}

/// A program that the peer is built with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// `ip`, of iproute2: links, addresses, routes.
    Ip,
    /// `nft`, of nftables: the NAT rule and the drop at the far end.
    Nft,
}

impl Tool {
    /// What to type to run it.
    pub const fn name(self) -> &'static str {
        match self {
            Tool::Ip => "ip",
            Tool::Nft => "nft",
        }
    }

    /// The package that it comes in, by the name that Debian, Fedora and Arch give it.
    pub const fn package(self) -> &'static str {
        match self {
            Tool::Ip => "iproute2 (Fedora: iproute)",
            Tool::Nft => "nftables",
        }
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why there is no figure. Each message says what is missing and, where one can, how to mend it.
#[derive(Debug, Error)]
pub enum Unavailable {
    /// This is no Linux.
    #[error("the Linux peer needs a Linux kernel; this is {}", std::env::consts::OS)]
    NotLinux,
    /// The process may not make a network namespace.
    #[error(
        "the Linux peer makes network namespaces, which this user may not do; run it as root (in a \
         container: a privileged one), or behind `unshare --user --map-root-user --net` where users \
         may make user namespaces"
    )]
    NotRoot,
    /// The kernel makes no network namespace.
    #[error("this kernel makes no network namespace ({0}); a container may forbid it")]
    NoNamespaces(io::Error),
    /// A program is not installed.
    #[error("the Linux peer needs `{tool}`, which is not installed; the package is {}", tool.package())]
    NoTool {
        /// The program.
        tool: Tool,
    },
    /// A program was run and refused: most often the kernel lacks what it asked for.
    #[error("`{tool}` refused ({doing}): {said}{}", hint(*tool))]
    Refused {
        /// The program.
        tool: Tool,
        /// What it was to do.
        doing: &'static str,
        /// What it wrote to its standard error.
        said: String,
    },
    /// The kernel refused something else.
    #[error("cannot {doing}: {error}")]
    System {
        /// What was to be done.
        doing: &'static str,
        /// The kernel's answer.
        error: io::Error,
    },
    /// The machine's limit on tracked connections is too low, and this process may not raise it.
    #[error(
        "{flows} flows need more tracked connections than this machine's limit of {limit}, which \
         only root outside of containers can raise: `sysctl -w net.netfilter.nf_conntrack_max={}`",
        room(*flows)
    )]
    FewConnections {
        /// The flows asked for.
        flows: u64,
        /// The machine's limit.
        limit: u64,
    },
    /// The job has no flow.
    #[error("there is no flow to send")]
    NoFlow,
    /// The packets are too small or too large.
    #[error("a packet has {SMALLEST} to {LARGEST} bytes; {0} was asked for")]
    Size(u16),
    /// Too many packets were lost: the time of a lost packet is not that of a translated one.
    #[error("{lost} of {sent} packets were lost on the way; is the machine very busy?")]
    Lost {
        /// Packets handed to the kernel on one of the ways.
        sent: u64,
        /// Those that did not arrive.
        lost: u64,
    },
    /// A packet did not come out translated: the figure would not be one of NAT.
    #[error(
        "the kernel did not translate: of {flows} flows it tracks {tracked}, and a packet came out \
         from {}",
        seen(*source_seen)
    )]
    NotTranslated {
        /// The flows that were sent, each of which should be tracked.
        flows: u64,
        /// Entries of the connection table.
        tracked: u64,
        /// The source of the packet caught outside, if one came out.
        source_seen: Option<(Ipv4Addr, u16)>,
    },
}

fn hint(tool: Tool) -> &'static str {
    match tool {
        Tool::Ip => "; the kernel needs CONFIG_VETH (`modprobe veth`)",
        Tool::Nft => {
            "; the kernel needs CONFIG_NF_TABLES_NETDEV and CONFIG_NFT_NAT (`modprobe nft_nat`)"
        }
    }
}

/// Tracked connections to allow for so many flows: some come and go with the machine's own traffic.
const fn room(flows: u64) -> u64 {
    flows + flows / 8 + 4096
}

fn seen(source: Option<(Ipv4Addr, u16)>) -> String {
    source.map_or("nowhere".to_owned(), |(address, port)| format!("{address}:{port}"))
}

/// Sends the job through this machine's kernel and says what it cost.
///
/// It takes the job's duration and a little more. The calling thread stays in its own
/// namespace and on its own cores.
///
/// # Errors
///
/// Whatever keeps the figure from being one of the kernel's NAT. Nothing stays behind.
pub fn linux(job: &Job) -> Result<Outcome, Unavailable> {
    if job.flows.is_empty() {
        return Err(Unavailable::NoFlow);
    }
    if !(SMALLEST..=LARGEST).contains(&job.size) {
        return Err(Unavailable::Size(job.size));
    }
    run(job)
}

#[cfg(target_os = "linux")]
use measure::run;

#[cfg(not(target_os = "linux"))]
fn run(_: &Job) -> Result<Outcome, Unavailable> {
    Err(Unavailable::NotLinux)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(ns_per_packet: f64) -> Run {
        let spread = (ns_per_packet - 50.0, ns_per_packet + 150.0);
        Run { sent: 64, arrived: 64, seconds: 1.0, ns_per_packet, spread }
    }

    #[test]
    fn an_outcome_says_the_whole_and_its_parts() {
        let outcome = Outcome {
            nat: run(3150.0),
            forward: run(2290.0),
            sender: run(1300.0),
            conntrack_entries: 1000,
            translated_to: (NAT_ADDRESS, 1024),
            core: 1,
            kernel: "6.18.0".to_owned(),
        };
        assert_eq!(
            outcome.to_string(),
            "Linux NAT              3150 ns a packet (80 % within 3100 to 3300), 0.32 million \
             packets a second\n  \
             without the sender   1850 ns\n  \
             NAT alone             860 ns\n\
             Linux 6.18.0, core 1: UDP from AF_PACKET (sendmmsg of 64) over veth into a namespace \
             with nftables snat, over veth into a drop; wall time of the one core, median of the \
             bursts; every flow tracked beforehand; no replies"
        );
    }

    #[test]
    fn a_message_says_what_is_missing_and_how_to_mend_it() {
        let says = |why: Unavailable, what: &str| {
            assert!(why.to_string().contains(what), "{why}");
        };
        says(Unavailable::NotRoot, "run it as root");
        says(Unavailable::NoTool { tool: Tool::Nft }, "`nft`, which is not installed");
        says(Unavailable::NoTool { tool: Tool::Ip }, "the package is iproute2");
        says(Unavailable::Size(20), "64 to 1500 bytes; 20 was asked for");
        says(
            Unavailable::FewConnections { flows: 80_000, limit: 65_536 },
            "sysctl -w net.netfilter.nf_conntrack_max=94096",
        );
        says(
            Unavailable::Refused { tool: Tool::Nft, doing: "make the NAT rule", said: "no".into() },
            "`nft` refused (make the NAT rule): no; the kernel needs CONFIG_NF_TABLES",
        );
        says(
            Unavailable::NotTranslated { flows: 9, tracked: 0, source_seen: None },
            "of 9 flows it tracks 0, and a packet came out from nowhere",
        );
    }

    #[test]
    fn a_job_that_is_none_is_refused_before_anything_is_built() {
        let job = Job { flows: vec![], size: 64, duration: Duration::ZERO, seed: 0 };
        assert!(matches!(linux(&job), Err(Unavailable::NoFlow)));
        let large = Job { flows: Flow::many(1), size: 1501, ..job };
        assert!(matches!(linux(&large), Err(Unavailable::Size(1501))));
    }
}
