//! The links between elements, as the file overrides them.

use egret_control::finding::Finding;
use egret_control::written::scalar::{Bandwidth, ByteSize, Rate, Share};
use egret_control::written::{Page, Written};
use egret_dataplane::time::Duration;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::plan::{Link, Links};

/// What a link does; whatever is not said stays as it is by default.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LinkSection {
    /// One way, at least.
    latency: Option<Written<Duration>>,
    /// Up to so much more, evenly spread. Packets of one flow do not overtake each other by it.
    jitter: Option<Written<Duration>>,
    /// The share of packets that are lost.
    loss: Option<Written<Share>>,
    /// The share of packets that later ones overtake.
    reorder: Option<Written<Share>>,
    /// By how much they are held back. Default 1ms.
    reorder_by: Option<Written<Duration>>,
    /// Each way: `1Gbps`.
    bandwidth: Option<Written<Bandwidth>>,
    /// Packets each way: `1000/s`.
    packets: Option<Written<Rate>>,
    /// What waits at most for the link. Default 1MiB.
    queue: Option<Written<ByteSize>>,
    /// The largest packet; larger ones are lost without a word.
    mtu: Option<Written<u32>>,
}

impl LinkSection {
    fn apply_to(self, link: &mut Link, page: &mut Page<'_>) {
        if let Some(latency) = page.optional(self.latency) {
            link.latency = *latency;
        }
        if let Some(jitter) = page.optional(self.jitter) {
            link.jitter = *jitter;
        }
        if let Some(loss) = page.optional(self.loss) {
            link.loss = loss.0;
        }
        if let Some(reorder) = page.optional(self.reorder) {
            link.reorder = reorder.0;
        }
        if let Some(by) = page.optional(self.reorder_by) {
            link.reorder_by = *by;
        }
        if let Some(bandwidth) = page.optional(self.bandwidth) {
            link.bandwidth = Some(bandwidth.0);
        }
        if let Some(packets) = page.optional(self.packets) {
            link.packets = Some((packets.0.ceil() as u64).max(1));
        }
        if let Some(queue) = page.optional(self.queue) {
            link.queue = queue.0;
        }
        if let Some(mtu) = page.optional(self.mtu) {
            match u16::try_from(*mtu) {
                Ok(mtu @ 68..) => link.mtu = Some(mtu),
                _ => {
                    let message = "an MTU is from 68 to 65535 (RFC 791)";
                    page.find(Finding::error("bad-mtu", mtu.place, message).help("write `1500`"));
                }
            }
        }
    }
}

/// Declares the section and its application at once, so that neither can forget a link.
macro_rules! links {
    ($($(#[$doc:meta])* $link:ident,)*) => {
        /// The links between elements, by kind.
        #[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub(super) struct LinksSection {
            $($(#[$doc])* $link: Option<LinkSection>,)*
        }

        impl LinksSection {
            pub(super) fn read(self, page: &mut Page<'_>) -> Links {
                let mut links = Links::default();
                $(if let Some(section) = self.$link {
                    section.apply_to(&mut links.$link, page);
                })*
                links
            }
        }
    };
}

links! {
    /// From a task to its shared ENI. 50us.
    hyperplane,
    /// Between two ENIs of one Availability Zone. 100us.
    zone,
    /// Between two Availability Zones. 1ms.
    cross_zone,
    /// Through a NAT gateway. 50us, 100Gbps, 10000000/s.
    nat_gateway,
    /// Through an interface endpoint. 50us, 100Gbps.
    interface_endpoint,
    /// Through a gateway endpoint. 100us.
    gateway_endpoint,
    /// To a VPC's resolver. 200us.
    resolver,
    /// Through a peering connection. 50us.
    peering,
    /// Through a transit gateway. 200us.
    transit_gateway,
    /// Behind a transit gateway's attachment to a network outside. 10ms.
    external,
    /// Beyond the internet gateway. 10ms.
    internet,
    /// The provider's own network. 5ms.
    provider,
}
