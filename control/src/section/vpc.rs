//! A VPC and everything in it.

use std::path::Path;

use ipnet::Ipv4Net;
use schemars::{JsonSchema, Schema, json_schema};
use serde::Deserialize;

use super::endpoints::{EndpointSection, NatGatewaySection};
use super::hosts::NetworkInterfaceSection;
use super::routes::{self, RouteTableSection, implied};
use super::rules::{self, NetworkAclSection, SecurityGroupSection};
use crate::finding::Finding;
use crate::import;
use crate::model::{InternetGateway, Model, Name, PrefixList, Subnet, Vpc};
use crate::source::Sourced;
use crate::template::Parameters;
use crate::written::{At, Complaint, Entries, OneOrMany, Page, Scalar, Written};

/// A VPC.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VpcSection {
    /// Files or folders of JSON as `aws ec2 describe-*` prints it, or of templates, beside this file.
    /// The keys that follow add to what they say.
    import: Option<OneOrMany<String>>,
    /// Values for the parameters of imported templates, by name; a list is written with commas.
    #[serde(default)]
    parameters: Entries<Written<String>>,
    /// Its name; `vpc` without one. With an import, the imported VPC that the other keys add to.
    name: Option<Written<String>>,
    /// Its IPv4 CIDR.
    cidr: Option<Written<Ipv4Net>>,
    /// Its IPv4 CIDRs when it has several, the primary one first.
    #[serde(default)]
    cidrs: Vec<Written<Ipv4Net>>,
    /// Whether an internet gateway is attached: `true`, or its name.
    internet_gateway: Option<Written<Gateway>>,
    /// Whether the VPC's resolver answers. Default true.
    dns_support: Option<At<bool>>,
    /// Whether public names of endpoints may be private ones. Default true.
    dns_hostnames: Option<At<bool>>,
    /// Which of `route_tables` is the main one; by default the one called `main`, or a table with
    /// local routes only.
    main_route_table: Option<At<String>>,
    /// The subnets.
    #[serde(default)]
    subnets: Entries<SubnetSection>,
    /// The route tables. The local routes are there without being written.
    #[serde(default)]
    route_tables: Entries<RouteTableSection>,
    /// The NAT gateways.
    #[serde(default)]
    nat_gateways: Entries<NatGatewaySection>,
    /// The security groups. The group `default` is AWS's own unless it is written.
    #[serde(default)]
    security_groups: Entries<SecurityGroupSection>,
    /// The network ACLs. The ACL `default` is AWS's own unless it is written.
    #[serde(default)]
    network_acls: Entries<NetworkAclSection>,
    /// The prefix lists, each a list of CIDRs.
    #[serde(default)]
    prefix_lists: Entries<Vec<Written<Ipv4Net>>>,
    /// The interface and gateway endpoints.
    #[serde(default)]
    endpoints: Entries<EndpointSection>,
    /// Instances and appliances. A host with an address in the VPC is one too.
    #[serde(default)]
    network_interfaces: Entries<NetworkInterfaceSection>,
}

/// A subnet.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubnetSection {
    /// The id of its Availability Zone, such as `use1-az1`.
    az: Written<String>,
    /// Its IPv4 CIDR.
    cidr: Written<Ipv4Net>,
    /// Its route table; without one, the main table.
    route_table: Option<At<String>>,
    /// Its network ACL; without one, the default ACL.
    network_acl: Option<At<String>>,
}

/// How a file says that there is an internet gateway.
#[derive(Clone, Debug)]
enum Gateway {
    None,
    Unnamed,
    Named(String),
}

impl Scalar for Gateway {
    const NOUN: &'static str = "an internet gateway";

    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint> {
        let (name, caution) = String::parse(text)?;
        let gateway = match name.as_str() {
            "true" => Gateway::Unnamed,
            "false" => Gateway::None,
            _ => Gateway::Named(name),
        };
        Ok((gateway, caution))
    }

    fn schema() -> Schema {
        json_schema!({ "anyOf": [{ "type": "boolean" }, { "type": "string", "minLength": 1 }] })
    }
}

/// Which VPC a section adds to, and whether it is the only one.
struct Owner {
    vpc: Name,
    only: bool,
}

impl VpcSection {
    /// Adds the VPC of the key `vpc:` to the model. Imports are looked for in `folder`.
    pub fn add_only(
        section: At<VpcSection>,
        folder: &Path,
        model: &mut Model,
        page: &mut Page<'_>,
    ) {
        let place = page.place(&section);
        section.value.add(Sourced::new("vpc".to_owned(), place), true, folder, model, page);
    }

    /// Adds one of `vpcs:` to the model, under its key.
    pub fn add_to(self, key: At<String>, folder: &Path, model: &mut Model, page: &mut Page<'_>) {
        if let Some(key) = page.meaning(Written::new(key)) {
            self.add(key, false, folder, model, page);
        }
    }

    fn add(mut self, key: Name, only: bool, folder: &Path, model: &mut Model, page: &mut Page<'_>) {
        let Some(imported) = self.import(folder, model, page) else {
            return;
        };
        let Some(vpc) = self.owner(key, imported, page) else {
            return;
        };
        let owner = Owner { vpc, only };
        if !model.vpcs.iter().any(|vpc| vpc.id == owner.vpc) {
            self.add_vpc(&owner, model, page);
        }
        self.add_parts(&owner, model, page);
        complete(&owner.vpc, owner.only, model);
    }

    /// Reads the files of `import`, and gives the ids of the VPCs in them; `None` where there was an
    /// error, which would make others of what it kept away.
    fn import(
        &mut self,
        folder: &Path,
        model: &mut Model,
        page: &mut Page<'_>,
    ) -> Option<Vec<String>> {
        let parameters = Parameters::read(std::mem::take(&mut self.parameters), page);
        let Some(imports) = self.import.take() else {
            let mut found = Vec::new();
            parameters.check(&[], &mut found);
            found.into_iter().for_each(|finding| page.find(finding));
            return Some(Vec::new());
        };
        let before = model.vpcs.len();
        let paths = page.meanings(imports).into_iter();
        let paths: Vec<_> = paths.map(|path| path.map(|path| folder.join(path))).collect();
        let found = import::read_into(model, &paths, &parameters);
        let failed = found.iter().any(Finding::is_error);
        found.into_iter().for_each(|finding| page.find(finding));
        let imported = model.vpcs[before..].iter().map(|vpc| vpc.id.value.clone());
        (!failed).then(|| imported.collect())
    }

    /// The VPC that the section's keys are about; `None` where they say nothing, or not which.
    fn owner(&mut self, key: Name, imported: Vec<String>, page: &mut Page<'_>) -> Option<Name> {
        if let Some(name) = self.name.take() {
            return page.meaning(name);
        }
        match &imported[..] {
            [] => Some(key),
            [id] => Some(Sourced::new(id.clone(), key.place)),
            _ if self.says_nothing() => None,
            several => {
                let place = self.first_place(page);
                let message = "the import has several VPCs, and the keys beside it say not which";
                let help = format!("add `name:` with one of {}", several.join(", "));
                page.find(Finding::error("ambiguous-vpc", place, message).help(help));
                None
            }
        }
    }

    fn says_nothing(&self) -> bool {
        self.subnets.0.is_empty()
            && self.route_tables.0.is_empty()
            && self.nat_gateways.0.is_empty()
            && self.security_groups.0.is_empty()
            && self.network_acls.0.is_empty()
            && self.prefix_lists.0.is_empty()
            && self.endpoints.0.is_empty()
            && self.network_interfaces.0.is_empty()
    }

    fn first_place(&self, page: &Page<'_>) -> crate::source::Place {
        let keys = [
            self.subnets.0.first().map(|(key, _)| key),
            self.route_tables.0.first().map(|(key, _)| key),
            self.nat_gateways.0.first().map(|(key, _)| key),
            self.security_groups.0.first().map(|(key, _)| key),
            self.network_acls.0.first().map(|(key, _)| key),
            self.prefix_lists.0.first().map(|(key, _)| key),
            self.endpoints.0.first().map(|(key, _)| key),
            self.network_interfaces.0.first().map(|(key, _)| key),
        ];
        keys.into_iter().flatten().next().map(|key| page.place(key)).unwrap_or_default()
    }

    fn add_vpc(&mut self, owner: &Owner, model: &mut Model, page: &mut Page<'_>) {
        let mut cidrs = page.meanings(self.cidr.take());
        if let (Some(first), false) = (cidrs.first(), self.cidrs.is_empty()) {
            let message = "a VPC has `cidr` or `cidrs`, not both";
            let help = "write all of them under `cidrs`, the primary one first";
            page.find(Finding::error("two-cidr-keys", first.place, message).help(help));
        }
        let (said, wanted) = (cidrs.len(), self.cidrs.len());
        cidrs.extend(page.meanings(std::mem::take(&mut self.cidrs)));
        if said + wanted == 0 {
            let place = owner.vpc.place;
            let message = format!("the VPC `{}` has no CIDR", owner.vpc.value);
            let help = "add `cidr: 10.0.0.0/16`";
            page.find(Finding::error("vpc-without-cidr", place, message).help(help));
        }
        let flag = |said: Option<At<bool>>| said.map_or(true.into(), |at| page.sourced(at));
        model.vpcs.push(Vpc {
            id: owner.vpc.clone(),
            name: None,
            account: None,
            region: None,
            cidrs,
            dns_support: flag(self.dns_support.take()),
            dns_hostnames: flag(self.dns_hostnames.take()),
        });
    }

    fn add_parts(self, owner: &Owner, model: &mut Model, page: &mut Page<'_>) {
        let vpc = || owner.vpc.clone();
        if let Some(gateway) = page.optional(self.internet_gateway) {
            model.internet_gateways.extend(internet_gateway(gateway, &owner.vpc));
        }
        for (name, section) in self.subnets {
            model.subnets.extend(section.read(page.sourced(name), vpc(), page));
        }
        let main = self.main_route_table.map(|main| page.sourced(main));
        let tables = model.route_tables.len();
        for (name, section) in self.route_tables {
            let id = page.sourced(name);
            let main = main.as_ref().map_or(id.value == "main", |main| *main == id);
            model.route_tables.push(routes::read(id, vpc(), main, section, page));
        }
        if let Some(main) = main.filter(|_| !model.route_tables[tables..].iter().any(|t| t.main)) {
            let message = format!("there is no route table `{}`", main.value);
            let help = "name one of `route_tables`, or drop the key";
            page.find(Finding::error("unknown-route-table", main.place, message).help(help));
        }
        for (name, section) in self.nat_gateways {
            let id = page.sourced(name);
            model.nat_gateways.push(section.read(id, page));
        }
        for (name, section) in self.security_groups {
            let id = page.sourced(name);
            model.security_groups.push(section.read(id, vpc(), page));
        }
        for (name, section) in self.network_acls {
            let id = page.sourced(name);
            model.network_acls.push(section.read(id, vpc(), page));
        }
        for (name, cidrs) in self.prefix_lists {
            let (id, cidrs) = (page.sourced(name), page.meanings(cidrs));
            add_prefix_list(PrefixList { id, name: None, cidrs }, model);
        }
        for (name, section) in self.endpoints {
            let id = page.sourced(name);
            model.vpc_endpoints.extend(section.read(id, vpc(), &model.region, page));
        }
        for (name, section) in self.network_interfaces {
            let id = page.sourced(name);
            model.network_interfaces.push(section.read(id, page));
        }
    }
}

/// Adds a prefix list, or says the blocks of one that a template leaves open.
fn add_prefix_list(list: PrefixList, model: &mut Model) {
    let is_open = |known: &&mut PrefixList| known.id == list.id && known.cidrs.is_empty();
    let open = model.unknowns.prefix_lists.iter().any(|(id, _)| *id == list.id);
    match model.prefix_lists.iter_mut().find(is_open).filter(|_| open) {
        Some(known) => known.cidrs = list.cidrs,
        None => model.prefix_lists.push(list),
    }
}

impl SubnetSection {
    fn read(self, id: Name, vpc: Name, page: &mut Page<'_>) -> Option<Subnet> {
        let az = page.meaning(self.az);
        let cidr = page.meaning(self.cidr);
        let route_table = self.route_table.map(|table| page.sourced(table));
        let network_acl = self.network_acl.map(|acl| page.sourced(acl));
        Some(Subnet { id, name: None, vpc, az: az?, cidr: cidr?, route_table, network_acl })
    }
}

fn internet_gateway(said: Sourced<Gateway>, vpc: &Name) -> Option<InternetGateway> {
    let (id, name) = match said.value {
        Gateway::None => return None,
        Gateway::Unnamed => (format!("{}-igw", vpc.value), Some("internet_gateway".to_owned())),
        Gateway::Named(id) => (id, None),
    };
    Some(InternetGateway { id: Sourced::new(id, said.place), name, vpc: Some(vpc.clone()) })
}

/// Adds the main route table, the default network ACL and the default security group that AWS makes
/// in every VPC, where the model does not have them, and says which. Where the VPC is not the
/// `only` one, theirs have the VPC's id in their own.
pub(crate) fn complete(vpc: &Name, only: bool, model: &mut Model) -> Vec<&'static str> {
    let id =
        |name: &str| implied(if only { name.to_owned() } else { format!("{}-{name}", vpc.value) });
    let mut added = Vec::new();
    if !model.route_tables.iter().any(|table| table.main && table.vpc == *vpc) {
        model.route_tables.push(routes::implicit_main(id("main"), vpc.clone()));
        added.push("main route table");
    }
    if !model.network_acls.iter().any(|acl| acl.default && acl.vpc == *vpc) {
        model.network_acls.push(rules::default_acl(id("default"), vpc.clone()));
        added.push("default network ACL");
    }
    if !model.security_groups.iter().any(|group| group.default && group.vpc == *vpc) {
        model.security_groups.push(rules::default_group(id("default"), vpc.clone()));
        added.push("default security group");
    }
    added
}
