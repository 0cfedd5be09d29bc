//! The DNS attributes of VPCs, and endpoints whose private names need them.

use std::collections::HashMap;

use super::Desk;
use crate::finding::Finding;
use crate::model::{EndpointKind, VpcEndpoint};

pub(super) fn check(desk: &mut Desk<'_>) {
    for vpc in &desk.model.vpcs {
        if !*vpc.dns_support {
            let message =
                format!("enableDnsSupport of VPC `{}` is off: no name resolves there", *vpc.id);
            let finding = Finding::warning("dns-support-off", vpc.dns_support.place, message);
            desk.find(finding.help("switch it on, unless everything is reached by address"));
        }
    }
    let mut by_service: HashMap<(&str, &str), &VpcEndpoint> = HashMap::new();
    for endpoint in &desk.model.vpc_endpoints {
        let EndpointKind::Interface { private_dns: true, .. } = endpoint.kind else { continue };
        private_names(desk, endpoint);
        let key = (endpoint.vpc.as_str(), endpoint.service.as_str());
        if let Some(first) = by_service.insert(key, endpoint) {
            let message = format!(
                "endpoints `{}` and `{}` both give {} a private name in one VPC",
                *first.id, *endpoint.id, *endpoint.service
            );
            let finding = Finding::error("conflicting-private-dns", endpoint.id.place, message);
            desk.find(finding.help("set `private_dns: false` on one of them"));
        }
    }
}

fn private_names(desk: &mut Desk<'_>, endpoint: &VpcEndpoint) {
    let vpc = desk.model.vpcs.iter().find(|vpc| vpc.id == endpoint.vpc);
    let Some(vpc) = vpc.filter(|vpc| !(*vpc.dns_support && *vpc.dns_hostnames)) else { return };
    let message = format!(
        "endpoint `{}` has private DNS, and a DNS attribute of VPC `{}` is off",
        *endpoint.id, *vpc.id
    );
    let finding = Finding::warning("private-dns-off", endpoint.id.place, message);
    let help = "private names need enableDnsSupport and enableDnsHostnames; without them the \
                service's name resolves to its public address";
    desk.find(finding.help(help));
}
