//! From declared resources to the model: the order of it, and how values are read.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::Ipv4Addr;

use indexmap::IndexMap;
use ipnet::Ipv4Net;

use super::{Data, Resource, Value};
use crate::finding::Finding;
use crate::model::{Model, Name, PrefixList, Unknown};
use crate::names::Kind;
use crate::source::{Place, Sourced};
use crate::written::Scalar;

/// Resources on their way into a model.
pub(super) struct Mapper<'a> {
    resources: &'a [Resource],
    by_id: HashMap<&'a str, &'a Resource>,
    pub(super) region: &'a str,
    pub(super) model: &'a mut Model,
    pub(super) findings: &'a mut Vec<Finding>,
    /// How many VPCs the model had before.
    pub(super) vpcs_before: usize,
    /// VPCs whose blocks are not all known.
    pub(super) open_vpcs: HashSet<String>,
    /// Public addresses of EIPs, by resource.
    pub(super) addresses: HashMap<String, Sourced<Ipv4Addr>>,
    /// Peering connections whose other side is not known.
    pub(super) open_peerings: HashMap<String, Unknown>,
    /// Blocks given away that stand for unknown ones.
    blocks: u32,
}

/// Why a value cannot be used.
#[derive(Clone, Debug)]
pub(super) enum Gap {
    /// It is not known.
    Unknown(Unknown),
    /// It is not what it should be, which has been found.
    Wrong,
}

/// A value that must be there, or why it cannot be used.
pub(super) type Said<T> = Result<T, Gap>;

/// A map of properties.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    entries: Option<&'a IndexMap<String, Value>>,
    /// Where it is written.
    pub(super) place: Place,
}

/// Types of resources that become part of a model.
pub(super) const MODELLED: &[&str] = &[
    "AWS::AppRunner::Service",
    "AWS::AppRunner::VpcConnector",
    "AWS::EC2::EIP",
    "AWS::EC2::EIPAssociation",
    "AWS::EC2::Instance",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::NatGateway",
    "AWS::EC2::NetworkAcl",
    "AWS::EC2::NetworkAclEntry",
    "AWS::EC2::NetworkInterface",
    "AWS::EC2::PrefixList",
    "AWS::EC2::Route",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetCidrBlock",
    "AWS::EC2::SubnetNetworkAclAssociation",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::TransitGateway",
    "AWS::EC2::TransitGatewayAttachment",
    "AWS::EC2::TransitGatewayRoute",
    "AWS::EC2::TransitGatewayRouteTable",
    "AWS::EC2::TransitGatewayRouteTableAssociation",
    "AWS::EC2::TransitGatewayRouteTablePropagation",
    "AWS::EC2::TransitGatewayVpcAttachment",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCCidrBlock",
    "AWS::EC2::VPCEndpoint",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::EC2::VPCPeeringConnection",
    "AWS::ECS::Service",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElastiCache::ServerlessCache",
    "AWS::ElastiCache::SubnetGroup",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::Lambda::Function",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBSubnetGroup",
    "AWS::Serverless::Function",
    "Custom::VpcRestrictDefaultSG",
    "Egret::MainRouteTable",
];

/// Modelled types of which one that may not exist leaves only itself open.
const OPEN_BY_THEMSELVES: &[&str] = &[
    "AWS::EC2::EIP",
    "AWS::EC2::NetworkAclEntry",
    "AWS::EC2::Route",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
];

/// The id of the route table that AWS makes with a transit gateway.
pub(super) const DEFAULT_TRANSIT_TABLE: &str = "default";

/// Attributes of a chain are followed no further.
const MAX_DEPTH: usize = 16;

impl<'a> Mapper<'a> {
    pub(super) fn new(
        resources: &'a [Resource],
        region: &'a str,
        model: &'a mut Model,
        findings: &'a mut Vec<Finding>,
    ) -> Self {
        let by_id = resources.iter().map(|resource| (resource.id.as_str(), resource)).collect();
        let vpcs_before = model.vpcs.len();
        Mapper {
            resources,
            by_id,
            vpcs_before,
            region,
            model,
            findings,
            open_vpcs: HashSet::new(),
            addresses: HashMap::new(),
            open_peerings: HashMap::new(),
            blocks: 0,
        }
    }

    pub(super) fn run(mut self) {
        self.note_conditional();
        self.add_vpcs();
        self.add_route_tables();
        self.add_network_acls();
        self.add_security_groups();
        self.complete_vpcs();
        self.add_subnets();
        self.add_internet_gateways();
        self.add_prefix_lists();
        self.add_addresses();
        self.add_nat_gateways();
        self.add_endpoints();
        self.add_peerings();
        self.add_transit_gateways();
        self.add_interfaces();
        self.add_routes();
        self.add_entries();
        self.add_rules();
        self.add_services();
        self.widen_vpcs();
        self.list_ignored();
    }

    /// All resources of a type, in order.
    pub(super) fn of_kind(&self, kind: &str) -> Vec<&'a Resource> {
        self.resources.iter().filter(|resource| resource.kind == kind).collect()
    }

    /// The resource that a value refers to.
    pub(super) fn referred(&self, value: &'a Value) -> Option<&'a Resource> {
        match &self.resolved(value).data {
            Data::Of { resource, .. } => self.by_id.get(resource.as_str()).copied(),
            _ => None,
        }
    }

    /// A resource that may not exist leaves everything open, unless it is a rule or the like.
    fn note_conditional(&mut self) {
        for resource in self.resources {
            let matters = MODELLED.contains(&resource.kind.as_str())
                && !OPEN_BY_THEMSELVES.contains(&resource.kind.as_str());
            if let Some(why) = &resource.exists_if
                && matters
            {
                let name = format!("whether `{}` exists: {why}", *resource.id);
                self.everything(Unknown { name, place: resource.id.place });
            }
        }
    }

    /// What the model has no place for is said once for each type.
    fn list_ignored(&mut self) {
        let mut ignored: BTreeMap<&str, (usize, Place)> = BTreeMap::new();
        for resource in self.resources {
            if !MODELLED.contains(&resource.kind.as_str()) {
                ignored.entry(&resource.kind).or_insert((0, resource.id.place)).0 += 1;
            }
        }
        for (kind, (count, place)) in ignored {
            let noun = if count == 1 { "resource" } else { "resources" };
            let message = format!("`{kind}` is not modelled: {count} {noun} passed over");
            self.findings.push(Finding::warning("ignored-resource", place, message));
        }
    }

    /// A single resource that the model cannot hold, and why.
    pub(super) fn ignore(&mut self, resource: &Resource, why: &str) {
        let message = format!("`{}` is not modelled: {why}", *resource.id);
        self.findings.push(Finding::warning("ignored-resource", resource.id.place, message));
    }

    /// Nothing can be said before this is known.
    pub(super) fn everything(&mut self, unknown: Unknown) {
        if !self.model.unknowns.everything.iter().any(|known| known.name == unknown.name) {
            self.model.unknowns.everything.push(unknown);
        }
    }

    /// What a value is, where everything depends on it.
    pub(super) fn structural<T>(&mut self, said: Said<T>) -> Option<T> {
        match said {
            Ok(value) => Some(value),
            Err(Gap::Unknown(unknown)) => {
                self.everything(unknown);
                None
            }
            Err(Gap::Wrong) => None,
        }
    }

    /// An address that nobody has, for one that AWS will choose.
    pub(super) fn stand_in_address(&mut self, unknown: Unknown) -> Sourced<Ipv4Addr> {
        let place = unknown.place;
        let count = self.model.unknowns.addresses.len() as u32;
        let address = Ipv4Addr::from_bits(FIRST_ADDRESS.to_bits() + count);
        self.model.unknowns.addresses.push((address, unknown));
        Sourced::new(address, place)
    }

    /// A block that nobody has, for one that is not known.
    pub(super) fn stand_in_block(&mut self, place: Place) -> Sourced<Ipv4Net> {
        let taken = self.model.subnets.len() as u32 + self.model.vpcs.len() as u32;
        self.blocks += 1;
        let bits = FIRST_BLOCK.to_bits() + ((taken + self.blocks) << 8);
        Sourced::new(Ipv4Net::new_assert(Ipv4Addr::from_bits(bits), 24), place)
    }

    /// A finding that a resource lacks a property.
    pub(super) fn missing(&mut self, resource: &Resource, key: &str) -> Gap {
        let message = format!("`{}` has no `{key}`", *resource.id);
        self.findings.push(Finding::error("missing-key", resource.id.place, message));
        Gap::Wrong
    }

    fn wrong<T>(&mut self, value: &Value, wanted: &str) -> Said<T> {
        let message = format!("{wanted} is wanted here, and this is {}", value.data.noun());
        self.findings.push(Finding::error("bad-value", value.place, message));
        Err(Gap::Wrong)
    }
}

/// Stand-in addresses and blocks are of the space that is reserved for later (RFC 1112, section 4):
/// nobody asks about them, and they are no part of the internet.
const FIRST_ADDRESS: Ipv4Addr = Ipv4Addr::new(240, 0, 0, 1);
const FIRST_BLOCK: Ipv4Addr = Ipv4Addr::new(241, 0, 0, 0);

impl Data {
    /// What kind of thing it is.
    fn noun(&self) -> &'static str {
        match self {
            Data::Null => "nothing",
            Data::Bool(_) => "a truth value",
            Data::Text(_) => "a text",
            Data::List(_) => "a list",
            Data::Map(_) => "a map",
            Data::Of { .. } => "a resource",
            Data::Unknown(_) => "not known",
        }
    }
}

impl<'a> Part<'a> {
    /// The value of a key; what is said to be nothing is not there.
    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.entries?.get(key).filter(|value| value.data != Data::Null)
    }

    /// Whether a key says something.
    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }
}

/// How values are read.
impl<'a> Mapper<'a> {
    /// The properties of a resource.
    pub(super) fn properties(&mut self, resource: &'a Resource) -> Part<'a> {
        self.part(&resource.properties).unwrap_or(Part { entries: None, place: resource.id.place })
    }

    /// A value as a map.
    pub(super) fn part(&mut self, value: &'a Value) -> Said<Part<'a>> {
        let value = self.resolved(value);
        match &value.data {
            Data::Map(entries) => Ok(Part { entries: Some(entries), place: value.place }),
            Data::Null => Ok(Part { entries: None, place: value.place }),
            _ => self.known(value).and_then(|value| self.wrong(value, "a map")),
        }
    }

    /// The map under a key; an empty one where the key is not there.
    pub(super) fn part_at(&mut self, part: Part<'a>, key: &str) -> Said<Part<'a>> {
        match part.get(key) {
            Some(value) => self.part(value),
            None => Ok(Part { entries: None, place: part.place }),
        }
    }

    /// What an attribute of another resource says, where it is one of that resource's properties.
    pub(super) fn resolved(&self, value: &'a Value) -> &'a Value {
        let mut value = value;
        for _ in 0..MAX_DEPTH {
            let Data::Of { resource, attribute: Some(attribute) } = &value.data else { break };
            let Some(resource) = self.by_id.get(resource.as_str()) else { break };
            let Data::Map(properties) = &resource.properties.data else { break };
            let Some(property) = properties.get(attribute) else { break };
            value = property;
        }
        value
    }

    /// The value, if it is known.
    fn known(&self, value: &'a Value) -> Said<&'a Value> {
        let name = match &value.data {
            Data::Unknown(name) => name.clone(),
            Data::Of { resource, attribute } => match attribute {
                Some(attribute) => format!("`{resource}.{attribute}`"),
                None => format!("`{resource}`"),
            },
            _ => return Ok(value),
        };
        Err(Gap::Unknown(Unknown { name, place: value.place }))
    }

    /// A text, or a number or truth value as one.
    pub(super) fn text(&mut self, value: &'a Value) -> Said<Sourced<String>> {
        let place = value.place;
        let resolved = self.resolved(value);
        match &self.known(resolved)?.data {
            Data::Text(text) => Ok(Sourced::new(text.clone(), place)),
            Data::Bool(flag) => Ok(Sourced::new(flag.to_string(), place)),
            _ => self.wrong(value, "a text"),
        }
    }

    /// What a text means.
    pub(super) fn meaning<T: Scalar>(&mut self, value: &'a Value) -> Said<Sourced<T>> {
        let Sourced { value: text, place } = self.text(value)?;
        match T::parse(&text) {
            Ok((meaning, caution)) => {
                let caution = caution.map(|caution| caution.warning(T::NOUN, &text, place));
                self.findings.extend(caution);
                Ok(Sourced::new(meaning, place))
            }
            Err(complaint) => {
                self.findings.push(complaint.error(T::NOUN, &text, place));
                Err(Gap::Wrong)
            }
        }
    }

    /// What the text under a key means, if the key is there.
    pub(super) fn meaning_at<T: Scalar>(
        &mut self,
        part: Part<'a>,
        key: &str,
    ) -> Said<Option<Sourced<T>>> {
        part.get(key).map(|value| self.meaning(value)).transpose()
    }

    /// The text under a key, if it is there.
    pub(super) fn text_at(&mut self, part: Part<'a>, key: &str) -> Said<Option<Sourced<String>>> {
        part.get(key).map(|value| self.text(value)).transpose()
    }

    /// The truth value under a key, or the one without it.
    pub(super) fn flag(&mut self, part: Part<'a>, key: &str, default: bool) -> Said<bool> {
        Ok(self.meaning_at(part, key)?.map_or(default, |flag: Sourced<bool>| flag.value))
    }

    /// The number under a key, if it is there.
    pub(super) fn number(&mut self, part: Part<'a>, key: &str) -> Said<Option<i64>> {
        let Some(value) = part.get(key) else { return Ok(None) };
        let text = self.text(value)?;
        match text.trim().parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => self.wrong(value, "a number"),
        }
    }

    /// The items under a key; none where it is not there. One that is no list is a list of itself.
    pub(super) fn list(&mut self, part: Part<'a>, key: &str) -> Said<Vec<&'a Value>> {
        let Some(value) = part.get(key) else { return Ok(Vec::new()) };
        let value = self.resolved(value);
        match &value.data {
            Data::List(items) => Ok(items.iter().filter(|item| item.data != Data::Null).collect()),
            Data::Unknown(_) => self.known(value).map(|value| vec![value]),
            _ => Ok(vec![value]),
        }
    }

    /// The value of the `Name` tag.
    pub(super) fn name_tag(&self, part: Part<'a>) -> Option<String> {
        let tags = part.get("Tags")?;
        let text = |value: &Value| match &value.data {
            Data::Text(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        };
        match &tags.data {
            Data::Map(tags) => tags.get("Name").and_then(text),
            Data::List(tags) => tags.iter().find_map(|tag| match &tag.data {
                Data::Map(tag) if text(tag.get("Key")?)? == "Name" => text(tag.get("Value")?),
                _ => None,
            }),
            _ => None,
        }
    }
}

/// How references are read.
impl<'a> Mapper<'a> {
    /// What a value names, as the model calls it.
    pub(super) fn name(&mut self, value: &'a Value) -> Said<Name> {
        let place = value.place;
        let resolved = self.resolved(value);
        let Data::Of { resource, attribute } = &resolved.data else {
            return self.text(value);
        };
        let kind = self.by_id.get(resource.as_str()).map(|resource| resource.kind.as_str());
        if !kind.is_some_and(|kind| MODELLED.contains(&kind)) {
            return self.known(resolved).map(|_| Name::new(resource.clone(), place));
        }
        let made = attribute.as_deref().and_then(|attribute| self.made_by_aws(resource, attribute));
        Ok(Name::new(made.unwrap_or_else(|| resource.clone()), place))
    }

    /// The id of what AWS makes by itself with a VPC or a transit gateway.
    fn made_by_aws(&self, owner: &str, attribute: &str) -> Option<String> {
        let model = &self.model;
        let made = match attribute {
            "DefaultSecurityGroup" => {
                model.security_groups.iter().find(|g| g.default && g.vpc.value == owner)?.id.clone()
            }
            "DefaultNetworkAcl" => {
                model.network_acls.iter().find(|a| a.default && a.vpc.value == owner)?.id.clone()
            }
            "MainRouteTable" => {
                model.route_tables.iter().find(|t| t.main && t.vpc.value == owner)?.id.clone()
            }
            "AssociationDefaultRouteTableId" | "PropagationDefaultRouteTableId" => {
                DEFAULT_TRANSIT_TABLE.into()
            }
            _ => return None,
        };
        Some(made.value)
    }

    /// What a value names, if something of this kind goes by that name.
    pub(super) fn refer(&mut self, kind: Kind, value: &'a Value) -> Said<Name> {
        let name = self.name(value)?;
        if self.exists(kind, &name) {
            return Ok(name);
        }
        let unknown = format!("{} `{}`, which no file describes", kind.noun(), *name);
        Err(Gap::Unknown(Unknown { name: unknown, place: name.place }))
    }

    /// The same for the value under a key that must be there.
    pub(super) fn refer_at(
        &mut self,
        kind: Kind,
        resource: &Resource,
        part: Part<'a>,
        key: &str,
    ) -> Said<Name> {
        match part.get(key) {
            Some(value) => self.refer(kind, value),
            None => Err(self.missing(resource, key)),
        }
    }

    /// Whether something of this kind has that id or name.
    pub(super) fn exists(&self, kind: Kind, name: &str) -> bool {
        macro_rules! any {
            ($list:ident, $other:ident) => {
                self.model
                    .$list
                    .iter()
                    .any(|thing| thing.id.value == name || thing.$other.as_deref() == Some(name))
            };
        }
        match kind {
            Kind::Vpc => any!(vpcs, name),
            Kind::Subnet => any!(subnets, name),
            Kind::RouteTable => any!(route_tables, name),
            Kind::NetworkAcl => any!(network_acls, name),
            Kind::SecurityGroup => any!(security_groups, name),
            Kind::PrefixList => any!(prefix_lists, name),
            Kind::InternetGateway => any!(internet_gateways, name),
            Kind::NatGateway => any!(nat_gateways, name),
            Kind::VpcEndpoint => any!(vpc_endpoints, name),
            Kind::Peering => any!(peerings, name),
            Kind::TransitGateway => any!(transit_gateways, name),
            Kind::NetworkInterface => any!(network_interfaces, name),
            Kind::Connector => any!(connectors, arn),
            Kind::Service => any!(services, arn),
        }
    }

    /// The things of this kind that a list names. What is not known of it leaves everything open.
    pub(super) fn refer_all(&mut self, kind: Kind, part: Part<'a>, key: &str) -> Vec<Name> {
        let items = self.list(part, key);
        let items = self.structural(items).unwrap_or_default();
        let mut names = Vec::new();
        for item in items {
            let name = self.refer(kind, item);
            names.extend(self.structural(name));
        }
        names
    }

    /// A prefix list. One that no file describes is one of AWS's, or another account's: it exists,
    /// and its blocks are not known.
    pub(super) fn prefix_list(&mut self, value: &'a Value) -> Said<Name> {
        let resolved = self.resolved(value);
        let name = match self.referred(value) {
            Some(endpoint) if endpoint.kind == "AWS::EC2::VPCEndpoint" => {
                let part = self.properties(endpoint);
                let service = self.text_at(part, "ServiceName")?;
                service.map_or_else(|| self.known(resolved).map(|_| Name::default()), Ok)?
            }
            _ => self.name(value)?,
        };
        let name = Name::new(name.value, value.place);
        self.ensure_prefix_list(&name);
        Ok(name)
    }

    /// Adds a prefix list whose blocks are not known, unless there is one of that name.
    pub(super) fn ensure_prefix_list(&mut self, name: &Name) {
        if self.exists(Kind::PrefixList, name) {
            return;
        }
        let unknown =
            Unknown { name: format!("the blocks of prefix list `{}`", **name), place: name.place };
        self.add_open_prefix_list(
            PrefixList { id: name.clone(), name: None, cidrs: vec![] },
            unknown,
        );
    }

    /// Adds a prefix list, of which something is not known.
    pub(super) fn add_open_prefix_list(&mut self, list: PrefixList, unknown: Unknown) {
        self.model.unknowns.prefix_lists.push((list.id.clone(), unknown));
        self.model.prefix_lists.push(PrefixList { cidrs: Vec::new(), ..list });
    }
}
