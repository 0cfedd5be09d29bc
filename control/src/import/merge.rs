//! Files become one import: the same resource twice counts once.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::document::{Document, Lists};
use super::files::Origin;
use super::json::*;
use crate::finding::Finding;
use crate::model::{Connector, Model, Name, Service};
use crate::source::{FileId, Sources};
use crate::written::{At, Page, TextOr};

/// Files on their way into a model.
#[derive(Debug)]
pub(super) struct Import {
    pub(super) documents: Vec<Document>,
    pub(super) findings: Vec<Finding>,
    /// Kinds of things that were passed over already.
    passed_over: HashSet<String>,
}

/// One item of a list, and the file that it is from.
#[derive(Clone, Debug)]
pub(super) struct Item<T> {
    pub(super) file: FileId,
    pub(super) origin: Origin,
    pub(super) at: At<T>,
}

/// A resource with an id of its own.
pub(super) trait Identified {
    fn id(&self) -> &At<String>;
}

macro_rules! identified {
    ($($type:ty: $id:ident,)*) => {
        $(impl Identified for $type {
            fn id(&self) -> &At<String> {
                &self.$id
            }
        })*
    };
}

identified! {
    VpcJson: vpc_id,
    SubnetJson: subnet_id,
    RouteTableJson: route_table_id,
    SecurityGroupJson: group_id,
    SecurityGroupRuleJson: security_group_rule_id,
    NetworkAclJson: network_acl_id,
    NatGatewayJson: nat_gateway_id,
    VpcEndpointJson: vpc_endpoint_id,
    NetworkInterfaceJson: network_interface_id,
    InternetGatewayJson: internet_gateway_id,
    PeeringJson: vpc_peering_connection_id,
    TransitGatewayJson: transit_gateway_id,
    TransitTableJson: transit_gateway_route_table_id,
}

impl Import {
    pub(super) fn new(documents: Vec<Document>, findings: Vec<Finding>) -> Self {
        Import { documents, findings, passed_over: HashSet::new() }
    }

    /// Adds everything to the model, and returns what was found.
    pub(super) fn into_model(mut self, model: &mut Model) -> Vec<Finding> {
        self.warn_of_odd_keys(&model.sources);
        let known = Known::of(model);
        let mut new = Model { sources: std::mem::take(&mut model.sources), ..Model::default() };
        (new.connectors, new.services) = self.app_runner(&new.sources);
        self.add_network(&mut new);
        self.add_rules(&mut new);
        self.add_interfaces(&mut new);
        self.add_joins(&mut new);
        self.complete(&mut new);
        model.sources = std::mem::take(&mut new.sources);
        known.merge(new, model);
        self.findings
    }

    /// What AWS makes in every VPC is taken to be as AWS made it where no file has it.
    fn complete(&mut self, model: &mut Model) {
        for vpc in model.vpcs.iter().map(|vpc| vpc.id.clone()).collect::<Vec<_>>() {
            // One without subnets is known from a peering's other side, say: nothing is in it.
            if !model.subnets.iter().any(|subnet| subnet.vpc == vpc) {
                continue;
            }
            let added = crate::section::vpc::complete(&vpc, false, model);
            if !added.is_empty() {
                let message =
                    format!("no file has the {} of `{}`", added.join(", the "), vpc.value);
                let help = "they are taken to be as AWS makes them; add what `aws ec2 \
                            describe-route-tables`, `describe-network-acls` and \
                            `describe-security-groups` print";
                let finding = Finding::warning("assumed-default", vpc.place, message).help(help);
                self.findings.push(finding);
            }
        }
    }

    /// Only the connectors and services, and what was found.
    pub(super) fn into_app_runner(
        mut self,
        sources: &Sources,
    ) -> (Vec<Connector>, Vec<Service>, Vec<Finding>) {
        let (connectors, services) = self.app_runner(sources);
        (connectors, services, self.findings)
    }

    /// Takes a list out of every document.
    pub(super) fn take<T>(&mut self, list: fn(&mut Lists) -> &mut Vec<At<T>>) -> Vec<Item<T>> {
        let mut items = Vec::new();
        for document in &mut self.documents {
            let (file, origin) = (document.file, &document.origin);
            let taken = std::mem::take(list(&mut document.lists)).into_iter();
            items.extend(taken.map(|at| Item { file, origin: origin.clone(), at }));
        }
        items
    }

    /// The items that are described, not only named. Names are those of a connector's request, which
    /// app_runner.rs has taken; any that are left belong to nothing.
    pub(super) fn described<T>(
        &mut self,
        sources: &Sources,
        items: Vec<Item<TextOr<T>>>,
    ) -> Vec<Item<T>> {
        let mut described = Vec::new();
        for Item { file, origin, at } in items {
            let place = Page::new(sources, file, &mut self.findings).place(&at);
            match at.parts() {
                Ok(at) => described.push(Item { file, origin, at }),
                Err(text) => {
                    let message = format!("`{text}` is named here, but not described");
                    let help = "a list of ids belongs to a request with a `VpcConnectorName`";
                    let finding = Finding::warning("id-without-description", place, message);
                    self.findings.push(finding.help(help));
                }
            }
        }
        described
    }

    /// Each resource once. One that two files describe differently is taken from the first.
    pub(super) fn unique<T: Identified + PartialEq>(
        &mut self,
        sources: &Sources,
        items: Vec<Item<T>>,
    ) -> Vec<Item<T>> {
        let mut first: HashMap<String, usize> = HashMap::new();
        let mut kept: Vec<Item<T>> = Vec::new();
        for item in items {
            let id = item.at.value.id();
            match first.get(&id.value) {
                None => {
                    first.insert(id.value.clone(), kept.len());
                    kept.push(item);
                }
                Some(index) if kept[*index].at == item.at => {}
                Some(index) => {
                    let finding = self.described_twice(sources, &kept[*index], &item);
                    self.findings.push(finding);
                }
            }
        }
        kept
    }

    fn described_twice<T: Identified>(
        &mut self,
        sources: &Sources,
        first: &Item<T>,
        second: &Item<T>,
    ) -> Finding {
        let page = Page::new(sources, first.file, &mut self.findings);
        let place = page.place(first.at.value.id());
        let page = Page::new(sources, second.file, &mut self.findings);
        let again = page.place(second.at.value.id());
        let elsewhere = sources.display(place).unwrap_or_default();
        let id = &second.at.value.id().value;
        let message = format!("`{id}` is described again, and differently");
        let help = format!("what {elsewhere} says is used; remove the outdated one");
        Finding::warning("described-twice", again, message).help(help)
    }

    /// Reads each item with the page of its file; those that come to nothing are left out.
    pub(super) fn each<T, R>(
        &mut self,
        sources: &Sources,
        items: Vec<Item<T>>,
        mut read: impl FnMut(T, &Origin, &mut Page<'_>) -> Option<R>,
    ) -> Vec<R> {
        let mut results = Vec::new();
        for item in items {
            let mut page = Page::new(sources, item.file, &mut self.findings);
            results.extend(read(item.at.value, &item.origin, &mut page));
        }
        results
    }

    /// Warns of a kind of thing that is passed over, the first time only.
    pub(super) fn pass_over(&mut self, kind: &str, finding: Finding) {
        if self.passed_over.insert(kind.to_owned()) {
            self.findings.push(finding);
        }
    }

    fn warn_of_odd_keys(&mut self, sources: &Sources) {
        for index in 0..self.documents.len() {
            let lists = &mut self.documents[index].lists;
            let (unknown, next) = (std::mem::take(&mut lists.unknown), lists.next_token.take());
            let file = self.documents[index].file;
            for key in unknown {
                let place = Page::new(sources, file, &mut self.findings).place(&key);
                let message = format!("`{}` is not read", key.value);
                let help = "keys such as `Vpcs` and `RouteTables` are; rename or remove it";
                let finding = Finding::warning("unknown-key", place, message).help(help);
                self.pass_over(&key.value, finding);
            }
            if let Some(next) = next {
                let place = Page::new(sources, file, &mut self.findings).place(&next);
                let message = "the list goes on: this is its first part";
                let help = "fetch all of it: without --max-items and --no-paginate";
                self.findings.push(Finding::warning("truncated-list", place, message).help(help));
            }
        }
    }
}

/// The ids that a model had before the import.
struct Known(BTreeSet<(&'static str, String)>);

macro_rules! every_list {
    ($with:ident) => {
        $with!(
            vpcs,
            subnets,
            route_tables,
            network_acls,
            security_groups,
            prefix_lists,
            internet_gateways,
            nat_gateways,
            vpc_endpoints,
            peerings,
            transit_gateways,
            network_interfaces,
            connectors,
            services
        )
    };
}

impl Known {
    fn of(model: &Model) -> Known {
        let mut known = BTreeSet::new();
        let mut add = |list: &'static str, id: &Name| known.insert((list, id.value.clone()));
        macro_rules! remember {
            ($($list:ident),*) => {
                $(for thing in &model.$list { add(stringify!($list), &thing.id); })*
            };
        }
        every_list!(remember);
        Known(known)
    }

    /// Moves what is new into the model.
    fn merge(self, new: Model, model: &mut Model) {
        let is_new = |list: &'static str, id: &Name| !self.0.contains(&(list, id.value.clone()));
        macro_rules! append {
            ($($list:ident),*) => {
                $(model.$list.extend(
                    new.$list.into_iter().filter(|thing| is_new(stringify!($list), &thing.id)),
                );)*
            };
        }
        every_list!(append);
    }
}
