//! How the values of declared resources name other resources.

use super::mapper::{DEFAULT_TRANSIT_TABLE, MODELLED, Mapper};
use super::reading::{Gap, Part, Said};
use super::{Data, Resource, Value};
use crate::model::{Name, PrefixList, Unknown};
use crate::names::Kind;

impl<'a> Mapper<'a> {
    /// The resource that a value refers to.
    pub(super) fn referred(&self, value: &'a Value) -> Option<&'a Resource> {
        match &self.resolved(value).data {
            Data::Of { resource, .. } => self.by_id.get(resource.as_str()).copied(),
            _ => None,
        }
    }

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
