//! A configuration of any size to send packets through, written as a scenario and compiled as one.

mod delivered;

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use clap::ValueEnum;
use egret_control::compile::{Compilation, compile, compile_after};
use egret_control::finding::{Finding, Rejection};
use egret_control::model::{Model, Peer, SecurityGroupRule, Traffic};
use egret_control::source::{Place, Sourced};
use egret_dataplane::packet::Tuple;
use egret_dataplane::snapshot::{Interface, InterfaceId, Snapshot};
use egret_sim::scenario::Scenario;
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::traffic::Protocols;

/// Flows of one shared ENI, well below its 65,000 connections.
const FLOWS_PER_ENI: usize = 32_000;
/// Groups of every shared ENI: AWS's default quota for a network interface.
const GROUPS: usize = 5;
/// Entries of the prefix list that one rule of each group names.
const PREFIX_LIST: usize = 1_000;
/// Destinations beyond the NAT gateway: from 198.18.0.0/15, which RFC 2544 set aside for benchmarks.
const REMOTES: u32 = 1_024;
/// Hosts in the VPC.
const HOSTS: u32 = 64;
/// Interface endpoints.
const ENDPOINTS: u32 = 4;

/// The way that the packets of a world take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Through the NAT gateway to the internet: two source translations.
    Nat,
    /// To hosts in the VPC: one.
    Vpc,
    /// To interface endpoints: one.
    Endpoint,
    /// A third each.
    Mixed,
}

/// How large a configuration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Flows that must find ports: so many shared ENIs there are.
    pub flows: usize,
    /// Outbound rules over the five groups of an ENI; the last one allows.
    pub rules: usize,
    /// Routes of the private subnet's table, besides the local one.
    pub routes: usize,
    /// Entries of the network ACL, in each direction; the last one allows.
    pub acl_entries: usize,
}

impl Default for Size {
    fn default() -> Self {
        Size { flows: 65_536, rules: 60, routes: 50, acl_entries: 20 }
    }
}

/// A configuration, and who sends what to whom.
#[derive(Clone, Debug)]
pub struct World {
    /// The configuration.
    pub snapshot: Arc<Snapshot>,
    /// Where tasks send from, and where to.
    pub senders: Senders,
    /// What the configuration was compiled from: later versions come of it.
    model: Arc<Model>,
    compilation: Arc<Compilation>,
}

/// Who sends where.
#[derive(Clone, Debug)]
pub enum Senders {
    /// Every task reaches every destination, by any protocol.
    All {
        /// Where tasks send from.
        sources: Vec<(InterfaceId, Ipv4Addr)>,
        /// Where to.
        destinations: Vec<(Ipv4Addr, u16)>,
    },
    /// What was found to be delivered and answered: where each enters, and its tuple.
    Pairs(Vec<(InterfaceId, Tuple)>),
}

/// Why there is nothing to send packets through.
#[derive(Debug, Error)]
pub enum NoWorld {
    /// The configuration is wrong.
    #[error("the configuration cannot be compiled: {}", .0.first().map_or("", |f| &f.message))]
    Rejected(Vec<Finding>),
    /// No task reaches anything.
    #[error(
        "nothing to measure: {tasks} tasks and {destinations} destinations, and no {protocols} \
         packet from one of them to another is delivered and answered; ask `egret explain` why"
    )]
    NothingDelivered {
        /// Tasks that send.
        tasks: usize,
        /// Hosts, endpoints and the like that they sent to.
        destinations: usize,
        /// The protocols that were tried.
        protocols: &'static str,
    },
}

impl World {
    /// A world of that size whose packets go that way.
    ///
    /// # Errors
    /// What is wrong with the scenario: nothing, unless a size is beyond what addresses allow.
    pub fn new(size: Size, way: Way) -> Result<World, Vec<Finding>> {
        let text = scenario(size);
        let read = Scenario::from_text(Path::new("bench.yaml"), &text);
        let scenario = read.map_err(|Rejection { findings, .. }| findings)?;
        let compilation = compile(&scenario.model)?;
        let tasks = compilation.snapshot.tasks.iter();
        let sources = tasks.map(|task| (task.interface, task.address)).collect();
        let senders = Senders::All { sources, destinations: destinations(way) };
        Ok(World::of(scenario.model, compilation, senders))
    }

    /// The world of a configuration of the user's: its tasks send to its hosts and endpoints
    /// whatever is delivered there and answered.
    ///
    /// # Errors
    /// When nothing is.
    pub fn of_scenario(
        model: Model,
        compilation: Compilation,
        protocols: Protocols,
    ) -> Result<World, NoWorld> {
        let pairs = delivered::pairs(&model, &compilation.snapshot, protocols)?;
        Ok(World::of(model, compilation, Senders::Pairs(pairs)))
    }

    fn of(model: Model, compilation: Compilation, senders: Senders) -> World {
        let snapshot = prepared(&compilation);
        World { snapshot, senders, model: Arc::new(model), compilation: Arc::new(compilation) }
    }

    /// Later versions of the configuration, one after the other: see [`Versions`].
    pub fn versions(&self) -> Versions {
        Versions {
            model: Model::clone(&self.model),
            compilation: Arc::clone(&self.compilation),
            rule: None,
        }
    }

    /// Where an interface's packets come from, by the address of its owner, if it has one.
    pub fn address(&self, interface: InterfaceId) -> Option<Ipv4Addr> {
        match self.snapshot[interface] {
            Interface::Task(task) => Some(self.snapshot[task].address),
            Interface::Eni(eni) => Some(self.snapshot[eni].address),
            _ => None,
        }
    }
}

/// A compilation's snapshot for workers: what a copy leaves to its first user is made here, and no
/// worker pauses for it.
fn prepared(compilation: &Compilation) -> Arc<Snapshot> {
    let snapshot = compilation.snapshot.clone();
    snapshot.prepare();
    Arc::new(snapshot)
}

/// Versions of a configuration. A rule that no packet matches comes and goes, so that each version
/// differs from the one before it, and every flow goes on.
#[derive(Debug)]
pub struct Versions {
    model: Model,
    compilation: Arc<Compilation>,
    rule: Option<SecurityGroupRule>,
}

impl Versions {
    /// Compiles the next version.
    ///
    /// # Panics
    /// When it cannot be compiled, although the first one was.
    pub fn compile(&mut self) {
        self.change();
        let next = compile_after(&self.model, &self.compilation);
        self.compilation = Arc::new(next.expect("one more rule in a configuration without errors"));
    }

    /// The version that was compiled last, for workers.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        prepared(&self.compilation)
    }

    fn change(&mut self) {
        let Some(group) = self.model.security_groups.first_mut() else { return };
        match self.rule.take() {
            Some(_) => {
                group.egress.pop();
            }
            None => {
                let peer = Peer::Cidr(NOBODY);
                let rule = SecurityGroupRule {
                    id: None,
                    traffic: Sourced::implied(Traffic::Tcp(1, 1)),
                    peer: Sourced::implied(peer),
                    place: Place::NOWHERE,
                };
                group.egress.push(rule.clone());
                self.rule = Some(rule);
            }
        }
    }
}

/// TEST-NET-3's last address: nothing is there.
const NOBODY: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(203, 0, 113, 255), 32);

fn destinations(way: Way) -> Vec<(Ipv4Addr, u16)> {
    let block = |first: [u8; 4], count: u32| {
        let first = u32::from_be_bytes(first);
        (0..count).map(move |n| (Ipv4Addr::from_bits(first + n), 443))
    };
    let remotes = || block([198, 18, 0, 1], REMOTES);
    let hosts = || block([10, 0, 64, 10], HOSTS);
    let endpoints = || block([10, 0, 80, 10], ENDPOINTS);
    match way {
        Way::Nat => remotes().collect(),
        Way::Vpc => hosts().collect(),
        Way::Endpoint => endpoints().collect(),
        Way::Mixed => {
            let third = REMOTES as usize;
            let hosts = std::iter::repeat_with(hosts).flatten().take(third);
            let endpoints = std::iter::repeat_with(endpoints).flatten().take(third);
            remotes().chain(hosts).chain(endpoints).collect()
        }
    }
}

/// The world as a scenario file.
fn scenario(size: Size) -> String {
    let connectors = size.flows.div_ceil(FLOWS_PER_ENI).max(1);
    let mut text = String::new();
    text.push_str(
        "title: A configuration to send packets through
vpc:
  cidr: 10.0.0.0/16
  internet_gateway: true
  subnets:
    app: { az: use1-az1, cidr: 10.0.0.0/18, route_table: private, network_acl: filter }
    hosts: { az: use1-az1, cidr: 10.0.64.0/20, route_table: private, network_acl: filter }
    endpoints: { az: use1-az1, cidr: 10.0.80.0/20, route_table: private, network_acl: filter }
    public: { az: use1-az1, cidr: 10.0.96.0/20, route_table: public, network_acl: filter }
  nat_gateways:
    nat: { subnet: public, addresses: [198.51.100.10, 198.51.100.11] }
",
    );
    route_tables(&mut text, size.routes);
    network_acl(&mut text, size.acl_entries);
    prefix_list(&mut text);
    security_groups(&mut text, size.rules, connectors);
    endpoints(&mut text);
    services(&mut text, connectors);
    text
}

/// The routes that no packet takes lead to 11.0.0.0/8, in /24.
fn route_tables(text: &mut String, routes: usize) {
    text.push_str("  route_tables:\n    public: { 0.0.0.0/0: internet_gateway }\n    private:\n");
    for n in 1..routes {
        let [_, high, low, _] = ((n as u32) << 8).to_be_bytes();
        let _ = writeln!(text, "      11.{high}.{low}.0/24: nat");
    }
    text.push_str("      0.0.0.0/0: nat\n");
}

/// Entries that match no packet, and then one that allows all.
fn network_acl(text: &mut String, entries: usize) {
    text.push_str("  network_acls:\n    filter:\n");
    for direction in ["egress", "ingress"] {
        let _ = writeln!(text, "      {direction}:");
        for n in 1..entries {
            let _ = writeln!(
                text,
                "        - {{ rule: {n}, action: deny, protocol: tcp, ports: {}, cidr: 203.0.113.0/24 }}",
                20_000 + n
            );
        }
        text.push_str("        - { rule: 32000, action: allow, protocol: all, cidr: 0.0.0.0/0 }\n");
    }
}

fn prefix_list(text: &mut String) {
    text.push_str("  prefix_lists:\n    pl-partners:\n");
    for n in 0..PREFIX_LIST as u32 {
        let [_, _, high, low] = (n << 4).to_be_bytes();
        let _ = writeln!(text, "      - 12.{high}.{low}.0/26");
    }
}

/// Four groups that every ENI carries, and one of its own: a shared ENI is one for each set of
/// groups. The last rule of the last group allows.
fn security_groups(text: &mut String, rules: usize, connectors: usize) {
    let shares: Vec<usize> = (0..GROUPS)
        .map(|group| (rules * (group + 1) / GROUPS) - (rules * group / GROUPS))
        .collect();
    text.push_str("  security_groups:\n");
    text.push_str(
        "    inside: { ingress: [ { protocol: all, from: 10.0.0.0/16 } ], egress: [] }\n",
    );
    for (group, share) in shares[..GROUPS - 1].iter().enumerate() {
        let _ = writeln!(text, "    shared-{group}:\n      ingress: []\n      egress:");
        if *share == 0 {
            text.push_str("        []\n");
        }
        no_match(text, *share, group);
    }
    for connector in 0..connectors {
        let _ = writeln!(text, "    own-{connector}:\n      ingress: []\n      egress:");
        no_match(text, shares[GROUPS - 1].saturating_sub(1), GROUPS);
        text.push_str("        - { protocol: all, to: 0.0.0.0/0 }\n");
    }
}

/// Rules that match none of the packets; the first of each group names the prefix list.
fn no_match(text: &mut String, rules: usize, group: usize) {
    for n in 0..rules {
        let port = 20_000 + group * 1_000 + n;
        let _ = match n {
            0 => writeln!(text, "        - {{ protocol: tcp, ports: {port}, to: pl-partners }}"),
            n => writeln!(
                text,
                "        - {{ protocol: tcp, ports: {port}, to: 203.0.{}.0/24 }}",
                n % 256
            ),
        };
    }
}

fn endpoints(text: &mut String) {
    text.push_str("  endpoints:\n");
    for n in 0..ENDPOINTS {
        let _ = writeln!(
            text,
            "    endpoint-{n}: {{ type: interface, service: service-{n}, subnets: [endpoints], \
             security_groups: [inside], addresses: [10.0.80.{}] }}",
            10 + n
        );
    }
}

fn services(text: &mut String, connectors: usize) {
    text.push_str("connectors:\n");
    for n in 0..connectors {
        let shared: Vec<String> = (0..GROUPS - 1).map(|group| format!("shared-{group}")).collect();
        let _ = writeln!(
            text,
            "  c-{n}: {{ subnets: [app], security_groups: [{}, own-{n}] }}",
            shared.join(", ")
        );
    }
    text.push_str("services:\n");
    for n in 0..connectors {
        let _ = writeln!(text, "  s-{n}: {{ egress: vpc, connector: c-{n}, tasks: 1 }}");
    }
    text.push_str("hosts:\n");
    for n in 0..HOSTS {
        let _ = writeln!(
            text,
            "  host-{n}: {{ address: 10.0.64.{}, security_groups: [inside], listen: [tcp/443] }}",
            10 + n
        );
    }
}

#[cfg(test)]
mod tests {
    use egret_dataplane::snapshot::{EniOwner, NetworkInterface};

    use super::*;

    #[test]
    fn a_world_has_what_its_size_says() {
        let size = Size { flows: 100_000, rules: 300, routes: 1_000, acl_entries: 40 };
        let world = World::new(size, Way::Mixed).unwrap();
        let snapshot = &world.snapshot;
        let Senders::All { sources, .. } = &world.senders else { panic!("all reach all") };
        assert_eq!(sources.len(), 4);
        let shared = |eni: &&NetworkInterface| eni.owner == EniOwner::Hyperplane;
        let groups = &snapshot.enis.iter().find(shared).unwrap().security_groups;
        let rules: usize = groups.iter().map(|group| snapshot[*group].egress.len()).sum();
        assert_eq!(rules, 300);
        assert!(snapshot.route_tables.iter().any(|table| table.routes.len() == 1_001));
        assert!(snapshot.network_acls.iter().any(|acl| acl.egress.len() == 40));
    }

    #[test]
    fn versions_differ_and_count_up() {
        let world = World::new(Size::default(), Way::Nat).unwrap();
        let mut versions = world.versions();
        let rules = |snapshot: &Snapshot| -> usize {
            snapshot.security_groups.iter().map(|group| group.egress.len()).sum()
        };
        let mut next = || {
            versions.compile();
            versions.snapshot()
        };
        let (first, second) = (next(), next());
        assert_eq!(rules(&first), rules(&world.snapshot) + 1);
        assert_eq!(rules(&second), rules(&world.snapshot));
        assert_eq!(second.epoch.0, world.snapshot.epoch.0 + 2);
    }
}
