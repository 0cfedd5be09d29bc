//! Services, their tasks, and the Hyperplane ENIs that they share.

use std::net::Ipv4Addr;

use egret_dataplane::snapshot::{
    Egress, EniId, EniOwner, Interface, Service, ServiceId, SgId, Task, TaskId, ZoneId,
};

use super::enis::NewEni;
use super::{Compiler, shared};
use crate::finding::Finding;
use crate::model::{self, InterfaceOwner, Name};
use crate::names::Kind;

/// Tasks have addresses of the provider's own network: the space that carriers share (RFC 6598).
const FIRST_TASK: Ipv4Addr = Ipv4Addr::new(100, 64, 0, 1);
/// How many addresses that space has for them.
const TASKS: u32 = (1 << 22) - 2;

impl Compiler<'_> {
    pub(super) fn add_services(&mut self) {
        let model = self.model;
        for service in &model.services {
            let id = ServiceId(self.services.id(&service.id));
            let mut zones: Vec<ZoneId> = service.azs.iter().map(|az| self.zone(az)).collect();
            let egress = match &service.egress {
                model::Egress::Default => Egress::Default,
                model::Egress::Vpc(name) => {
                    let Some(at) = self.find(Kind::Connector, name) else { continue };
                    let connector = &model.connectors[at];
                    let enis = match self.connector_enis.get(&at) {
                        Some(enis) => enis.clone(),
                        None => self.shared_enis(connector),
                    };
                    self.connector_enis.entry(at).or_insert_with(|| enis.clone());
                    if zones.is_empty() {
                        zones = self.zones_of(&enis);
                    }
                    Egress::Vpc { connector: shared(&connector.id), enis }
                }
            };
            self.services.put(id.0, Service { name: shared(&service.id), egress });
            self.add_tasks(service, id, &zones);
        }
        self.add_unused_enis();
        self.add_host_listeners();
    }

    /// Shared ENIs that an import has and that no service of the model uses: they have addresses,
    /// and nobody behind them.
    fn add_unused_enis(&mut self) {
        let model = self.model;
        let unused: Vec<_> = model
            .network_interfaces
            .iter()
            .filter(|interface| interface.owner == InterfaceOwner::Connector)
            .filter(|interface| !self.used_enis.contains(interface.id.as_str()))
            .collect();
        for interface in unused {
            let Some(subnet) = self.subnet_id(&interface.subnet) else { continue };
            let Some(vpc) = self.vpc_name(subnet) else { continue };
            let security_groups = self.groups(&vpc, &interface.security_groups);
            self.add_eni(NewEni {
                key: format!("hyperplane {}", *interface.id),
                name: interface.id.value.clone(),
                subnet,
                addresses: interface.addresses.clone(),
                public: Vec::new(),
                security_groups,
                source_dest_check: true,
                owner: EniOwner::Hyperplane,
            });
        }
    }

    fn add_tasks(&mut self, service: &model::Service, id: ServiceId, zones: &[ZoneId]) {
        for number in 0..*service.tasks {
            let key = format!("{}/{number}", *service.id);
            let task = TaskId(self.tasks.id(&key));
            if task.0 >= TASKS {
                let message = format!("there are more than {TASKS} tasks");
                let finding = Finding::error("too-many-tasks", service.tasks.place, message);
                self.findings.push(finding.help("lower `tasks`"));
                return;
            }
            let interface = self.interface(&format!("task {key}"), Interface::Task(task));
            let zone = zones.get(number as usize % zones.len().max(1)).copied();
            let address = Ipv4Addr::from_bits(FIRST_TASK.to_bits() + task.0);
            self.tasks.put(task.0, Task { service: id, number, address, zone, interface });
        }
    }

    /// The zones of some ENIs, each once, in order.
    fn zones_of(&self, enis: &[EniId]) -> Vec<ZoneId> {
        let mut zones = Vec::new();
        for eni in enis {
            let subnet = self.enis.of(eni.0).and_then(|eni| self.subnets.of(eni.subnet.0));
            zones.extend(subnet.map(|subnet| subnet.zone).filter(|zone| !zones.contains(zone)));
        }
        zones
    }

    /// One ENI for each subnet of the connector and its set of groups, whoever else asks for the
    /// same pair.
    fn shared_enis(&mut self, connector: &model::Connector) -> Vec<EniId> {
        let model = self.model;
        let mut enis = Vec::new();
        for name in &connector.subnets {
            let Some(at) = self.find(Kind::Subnet, name) else { continue };
            let subnet = &model.subnets[at];
            let groups = self.groups(&subnet.vpc, &connector.security_groups);
            if let Some(eni) = self.shared_eni(subnet, groups).filter(|eni| !enis.contains(eni)) {
                enis.push(eni);
            }
        }
        enis
    }

    fn shared_eni(&mut self, subnet: &model::Subnet, groups: Vec<SgId>) -> Option<EniId> {
        let model = self.model;
        let names: Vec<&Name> = groups
            .iter()
            .filter_map(|group| {
                let key = &self.security_groups.keys()[group.0 as usize];
                let at =
                    self.names.find(Kind::SecurityGroup, &Name::implied(key.to_string())).ok()?;
                Some(&model.security_groups[at].id)
            })
            .collect();
        let mut sorted: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
        sorted.sort_unstable();
        let key = format!("hyperplane {} {}", *subnet.id, sorted.join("+"));
        let id = EniId(self.enis.id(&key));
        if self.enis.of(id.0).is_some() {
            return Some(id);
        }
        let subnet_id = self.subnet_id(&subnet.id)?;
        self.subnets.of(subnet_id.0)?;
        let made = self.imported_eni(subnet_id, &groups);
        let name = made.map(|made| made.id.value.clone());
        let addresses = made.map(|made| made.addresses.clone()).unwrap_or_default();
        self.used_enis.extend(name.clone());
        self.add_eni(NewEni {
            name: name.unwrap_or_else(|| format!("eni-{}-{}", *subnet.id, sorted.join("+"))),
            subnet: subnet_id,
            addresses,
            public: Vec::new(),
            security_groups: groups,
            source_dest_check: true,
            owner: EniOwner::Hyperplane,
            key,
        });
        Some(id)
    }

    fn add_host_listeners(&mut self) {
        for host in &self.model.hosts {
            if let Some(listen) = &host.listen {
                let listen = listen.iter().map(|listen| **listen).collect();
                self.index.note_host_listen(*host.address, listen);
            }
        }
    }
}
