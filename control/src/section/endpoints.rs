//! NAT gateways, interface endpoints and gateway endpoints.

use std::net::Ipv4Addr;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::finding::Finding;
use crate::model::{EndpointKind, Name, NatAddress, NatGateway, VpcEndpoint};
use crate::source::{Place, Sourced};
use crate::words;
use crate::written::{At, Page, Written};

/// A NAT gateway.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NatGatewaySection {
    /// The subnet that it is in.
    subnet: At<String>,
    /// Its Elastic IP addresses, the primary one first. A private gateway has none.
    #[serde(default)]
    addresses: Vec<Written<Ipv4Addr>>,
    /// Its addresses in the subnet, in the same order; without them, free ones are taken.
    #[serde(default)]
    private_addresses: Vec<Written<Ipv4Addr>>,
    /// `public` (the default) or `private`.
    connectivity: Option<Written<Connectivity>>,
    /// `available` (the default); in any other state routes to it are blackholes.
    state: Option<Written<State>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Connectivity {
    Public,
    Private,
}

words!(Connectivity, "a NAT gateway's connectivity", {
    "public" => Connectivity::Public,
    "private" => Connectivity::Private,
});

/// A resource's state, as far as it matters: whether it forwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Available,
    Unavailable,
}

words!(State, "a NAT gateway's state", {
    "available" => State::Available,
    "pending" => State::Unavailable,
    "deleting" => State::Unavailable,
    "deleted" => State::Unavailable,
    "failed" => State::Unavailable,
});

impl NatGatewaySection {
    pub(super) fn read(self, id: Name, page: &mut Page<'_>) -> NatGateway {
        let connectivity = page.optional(self.connectivity);
        let public = connectivity.is_none_or(|c| c.value == Connectivity::Public);
        let state = page.optional(self.state);
        let addresses = page.meanings(self.addresses);
        let private = page.meanings(self.private_addresses);
        if let Some(finding) = address_mismatch(public, &addresses, &private, id.place) {
            page.find(finding);
        }
        NatGateway {
            subnet: page.sourced(self.subnet),
            name: None,
            public,
            addresses: pair(addresses, private),
            available: state.is_none_or(|state| state.value == State::Available),
            id,
        }
    }
}

fn address_mismatch(
    public: bool,
    addresses: &[Sourced<Ipv4Addr>],
    private: &[Sourced<Ipv4Addr>],
    gateway: Place,
) -> Option<Finding> {
    match (public, addresses) {
        (true, []) => Some(
            Finding::error("nat-gateway-address", gateway, "a public NAT gateway has no address")
                .help("add `addresses: [198.51.100.10]`, or say `connectivity: private`"),
        ),
        (false, [first, ..]) => Some(
            Finding::error("nat-gateway-address", first.place, "a private NAT gateway has none")
                .help("drop `addresses`; `private_addresses` are those in the subnet"),
        ),
        (true, _) if private.len() > addresses.len() => Some(
            Finding::error(
                "nat-gateway-address",
                private[addresses.len()].place,
                "there are more private addresses than public ones",
            )
            .help("each public address has one private address"),
        ),
        _ => None,
    }
}

fn pair(public: Vec<Sourced<Ipv4Addr>>, private: Vec<Sourced<Ipv4Addr>>) -> Vec<NatAddress> {
    let count = public.len().max(private.len()).max(1);
    let (mut public, mut private) = (public.into_iter(), private.into_iter());
    (0..count).map(|_| NatAddress { private: private.next(), public: public.next() }).collect()
}

/// An interface or gateway endpoint.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointSection {
    /// `interface` (an ENI in each subnet) or `gateway` (routes by prefix list).
    r#type: Written<EndpointType>,
    /// The service: `s3` is `com.amazonaws.<region>.s3`; a name with dots is kept as it is.
    service: Written<String>,
    /// The subnets of an interface endpoint.
    subnets: Option<Vec<At<String>>>,
    /// The groups on an interface endpoint's ENIs; without any, the VPC's default group.
    security_groups: Option<Vec<At<String>>>,
    /// Whether the service's public name resolves to an interface endpoint. Default true.
    private_dns: Option<At<bool>>,
    /// The addresses of an interface endpoint's ENIs, one a subnet, in their order.
    addresses: Option<Vec<Written<Ipv4Addr>>>,
    /// The route tables that a gateway endpoint adds its route to.
    route_tables: Option<Vec<At<String>>>,
    /// A gateway endpoint's prefix list.
    prefix_list: Option<At<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EndpointType {
    Interface,
    Gateway,
}

words!(EndpointType, "a type of endpoint", {
    "interface" => EndpointType::Interface,
    "gateway" => EndpointType::Gateway,
});

impl EndpointSection {
    pub(super) fn read(
        mut self,
        id: Name,
        vpc: Name,
        region: &str,
        page: &mut Page<'_>,
    ) -> Option<VpcEndpoint> {
        let service = page.meaning(self.service.clone());
        let kind = page.meaning(self.r#type.clone())?.value;
        self.refuse_strangers(kind, page);
        let kind = match kind {
            EndpointType::Interface => self.interface(id.place, page),
            EndpointType::Gateway => EndpointKind::Gateway {
                route_tables: page.all(self.route_tables.unwrap_or_default()),
                prefix_list: self.prefix_list.map(|list| page.sourced(list)),
            },
        };
        let service = service?.map(|service| full_service_name(service, region));
        Some(VpcEndpoint { id, name: None, vpc, service, available: true, kind })
    }

    /// Takes away the keys that only the other type has, and finds them.
    fn refuse_strangers(&mut self, kind: EndpointType, page: &mut Page<'_>) {
        let first = |names: &Option<Vec<At<String>>>, page: &Page<'_>| {
            names.as_ref().map(|names| names.first().map(|name| page.place(name)))
        };
        let strangers = match kind {
            EndpointType::Interface => vec![
                ("route_tables", first(&self.route_tables.take(), page)),
                ("prefix_list", self.prefix_list.take().map(|list| Some(page.place(&list)))),
            ],
            EndpointType::Gateway => vec![
                ("subnets", first(&self.subnets.take(), page)),
                ("security_groups", first(&self.security_groups.take(), page)),
                ("private_dns", self.private_dns.take().map(|dns| Some(page.place(&dns)))),
                ("addresses", self.addresses.take().map(|_| None)),
            ],
        };
        let other = match kind {
            EndpointType::Interface => "gateway",
            EndpointType::Gateway => "interface",
        };
        for (key, place) in strangers {
            let Some(place) = place else { continue };
            let message = format!("only endpoints of type {other} have `{key}`");
            let place = place.unwrap_or_else(|| self.r#type.place(page));
            page.find(Finding::error("wrong-endpoint-type", place, message));
        }
    }

    fn interface(self, endpoint: Place, page: &mut Page<'_>) -> EndpointKind {
        let subnets = page.all(self.subnets.unwrap_or_default());
        let addresses = page.meanings(self.addresses.unwrap_or_default());
        if subnets.is_empty() {
            let message = "an interface endpoint needs a subnet";
            let help = "add `subnets: [..]`";
            page.find(Finding::error("endpoint-without-subnet", endpoint, message).help(help));
        }
        if addresses.len() > subnets.len() {
            let place = addresses[subnets.len()].place;
            let message = "there are more addresses than subnets";
            let help = "each subnet has one address, in the same order";
            page.find(Finding::error("endpoint-address", place, message).help(help));
        }
        let mut addresses = addresses.into_iter();
        EndpointKind::Interface {
            subnets: subnets.into_iter().map(|subnet| (subnet, addresses.next())).collect(),
            security_groups: page.all(self.security_groups.unwrap_or_default()),
            private_dns: self.private_dns.is_none_or(|dns| dns.value),
        }
    }
}

fn full_service_name(service: String, region: &str) -> String {
    if service.contains('.') { service } else { format!("com.amazonaws.{region}.{service}") }
}
