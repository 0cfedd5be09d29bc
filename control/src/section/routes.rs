//! Route tables.

use ipnet::Ipv4Net;
use schemars::{JsonSchema, Schema, json_schema};
use serde::Deserialize;

use crate::model::{Name, Route, RouteDestination, RouteTable, RouteTarget};
use crate::source::Sourced;
use crate::written::{At, Complaint, Entries, Page, Scalar, TextOr, Written};

/// A route table: from a CIDR or a prefix list to where it leads.
pub type RouteTableSection = Entries<At<TextOr<RouteSection>>>;

/// A route with more to say than its target.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteSection {
    /// `internet_gateway`, `local`, `blackhole`, or the name of a NAT gateway, gateway endpoint,
    /// peering, transit gateway or network interface.
    target: Written<RouteTarget>,
    /// Whether it was propagated (by a VPN, say) and so loses to a static route.
    #[serde(default)]
    propagated: bool,
}

pub(super) fn read(
    id: Name,
    vpc: Name,
    main: bool,
    section: RouteTableSection,
    page: &mut Page<'_>,
) -> RouteTable {
    let routes = section.into_iter();
    let routes = routes.filter_map(|(destination, target)| route(destination, target, page));
    let routes = routes.collect();
    RouteTable { id, name: None, vpc, main, routes }
}

fn route(key: At<String>, target: At<TextOr<RouteSection>>, page: &mut Page<'_>) -> Option<Route> {
    let place = page.stretch(&key, &target);
    let destination = page.meaning(Written::new(key));
    let (target, propagated) = match target.value {
        TextOr::Parts(route) => (page.meaning(route.target), route.propagated),
        TextOr::Text(ref text) => {
            let text = Written::new(target.with(text.clone()));
            (page.meaning(text), false)
        }
    };
    Some(Route { destination: destination?, target: target?, propagated, place })
}

impl Scalar for RouteDestination {
    const NOUN: &'static str = "a CIDR or a prefix list";

    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint> {
        let looks_like_address = text.parse::<std::net::Ipv4Addr>().is_ok();
        if text.contains('/') || looks_like_address {
            let (net, caution) = Ipv4Net::parse(text)?;
            return Ok((RouteDestination::Cidr(net), caution));
        }
        let (name, caution) = String::parse(text)?;
        Ok((RouteDestination::PrefixList(name), caution))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "examples": ["0.0.0.0/0"] })
    }
}

impl Scalar for RouteTarget {
    const NOUN: &'static str = "a target of routes";

    fn parse(text: &str) -> Result<(Self, Option<Complaint>), Complaint> {
        let (name, caution) = String::parse(text)?;
        let target = match name.as_str() {
            "internet_gateway" => RouteTarget::InternetGateway(None),
            "local" => RouteTarget::Local,
            "blackhole" => RouteTarget::Blackhole(None),
            _ => RouteTarget::Named(name),
        };
        Ok((target, caution))
    }

    fn schema() -> Schema {
        let examples = ["internet_gateway", "nat-a", "local", "blackhole"];
        json_schema!({ "type": "string", "minLength": 1, "examples": examples })
    }
}

/// The main table of a VPC that names none: local routes only.
pub(super) fn implicit_main(id: Name, vpc: Name) -> RouteTable {
    RouteTable { id, name: Some("main".to_owned()), vpc, main: true, routes: Vec::new() }
}

/// A name as an id that no file says.
pub(super) fn implied(name: String) -> Name {
    Sourced::implied(name)
}
