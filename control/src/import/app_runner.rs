//! Connectors and services, as App Runner describes them or as they are asked for.

use super::json::*;
use super::merge::{Import, Item};
use crate::finding::Finding;
use crate::model::{Connector, Egress, Service};
use crate::source::{Sourced, Sources};
use crate::written::{At, Page, TextOr};

impl Import {
    pub(super) fn app_runner(&mut self, sources: &Sources) -> (Vec<Connector>, Vec<Service>) {
        let mut connectors = self.take(|lists| &mut lists.vpc_connectors);
        let mut services = self.take(|lists| &mut lists.services);
        for document in &mut self.documents {
            let (file, origin) = (document.file, document.origin.clone());
            let lists = &mut document.lists;
            let described = lists.vpc_connector.take();
            let asked_for = lists.connector_name.take().map(|name| {
                let subnets = ids(std::mem::take(&mut lists.subnets));
                let groups = ids(std::mem::take(&mut lists.security_groups));
                asked_connector(name, subnets, groups)
            });
            let found = described.into_iter().chain(asked_for);
            connectors.extend(found.map(|at| Item { file, origin: origin.clone(), at }));
            let described = lists.service.take();
            let network = lists.network_configuration.take().map(|network| network.value);
            let asked_for = lists.service_name.take().map(|name| asked_service(name, network));
            let found = described.into_iter().chain(asked_for);
            services.extend(found.map(|at| Item { file, origin: origin.clone(), at }));
        }
        let connectors = self.each(sources, connectors, |json, _, page| connector(json, page));
        let connectors = self.one_of_each(sources, connectors);
        let services = self.each(sources, services, |json, _, page| service(json, page));
        let mut services = dedupe_services(services);
        services.iter_mut().for_each(|service| name_connector(&mut service.egress, &connectors));
        (connectors, services)
    }

    /// Connectors of one name are one where their ARNs do not differ; where they do, the later one
    /// goes by its ARN.
    fn one_of_each(&mut self, sources: &Sources, found: Vec<Connector>) -> Vec<Connector> {
        let mut connectors: Vec<Connector> = Vec::new();
        for mut connector in found {
            let known = connectors.iter_mut().find(|known| known.id == connector.id);
            let Some(known) = known else {
                connectors.push(connector);
                continue;
            };
            match (&known.arn, connector.arn.clone()) {
                (Some(first), Some(second)) if *first != second => {
                    connector.id.value = second;
                    if !connectors.iter().any(|known| known.id == connector.id) {
                        connectors.push(connector);
                    }
                }
                (first, second) => {
                    known.arn = first.clone().or(second);
                    let same = known.subnets == connector.subnets
                        && known.security_groups == connector.security_groups;
                    if !same {
                        let elsewhere = sources.display(known.id.place).unwrap_or_default();
                        let name = &connector.id.value;
                        let message = format!("`{name}` is described again, and differently");
                        let help = format!("what {elsewhere} says is used");
                        let place = connector.id.place;
                        let finding = Finding::warning("described-twice", place, message);
                        self.findings.push(finding.help(help));
                    }
                }
            }
        }
        connectors
    }
}

/// The texts of a list of ids.
fn ids<T>(list: Vec<At<TextOr<T>>>) -> Many<At<String>> {
    let texts = list.into_iter().filter_map(|item| match &item.value {
        TextOr::Text(text) => Some(item.with(text.clone())),
        TextOr::Parts(_) => None,
    });
    Many(texts.collect())
}

fn asked_connector(
    name: At<String>,
    subnets: Many<At<String>>,
    groups: Many<At<String>>,
) -> At<ConnectorJson> {
    let json = ConnectorJson {
        vpc_connector_name: name.clone(),
        vpc_connector_arn: None,
        subnets,
        security_groups: Some(groups),
        status: None,
    };
    name.with(json)
}

fn asked_service(name: At<String>, network: Option<NetworkConfigurationJson>) -> At<ServiceJson> {
    let json = ServiceJson {
        service_name: name.clone(),
        service_arn: None,
        status: None,
        network_configuration: network,
    };
    name.with(json)
}

/// `None` for a connector that was deleted.
fn connector(json: ConnectorJson, page: &mut Page<'_>) -> Option<Connector> {
    if json.status.as_deref() == Some("INACTIVE") {
        return None;
    }
    Some(Connector {
        id: page.sourced(json.vpc_connector_name),
        arn: json.vpc_connector_arn,
        subnets: page.all(json.subnets),
        security_groups: page.all(items(json.security_groups)),
    })
}

/// `None` for a service that was deleted, and for one whose way out is not clear.
fn service(json: ServiceJson, page: &mut Page<'_>) -> Option<Service> {
    if json.status.as_deref() == Some("DELETED") {
        return None;
    }
    let id = page.sourced(json.service_name);
    let egress = json.network_configuration.and_then(|network| network.egress_configuration);
    let egress = match egress.map(|egress| (egress.egress_type, egress.vpc_connector_arn)) {
        None => Egress::Default,
        Some((kind, arn)) => match (kind.as_ref().map(|kind| kind.value.as_str()), arn) {
            (Some("VPC"), Some(arn)) => Egress::Vpc(page.sourced(arn)),
            (Some("DEFAULT") | None, None) => Egress::Default,
            (said, arn) => {
                let place = kind.as_ref().map_or(id.place, |kind| page.place(kind));
                page.find(unclear_egress(said, arn.is_some(), place));
                return None;
            }
        },
    };
    Some(Service { id, arn: json.service_arn, egress, tasks: 1.into(), azs: Vec::new() })
}

fn unclear_egress(said: Option<&str>, has_arn: bool, place: crate::source::Place) -> Finding {
    let (message, help) = match (said, has_arn) {
        (Some("VPC"), _) => ("EgressType VPC needs a VpcConnectorArn", "add the connector's ARN"),
        (Some("DEFAULT") | None, _) => {
            ("a VpcConnectorArn needs EgressType VPC", "set EgressType to VPC, or drop the ARN")
        }
        _ => ("an EgressType is VPC or DEFAULT", "set EgressType to VPC or DEFAULT"),
    };
    Finding::error("unclear-egress", place, message).help(help)
}

fn dedupe_services(found: Vec<Service>) -> Vec<Service> {
    let mut services: Vec<Service> = Vec::new();
    for mut service in found {
        let known = services.iter().find(|known| known.id == service.id);
        match (known.map(|known| &known.arn), &service.arn) {
            (None, _) => services.push(service),
            (Some(Some(first)), Some(second)) if first != second => {
                service.id.value = second.clone();
                services.push(service);
            }
            _ => {}
        }
    }
    services
}

/// The connector of an ARN by its id in the model: the one with that ARN, else the one with the name
/// in it. An ARN that fits none stays as it is, for the checks to find.
fn name_connector(egress: &mut Egress, connectors: &[Connector]) {
    let Egress::Vpc(Sourced { value, .. }) = egress else {
        return;
    };
    let of_arn = connectors.iter().find(|connector| connector.arn.as_ref() == Some(value));
    *value = match of_arn {
        Some(connector) => connector.id.value.clone(),
        None => name_in_arn(value).to_owned(),
    };
}

/// The name in a connector's ARN: what follows `vpcconnector/`, or the last part of one that is cut
/// short as in the App Runner guide (`arn:aws:apprunner:..../my-vpc-connector`).
fn name_in_arn(arn: &str) -> &str {
    match arn.split_once("vpcconnector/") {
        Some((_, rest)) => rest.split('/').next().unwrap_or(rest),
        None => arn.rsplit('/').next().unwrap_or(arn),
    }
}

#[cfg(test)]
mod tests {
    use super::name_in_arn;

    #[test]
    fn an_arn_holds_the_connectors_name() {
        let full = "arn:aws:apprunner:us-east-1:111122223333:vpcconnector/web/1/0123abcd";
        assert_eq!(name_in_arn(full), "web");
        assert_eq!(name_in_arn("arn:aws:apprunner:..../my-vpc-connector"), "my-vpc-connector");
        assert_eq!(name_in_arn("web"), "web");
    }
}
