//! From a model to a snapshot: names become indices, defaults are filled in, and everything that is
//! wrong is reported.
//!
//! This is the only maker of a [`Snapshot`]. It goes on past what is wrong, so that one run tells
//! all of it, and gives a snapshot only where nothing stands in the way. What is suspicious but can
//! be run is reported by the checks in `check.rs`, which are part of every compilation.
//!
//! [`compile_after`] compiles a later version of the same network: whatever has kept its name keeps
//! its index, its address and so its flows. What is gone leaves its index unused, so that an index
//! means the same thing in every snapshot of the lineage.

mod enis;
mod gateways;
mod policies;
mod services;
mod table;
mod topology;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use egret_dataplane::snapshot::{
    AclId, Attachment, Cidr, EniId, Epoch, Interface, InterfaceId, InternetGateway, NatGateway,
    NetworkAcl, NetworkInterface, Peering, PrefixList, Prepared, RouteTable, SecurityGroup,
    Service, SgId, Snapshot, Subnet, SubnetId, Task, TransitGateway, Vpc, VpcEndpoint, VpcId,
};

use crate::check;
use crate::finding::Finding;
use crate::index::Index;
use crate::model::{Model, Name};
use crate::names::{Kind, Names};
use table::Table;

pub use policies::traffic;

/// What came of a model without errors.
#[derive(Clone, Debug)]
pub struct Compilation {
    /// What workers run on.
    pub snapshot: Snapshot,
    /// The way back from the snapshot's indices to what was written.
    pub index: Index,
    /// What looks wrong, but does not stand in the way.
    pub warnings: Vec<Finding>,
    keys: Keys,
}

/// The names behind the indices of a snapshot, by kind.
#[derive(Clone, Debug, Default)]
struct Keys(HashMap<&'static str, Vec<Arc<str>>>);

/// Compiles a model.
///
/// # Errors
/// Everything that was found, warnings too, when one of it is an error.
pub fn compile(model: &Model) -> Result<Compilation, Vec<Finding>> {
    Compiler::new(model, None).run()
}

/// Compiles a later version of a network: its epoch is the next one, and what has kept its name has
/// kept its index.
///
/// # Errors
/// As [`compile`].
pub fn compile_after(model: &Model, previous: &Compilation) -> Result<Compilation, Vec<Finding>> {
    Compiler::new(model, Some(previous)).run()
}

/// Everything that is wrong or looks wrong with a model: errors first, then by place.
pub fn findings(model: &Model) -> Vec<Finding> {
    compile(model).map_or_else(|findings| findings, |compilation| compilation.warnings)
}

/// A compilation under way.
struct Compiler<'a> {
    model: &'a Model,
    names: Names<'a>,
    previous: Option<&'a Snapshot>,
    findings: Vec<Finding>,
    index: Index,
    zones: Table<Arc<str>>,
    interfaces: Table<Interface>,
    vpcs: Table<Vpc>,
    subnets: Table<Subnet>,
    route_tables: Table<RouteTable>,
    network_acls: Table<NetworkAcl>,
    security_groups: Table<SecurityGroup>,
    prefix_lists: Table<PrefixList>,
    enis: Table<NetworkInterface>,
    internet_gateways: Table<InternetGateway>,
    nat_gateways: Table<NatGateway>,
    endpoints: Table<VpcEndpoint>,
    peerings: Table<Peering>,
    transit_gateways: Table<TransitGateway>,
    attachments: Table<Attachment>,
    services: Table<Service>,
    tasks: Table<Task>,
    /// Private addresses that somebody has, in each VPC.
    taken: HashSet<(VpcId, Ipv4Addr)>,
    /// Where the search for a free address of a subnet goes on.
    next_free: HashMap<SubnetId, u32>,
    /// Public addresses that somebody has.
    public_addresses: BTreeMap<Ipv4Addr, EniId>,
    /// Imported ENIs of connectors, once somebody asked.
    imported_enis: Option<HashMap<(SubnetId, Vec<SgId>), usize>>,
    /// The shared ENIs of each connector that was asked for: services have few connectors.
    connector_enis: HashMap<usize, Vec<EniId>>,
    /// Imported ENIs of connectors that a service uses.
    used_enis: HashSet<String>,
}

impl<'a> Compiler<'a> {
    fn new(model: &'a Model, previous: Option<&'a Compilation>) -> Self {
        let keys = |kind| previous.and_then(|p| p.keys.0.get(kind)).map_or(&[][..], |k| &k[..]);
        let mut findings = Vec::new();
        let names = Names::of(model, &mut findings);
        Compiler {
            model,
            names,
            previous: previous.map(|previous| &previous.snapshot),
            findings,
            index: Index::default(),
            zones: Table::after(keys("zone")),
            interfaces: Table::after(keys("interface")),
            vpcs: Table::after(keys("vpc")),
            subnets: Table::after(keys("subnet")),
            route_tables: Table::after(keys("route-table")),
            network_acls: Table::after(keys("network-acl")),
            security_groups: Table::after(keys("security-group")),
            prefix_lists: Table::after(keys("prefix-list")),
            enis: Table::after(keys("eni")),
            internet_gateways: Table::after(keys("internet-gateway")),
            nat_gateways: Table::after(keys("nat-gateway")),
            endpoints: Table::after(keys("vpc-endpoint")),
            peerings: Table::after(keys("peering")),
            transit_gateways: Table::after(keys("transit-gateway")),
            attachments: Table::after(keys("attachment")),
            services: Table::after(keys("service")),
            tasks: Table::after(keys("task")),
            taken: HashSet::new(),
            next_free: HashMap::new(),
            public_addresses: BTreeMap::new(),
            imported_enis: None,
            connector_enis: HashMap::new(),
            used_enis: HashSet::new(),
        }
    }

    fn run(mut self) -> Result<Compilation, Vec<Finding>> {
        let internet = self.interface("internet", Interface::Internet);
        debug_assert_eq!(internet, InterfaceId::INTERNET);
        self.add_vpcs();
        self.add_prefix_lists();
        self.add_network_acls();
        self.add_subnets();
        self.add_security_groups();
        self.reserve_addresses();
        self.add_nat_gateways();
        self.add_endpoints();
        self.add_network_interfaces();
        self.add_peerings();
        self.add_transit_gateways();
        self.add_services();
        self.add_route_tables();
        self.finish()
    }

    fn finish(mut self) -> Result<Compilation, Vec<Finding>> {
        check::suspicions(self.model, &self.names, &mut self.findings);
        check::sort(&mut self.findings);
        check::tell_once(&mut self.findings);
        if self.findings.iter().any(Finding::is_error) {
            return Err(self.findings);
        }
        let keys = self.keys();
        let warnings = std::mem::take(&mut self.findings);
        let index = std::mem::take(&mut self.index);
        let snapshot = self.snapshot();
        // Here, where it can take its time: no worker is to do it between two packets.
        snapshot.prepare();
        Ok(Compilation { snapshot, index, warnings, keys })
    }

    fn keys(&self) -> Keys {
        Keys(HashMap::from([
            ("zone", self.zones.keys()),
            ("interface", self.interfaces.keys()),
            ("vpc", self.vpcs.keys()),
            ("subnet", self.subnets.keys()),
            ("route-table", self.route_tables.keys()),
            ("network-acl", self.network_acls.keys()),
            ("security-group", self.security_groups.keys()),
            ("prefix-list", self.prefix_lists.keys()),
            ("eni", self.enis.keys()),
            ("internet-gateway", self.internet_gateways.keys()),
            ("nat-gateway", self.nat_gateways.keys()),
            ("vpc-endpoint", self.endpoints.keys()),
            ("peering", self.peerings.keys()),
            ("transit-gateway", self.transit_gateways.keys()),
            ("attachment", self.attachments.keys()),
            ("service", self.services.keys()),
            ("task", self.tasks.keys()),
        ]))
    }

    /// Everything in its place. What was in the previous snapshot and is gone stays behind as a
    /// husk that nothing leads to.
    fn snapshot(self) -> Snapshot {
        let empty = Snapshot::default();
        let old = self.previous.unwrap_or(&empty);
        let mut vpcs = self.vpcs.finish(&old.vpcs, |vpc| vpc.addresses.clear());
        for vpc in &mut vpcs {
            vpc.addresses.sort_unstable();
        }
        Snapshot {
            epoch: self.previous.map_or(Epoch(0), |previous| Epoch(previous.epoch.0 + 1)),
            settings: self.model.settings.dataplane,
            zones: self.zones.finish(&old.zones, |_| {}),
            interfaces: self.interfaces.finish(&old.interfaces, |i| *i = Interface::Gone),
            vpcs,
            subnets: self.subnets.finish(&old.subnets, |_| {}),
            route_tables: self.route_tables.finish(&old.route_tables, |_| {}),
            network_acls: self.network_acls.finish(&old.network_acls, |_| {}),
            security_groups: self.security_groups.finish(&old.security_groups, |_| {}),
            prefix_lists: self.prefix_lists.finish(&old.prefix_lists, |_| {}),
            enis: self.enis.finish(&old.enis, |_| {}),
            internet_gateways: self.internet_gateways.finish(&old.internet_gateways, |_| {}),
            nat_gateways: self.nat_gateways.finish(&old.nat_gateways, |_| {}),
            endpoints: self.endpoints.finish(&old.endpoints, |_| {}),
            peerings: self.peerings.finish(&old.peerings, |p| p.same_region = false),
            transit_gateways: self.transit_gateways.finish(&old.transit_gateways, |_| {}),
            attachments: self.attachments.finish(&old.attachments, gateways::detach),
            services: self.services.finish(&old.services, |_| {}),
            tasks: self.tasks.finish(&old.tasks, |_| {}),
            public_addresses: self.public_addresses.into_iter().collect(),
            prepared: Prepared::default(),
        }
    }

    fn interface(&mut self, key: &str, interface: Interface) -> InterfaceId {
        let id = self.interfaces.id(key);
        self.interfaces.put(id, interface);
        InterfaceId(id)
    }

    /// The index of what a name refers to, or a finding.
    fn find(&mut self, kind: Kind, name: &Name) -> Option<usize> {
        self.names.find(kind, name).map_err(|finding| self.findings.push(finding)).ok()
    }

    /// The same, where several VPCs have something of that name: the one of this VPC.
    fn find_in(&mut self, kind: Kind, name: &Name, vpc: &Name) -> Option<usize> {
        let found = self.names.find_in(kind, name, vpc);
        found.map_err(|finding| self.findings.push(finding)).ok()
    }

    fn vpc_id(&mut self, name: &Name) -> Option<VpcId> {
        let model = self.model;
        self.find(Kind::Vpc, name).map(|at| VpcId(self.vpcs.id(&model.vpcs[at].id)))
    }

    fn subnet_id(&mut self, name: &Name) -> Option<SubnetId> {
        let model = self.model;
        self.find(Kind::Subnet, name).map(|at| SubnetId(self.subnets.id(&model.subnets[at].id)))
    }

    /// The groups of that name as a set, or the VPC's default group where none is named.
    fn groups(&mut self, vpc: &Name, names: &[Name]) -> Vec<SgId> {
        let model = self.model;
        let mut groups: Vec<usize> =
            names.iter().filter_map(|name| self.find_in(Kind::SecurityGroup, name, vpc)).collect();
        if names.is_empty() {
            let default = model.security_groups.iter().position(|g| g.default && g.vpc == *vpc);
            groups.extend(default);
        }
        let id = |at: usize| SgId(self.security_groups.id(&model.security_groups[at].id));
        let mut groups: Vec<SgId> = groups.into_iter().map(id).collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    fn acl_id(&mut self, at: usize) -> AclId {
        let model = self.model;
        AclId(self.network_acls.id(&model.network_acls[at].id))
    }
}

fn cidr(net: ipnet::Ipv4Net) -> Cidr {
    Cidr::new(net.addr(), net.prefix_len())
}

fn shared(name: &Name) -> Arc<str> {
    Arc::from(name.value.as_str())
}
