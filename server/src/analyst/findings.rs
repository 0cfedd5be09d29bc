//! What the packet path said, as Reachability Analyzer's components and explanations.
//!
//! The shape is [`egret_control::explain::analysis`]'s; here ids become those of the account, and what
//! an answer of AWS's names besides is added.

use egret_control::explain::{Explanation, Step, analysis};
use egret_dataplane::snapshot::{EniId, SgId, Snapshot, VpcId};
use egret_dataplane::trace::Decision;
use egret_dataplane::verdict::Element;

use super::question::Missing;
use crate::account::Account;
use crate::account::network_insights::{self as rows, Component, Findings, Thing};
use crate::engine::Running;

/// An end of the path is not there, or sends nothing: a paused service, an interface that was deleted.
pub(super) fn nothing_there(missing: &Missing) -> Findings {
    let explanation = rows::Explanation {
        explanation_code: "NO_SOURCE_OR_DESTINATION".to_owned(),
        missing_component: Some(missing.0.clone()),
        ..Default::default()
    };
    Findings { explanations: vec![explanation], ..Findings::default() }
}

/// What an explanation says.
pub(super) fn of(account: &Account, running: &Running, explanation: &Explanation) -> Findings {
    let said = analysis::json(running.world(), explanation);
    // It is a subset of what the analysis says, all of which may be left out.
    let mut found: Findings = serde_json::from_value(said).unwrap_or_default();
    let snapshot = &running.compilation.snapshot;
    let add = Add { account, running, snapshot };
    add.to_way(&mut found.forward_path_components, &explanation.forward);
    add.to_way(&mut found.return_path_components, &explanation.back);
    let components = found.forward_path_components.iter().chain(&found.return_path_components);
    found.explanations = components.flat_map(|c| c.explanations.iter().cloned()).collect();
    // What lies beyond the first thing in the way is no path: it is told as explanations only.
    if ends_at_first(&mut found.forward_path_components) {
        found.return_path_components.clear();
    }
    ends_at_first(&mut found.return_path_components);
    let notes = explanation.notes.join(" ");
    found.warning_message = (!notes.is_empty()).then_some(notes);
    found
}

/// Cuts a way after the first component that stops the packet: whether there is one.
fn ends_at_first(way: &mut Vec<Component>) -> bool {
    let stop = way.iter().position(|component| !component.explanations.is_empty());
    way.truncate(stop.map_or(way.len(), |at| at + 1));
    stop.is_some()
}

struct Add<'a> {
    account: &'a Account,
    running: &'a Running,
    snapshot: &'a Snapshot,
}

impl Add<'_> {
    fn to_way(&self, way: &mut Vec<Component>, steps: &[Step]) {
        for (component, step) in way.iter_mut().zip(steps) {
            self.to_component(component, step);
        }
        let mut steps = steps.iter();
        way.retain(|_| steps.next().is_none_or(is_component));
        for (number, component) in (1..).zip(way) {
            component.sequence_number = number;
        }
    }

    fn to_component(&self, component: &mut Component, step: &Step) {
        let hop = &step.hop;
        match hop.element {
            Element::Service(service) => {
                component.component = Thing::new(self.arn(&self.snapshot[service].name));
            }
            Element::HyperplaneEni(eni) | Element::NetworkInterface(eni) => {
                component.component = self.interface(eni);
                self.place(component, eni);
            }
            Element::SecurityGroup(eni) => self.to_group(component, hop.decision, eni),
            Element::NatGateway(nat) => self.place(component, self.snapshot[nat].eni),
            Element::InternetGateway(gateway) => {
                let vpc = self.snapshot[gateway].vpc;
                component.vpc = Some(Thing::new(&*self.snapshot[vpc].name));
            }
            Element::Peering(peering) => {
                let [requester, accepter] = self.snapshot[peering].vpcs;
                let name = |vpc: VpcId| Some(Thing::new(&*self.snapshot[vpc].name));
                let forth = self.snapshot.in_vpc(requester, hop.before.src);
                let (from, to) = if forth { (requester, accepter) } else { (accepter, requester) };
                (component.source_vpc, component.destination_vpc) = (name(from), name(to));
            }
            Element::TransitGateway(gateway) => {
                component.transit_gateway = Some(Thing::new(&*self.snapshot[gateway].name));
            }
            _ => {}
        }
        let mut explanations = std::mem::take(&mut component.explanations);
        explanations.iter_mut().for_each(|e| self.to_explanation(e, component, step));
        component.explanations = explanations;
    }

    /// Groups are one thing on the path, and in AWS the one whose rule decided.
    fn to_group(&self, component: &mut Component, decision: Decision, eni: EniId) {
        let groups = self.groups(eni);
        let decided = match decision {
            Decision::SecurityGroupRule { group, .. } => Some(self.group(group)),
            _ => groups.first().cloned(),
        };
        component.component = decided.unwrap_or_default();
        component.attached_to = Some(self.interface(eni));
        let vpc = self.snapshot.vpc_of(eni);
        component.vpc = Some(Thing::new(&*self.snapshot[vpc].name));
    }

    fn to_explanation(
        &self,
        explanation: &mut rows::Explanation,
        component: &Component,
        step: &Step,
    ) {
        explanation.component = Some(component.component.clone());
        explanation.subnet = component.subnet.clone();
        explanation.vpc = component.vpc.clone();
        explanation.acl_rule = component.acl_rule.clone();
        explanation.route_table_route = component.route_table_route.clone();
        explanation.transit_gateway_route_table_route =
            component.transit_gateway_route_table_route.clone();
        match step.hop.element {
            Element::SecurityGroup(eni) => {
                explanation.network_interface = Some(self.interface(eni));
                explanation.security_groups = self.groups(eni);
            }
            Element::HyperplaneEni(eni) | Element::NetworkInterface(eni) => {
                explanation.network_interface = Some(self.interface(eni));
            }
            _ => {}
        }
    }

    fn place(&self, component: &mut Component, eni: EniId) {
        let subnet = &self.snapshot[self.snapshot[eni].subnet];
        component.subnet = Some(Thing::new(&*subnet.name));
        component.vpc = Some(Thing::new(&*self.snapshot[subnet.vpc].name));
    }

    fn groups(&self, eni: EniId) -> Vec<Thing> {
        self.snapshot[eni].security_groups.iter().map(|group| self.group(*group)).collect()
    }

    fn group(&self, group: SgId) -> Thing {
        Thing::new(&*self.snapshot[group].name)
    }

    /// The account's interface: those of gateways and endpoints go by other names on the path.
    fn interface(&self, eni: EniId) -> Thing {
        let item = &self.snapshot[eni];
        if self.account.network_interfaces.has(&item.name) {
            return Thing::new(&*item.name);
        }
        let mut known = self.account.network_interfaces.of(&self.snapshot[item.subnet].name);
        let same = known.find(|row| row.addresses.contains(&item.address));
        Thing::new(same.map_or(&*item.name, |row| row.id.as_str()))
    }

    fn arn(&self, service: &str) -> String {
        let mut services = self.running.model.services.iter();
        let found = services.find(|known| *known.id.value == *service);
        found.and_then(|known| known.arn.clone()).unwrap_or_else(|| service.to_owned())
    }
}

/// Whether a step is a thing that AWS knows: what is beyond the gateways is none.
fn is_component(step: &Step) -> bool {
    step.denial.is_some() || !matches!(step.hop.element, Element::Internet | Element::Dataplane)
}
