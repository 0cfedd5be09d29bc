//! What CloudWatch would show of NAT gateways and interface endpoints, minute by minute and under its
//! names (VPC guide, "Monitor NAT gateways using Amazon CloudWatch"; PrivateLink guide, "CloudWatch
//! metrics for AWS PrivateLink"; aws-facts §6.5 and §7.1).

use std::io::{self, Write};

use egret_dataplane::crew::Crew;
use egret_dataplane::snapshot::{EndpointId, EndpointKind, NatId, Snapshot};
use egret_dataplane::time::{Duration, Instant};
use egret_dataplane::verdict::Element;
use indexmap::IndexMap;

use crate::observe::{EPOCH, Lost, Passed, View, Watch};

mod gateway;
mod output;

pub use output::FileKind;

use gateway::{Fate, Gateway, Pass};

/// The links whose limits are those of a gateway itself.
const OF_GATEWAYS: [&str; 2] = ["nat_gateway", "interface_endpoint"];

/// A value covers so long.
const PERIOD: Duration = Duration::from_secs(60);

/// Writes what CloudWatch would show.
pub struct Metrics<W> {
    out: W,
    kind: FileKind,
    /// When the present minute began.
    from: Instant,
    /// Until when everything was told.
    until: Instant,
    /// NAT gateways and interface endpoints, in the order of the configuration.
    gateways: IndexMap<Element, Gateway>,
}

impl<W: Write> Metrics<W> {
    /// Metrics into a file, which is written when the run is over.
    pub fn new(out: W, kind: FileKind) -> Metrics<W> {
        let gateways = IndexMap::new();
        Metrics { out, kind, from: Instant::ZERO, until: Instant::ZERO, gateways }
    }

    /// Whatever has metrics has values from now on, be they zeros.
    fn meet(&mut self, snapshot: &Snapshot) {
        let nat_gateways = (0..snapshot.nat_gateways.len() as u32).map(NatId);
        let endpoints = (0..snapshot.endpoints.len() as u32).map(EndpointId);
        let endpoints =
            endpoints.filter(|id| matches!(snapshot[*id].kind, EndpointKind::Interface { .. }));
        for id in nat_gateways {
            let gateway = || Gateway::of_nat(&snapshot[id]);
            self.gateways.entry(Element::NatGateway(id)).or_insert_with(gateway);
        }
        for id in endpoints {
            let gateway = || Gateway::of_endpoint(snapshot, id);
            self.gateways.entry(Element::VpcEndpoint(id)).or_insert_with(gateway);
        }
    }

    /// Ends the present minute, be it a short one, unless nothing was told of it.
    fn end_minute(&mut self) {
        if self.until > self.from {
            let began = (EPOCH + self.from.0) / 1_000_000_000;
            self.gateways.values_mut().for_each(|gateway| gateway.end_minute(began));
            self.from = self.until;
        }
    }
}

impl<W: Write> Watch for Metrics<W> {
    fn passed(&mut self, view: View<'_>, passed: &Passed<'_>) {
        self.meet(view.snapshot);
        for (number, hop) in passed.trail.hops.iter().enumerate() {
            if let Some(gateway) = self.gateways.get_mut(&hop.element) {
                gateway.count(passed, 1, Pass::of(view.snapshot, passed, number));
            }
        }
    }

    fn lost(&mut self, view: View<'_>, packet: &Passed<'_>, lost: Lost) {
        self.meet(view.snapshot);
        let before = usize::from(lost.before_hop);
        for (number, hop) in packet.trail.hops.iter().enumerate().skip(before) {
            let Some(gateway) = self.gateways.get_mut(&hop.element) else { continue };
            let pass = Pass::of(view.snapshot, packet, number);
            // It will be counted with all that passed.
            gateway.count(packet, -1, pass);
            if number == before && OF_GATEWAYS.contains(&lost.link) {
                gateway.count(packet, 1, Pass { fate: Fate::Dropped, ..pass });
            }
        }
    }

    fn window_ends(&mut self, view: View<'_>, at: Instant, crew: &Crew) {
        self.meet(view.snapshot);
        let (active, counters) = (crew.active_connections(), crew.counters());
        for (element, gateway) in &mut self.gateways {
            let active = active.get(element).copied().unwrap_or_default();
            gateway.end_window(active, counters.forgotten_by(*element));
        }
        self.until = at;
        if at.0.is_multiple_of(PERIOD.0) {
            self.end_minute();
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        self.end_minute();
        output::write(&mut self.out, self.kind, self.gateways.values())?;
        self.out.flush()
    }
}
