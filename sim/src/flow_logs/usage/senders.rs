//! Who opened a flow, as somebody that the dataplane takes packets from.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use egret_dataplane::judgement::judge;
use egret_dataplane::packet::Protocol;
use egret_dataplane::snapshot::{
    AttachmentId, AttachmentKind, Egress, EniId, EniOwner, Interface, InterfaceId, Snapshot,
};
use egret_dataplane::trace::Record;
use egret_dataplane::verdict::Element;
use egret_verify::classes::Origin;
use egret_verify::space::Packet;
use foldhash::fast::FixedState;

use super::reading::near;

/// Who opened a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Who {
    /// An interface: a host, or a task behind a shared one.
    Eni(EniId),
    /// Somebody beyond the internet gateways.
    Internet,
    /// A network behind a transit gateway's attachment.
    External(AttachmentId),
}

/// Where its packets enter the dataplane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sender {
    pub(super) interface: InterfaceId,
    /// As it sends: a task's address, which no log has.
    pub(super) src: Ipv4Addr,
    /// Which of its shared ENIs it takes.
    pub(super) choice: u16,
    /// Its interface in the VPC.
    pub(super) eni: Option<EniId>,
}

impl Sender {
    pub(super) fn origin(&self) -> Origin {
        Origin { interface: self.interface, src: self.src, enis: 1 }
    }
}

/// Senders that are remembered.
const REMEMBERED: usize = 100_000;

pub(super) struct Senders<'a> {
    snapshot: &'a Snapshot,
    numbers: HashMap<(Who, Ipv4Addr), Option<(u32, Sender)>, FixedState>,
    next: u32,
}

impl<'a> Senders<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Senders<'a> {
        Senders { snapshot, numbers: HashMap::default(), next: 0 }
    }

    /// Who sends from an address, as `eni` sees it. `None` if the configuration does not say.
    pub(super) fn who(&self, eni: EniId, src: Ipv4Addr) -> Option<Who> {
        if let Some(peer) = near(self.snapshot, eni, src) {
            let opens =
                matches!(self.snapshot[peer].owner, EniOwner::Hyperplane | EniOwner::Host(_));
            return opens.then_some(Who::Eni(peer));
        }
        let gateways = self.snapshot.transit_gateways.iter();
        let routes = gateways.flat_map(|tgw| &tgw.route_tables).flat_map(|table| &table.routes);
        let near = routes.filter(|route| route.cidr.contains(src));
        let nearest = near.max_by_key(|route| route.cidr.prefix_len());
        if let Some(attachment) = nearest.and_then(|route| route.attachment)
            && let AttachmentKind::External(_) = self.snapshot[attachment].kind
        {
            return Some(Who::External(attachment));
        }
        let inside = self.snapshot.vpcs.iter().any(|vpc| vpc.cidrs.iter().any(|c| c.contains(src)));
        (!inside && !src.is_private()).then_some(Who::Internet)
    }

    /// The public address that stands for an address of an interface.
    pub(super) fn public(&self, eni: EniId, address: Ipv4Addr) -> Option<Ipv4Addr> {
        let mut pairs = self.snapshot[eni].public.iter();
        pairs.find(|(private, _)| *private == address).map(|(_, public)| *public)
    }

    /// The number of a sender, which is its own for as long as the run lasts.
    pub(super) fn number(&mut self, who: Who, src: Ipv4Addr) -> Option<(u32, Sender)> {
        if let Some(known) = self.numbers.get(&(who, src)) {
            return *known;
        }
        if self.numbers.len() >= REMEMBERED {
            self.numbers.clear();
        }
        let sender = self.sender(who, src).map(|sender| (self.next, sender));
        self.next += 1;
        self.numbers.insert((who, src), sender);
        sender
    }

    fn sender(&self, who: Who, src: Ipv4Addr) -> Option<Sender> {
        let (interface, eni) = match who {
            Who::Internet => (InterfaceId::INTERNET, None),
            Who::External(attachment) => match self.snapshot[attachment].kind {
                AttachmentKind::External(interface) => (interface, None),
                AttachmentKind::Vpc { .. } => return None,
            },
            Who::Eni(eni) => match self.snapshot[eni].owner {
                EniOwner::Host(interface) => (interface, Some(eni)),
                EniOwner::Hyperplane => return self.task_behind(eni),
                EniOwner::NatGateway(_) | EniOwner::Endpoint(..) => return None,
            },
        };
        Some(Sender { interface, src, choice: 0, eni })
    }

    /// A task that sends by a shared ENI: those that do differ in nothing behind it.
    fn task_behind(&self, eni: EniId) -> Option<Sender> {
        let snapshot = self.snapshot;
        let live = |interface: InterfaceId| matches!(snapshot[interface], Interface::Task(_));
        let tasks = snapshot.tasks.iter().filter(|task| live(task.interface));
        tasks
            .filter_map(|task| match &snapshot[task.service].egress {
                Egress::Vpc { enis, .. } if enis.contains(&eni) => Some((task, enis.len() as u16)),
                _ => None,
            })
            .flat_map(|(task, enis)| (0..enis).map(move |choice| (task, choice)))
            .map(|(task, choice)| Sender {
                interface: task.interface,
                src: task.address,
                choice,
                eni: Some(eni),
            })
            .find(|sender| self.goes_by(sender) == Some(eni))
    }

    /// The shared ENI that a sender's packets take.
    fn goes_by(&self, sender: &Sender) -> Option<EniId> {
        let dst = Ipv4Addr::new(192, 0, 2, 1);
        let packet = Packet {
            src: sender.src,
            dst,
            protocol: Protocol::TCP,
            port: 443,
            source_port: 40_000,
        };
        let (choice, mut record) = (packet.choice(sender.choice, 0), Record::default());
        judge(self.snapshot, sender.interface, packet.headers()?, choice, &mut record);
        record.hops.iter().find_map(|hop| match hop.element {
            Element::HyperplaneEni(eni) => Some(eni),
            _ => None,
        })
    }
}
