//! App Runner's connectors and services, and Lambda functions in a VPC.

use super::Resource;
use super::mapper::Mapper;
use super::reading::{Gap, Part, Said};
use crate::finding::Finding;
use crate::model::{Connector, Egress, Name, Service, Unknown};
use crate::names::Kind;

/// Types of functions.
const FUNCTIONS: [&str; 2] = ["AWS::Lambda::Function", "AWS::Serverless::Function"];

impl<'a> Mapper<'a> {
    pub(super) fn add_services(&mut self) {
        for resource in self.of_kind("AWS::AppRunner::VpcConnector") {
            let part = self.properties(resource);
            self.add_connector(resource.id.clone(), part, "Subnets", "SecurityGroups");
        }
        for resource in self.of_kind("AWS::AppRunner::Service") {
            let egress = self.egress(resource);
            if let Some(egress) = egress {
                self.add_service(resource, egress);
            }
        }
        let mut outside = Vec::new();
        let functions = FUNCTIONS.map(|kind| self.of_kind(kind)).concat();
        for resource in functions {
            if !self.add_function(resource) {
                outside.push(resource);
            }
        }
        if let Some(first) = outside.first() {
            let noun = if outside.len() == 1 { "function" } else { "functions" };
            let count = outside.len();
            let message = format!(
                "a function outside of every VPC is not modelled: {count} {noun} passed over"
            );
            self.findings.push(Finding::warning("ignored-resource", first.id.place, message));
        }
    }

    fn add_connector(&mut self, id: Name, part: Part<'a>, subnets: &str, groups: &str) {
        let security_groups = self.refer_all(Kind::SecurityGroup, part, groups);
        let group = security_groups.first();
        let group =
            group.and_then(|name| self.model.security_groups.iter().find(|g| g.id == *name));
        let vpc = group.map(|group| group.vpc.clone());
        let subnets = self.subnets_at(part, subnets, vpc.as_ref());
        self.model.connectors.push(Connector { id, arn: None, subnets, security_groups });
    }

    fn add_service(&mut self, resource: &Resource, egress: Egress) {
        let id = resource.id.clone();
        let service = Service { id, arn: None, egress, tasks: 1.into(), azs: Vec::new() };
        self.model.services.push(service);
    }

    /// The way out of a service; `None` where it is not as it should be.
    fn egress(&mut self, resource: &'a Resource) -> Option<Egress> {
        let part = self.properties(resource);
        match self.connector_of(part, resource) {
            Ok(Some(connector)) => Some(Egress::Vpc(connector)),
            Ok(None) => Some(Egress::Default),
            Err(Gap::Unknown(unknown)) => {
                self.everything(unknown);
                Some(Egress::Vpc(self.stand_in_connector(resource)))
            }
            Err(Gap::Wrong) => None,
        }
    }

    /// The connector of a service whose egress type is VPC.
    fn connector_of(&mut self, part: Part<'a>, resource: &Resource) -> Said<Option<Name>> {
        let part = self.part_at(part, "NetworkConfiguration")?;
        let part = self.part_at(part, "EgressConfiguration")?;
        let kind = self.text_at(part, "EgressType")?;
        let kind = kind.as_ref().map(|kind| kind.value.as_str());
        match (kind, part.get("VpcConnectorArn")) {
            (Some("DEFAULT") | None, None) => Ok(None),
            (Some("VPC"), Some(value)) => {
                let name = self.name(value)?;
                let id = name_in_arn(&name).to_owned();
                let id = Name::new(id, name.place);
                match self.exists(Kind::Connector, &name) {
                    true => Ok(Some(name)),
                    false if self.exists(Kind::Connector, &id) => Ok(Some(id)),
                    false => {
                        let name = format!("connector `{}`, which no file describes", *id);
                        Err(Gap::Unknown(Unknown { name, place: id.place }))
                    }
                }
            }
            (Some("VPC"), None) => Err(self.missing(resource, "VpcConnectorArn")),
            (Some("DEFAULT") | None, Some(arn)) => {
                let message = "a VpcConnectorArn needs EgressType VPC";
                let finding = Finding::error("unclear-egress", arn.place, message);
                self.findings.push(finding.help("set EgressType to VPC, or drop the ARN"));
                Err(Gap::Wrong)
            }
            (Some(_), _) => {
                let message = "an EgressType is VPC or DEFAULT";
                self.findings.push(Finding::error("unclear-egress", part.place, message));
                Err(Gap::Wrong)
            }
        }
    }

    /// A connector for one that is not known.
    fn stand_in_connector(&mut self, resource: &Resource) -> Name {
        let place = resource.id.place;
        let id = Name::new(format!("unknown-connector-of-{}", *resource.id), place);
        let subnets = vec![self.stand_in_subnet(None, place)];
        let connector =
            Connector { id: id.clone(), arn: None, subnets, security_groups: Vec::new() };
        self.model.connectors.push(connector);
        id
    }

    /// A function in a VPC leaves by interfaces as a service with a connector of its own does. False
    /// for one that is in none.
    fn add_function(&mut self, resource: &'a Resource) -> bool {
        let part = self.properties(resource);
        let config = match self.part_at(part, "VpcConfig") {
            Ok(config) => config,
            Err(Gap::Unknown(unknown)) => {
                self.everything(unknown);
                let connector = self.stand_in_connector(resource);
                self.add_service(resource, Egress::Vpc(connector));
                return true;
            }
            Err(Gap::Wrong) => return true,
        };
        if self.list(config, "SubnetIds").is_ok_and(|subnets| subnets.is_empty()) {
            return false;
        }
        self.add_connector(resource.id.clone(), config, "SubnetIds", "SecurityGroupIds");
        self.add_service(resource, Egress::Vpc(resource.id.clone()));
        true
    }
}

/// The name in a connector's ARN; what is none is a name already.
fn name_in_arn(arn: &str) -> &str {
    match arn.split_once(":vpcconnector/") {
        Some((_, rest)) => rest.split('/').next().unwrap_or(rest),
        None => arn,
    }
}
