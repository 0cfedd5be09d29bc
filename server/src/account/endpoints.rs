//! VPC endpoints.

use serde::{Deserialize, Serialize};

use super::Account;
use super::change::Change;
use super::routes::{Route, RouteDestination, RouteOrigin, RouteTarget};
use super::table::Row;
use super::time::Timestamp;

/// A VPC endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VpcEndpoint {
    /// Its id.
    pub id: String,
    /// Its VPC.
    pub vpc: String,
    /// The service, such as `com.amazonaws.us-east-1.s3`.
    pub service: String,
    /// AWS's `State`: `pending`, `available`, `deleting`, `deleted` and so on.
    pub state: String,
    /// What kind of endpoint it is.
    pub kind: EndpointKind,
    /// Its policy, as it was given.
    pub policy: Option<String>,
    /// When it was made.
    pub created: Timestamp,
}

impl Row for VpcEndpoint {
    const KIND: &'static str = "vpc-endpoint";
}

/// The kinds of endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EndpointKind {
    /// Routes by prefix list in these tables.
    Gateway {
        /// The tables that get the route.
        route_tables: Vec<String>,
    },
    /// An interface in each of these subnets.
    Interface {
        /// The subnets.
        subnets: Vec<String>,
        /// The interfaces, in the subnets' order.
        interfaces: Vec<String>,
        /// The groups on them.
        groups: Vec<String>,
        /// Whether the service's public name leads here within the VPC.
        private_dns: bool,
    },
}

impl Account {
    /// The route tables of a gateway endpoint; an interface endpoint has none.
    fn tables_of_endpoint(&self, id: &str) -> Vec<String> {
        match self.vpc_endpoints.get(id).map(|endpoint| &endpoint.kind) {
            Some(EndpointKind::Gateway { route_tables }) => route_tables.clone(),
            _ => Vec::new(),
        }
    }
}

impl Change<'_> {
    /// Adds a gateway endpoint's route to each of its tables that has none by that prefix list.
    pub fn add_endpoint_routes(&mut self, id: &str) {
        let service = self.vpc_endpoints.get(id).map(|endpoint| endpoint.service.clone());
        let list = service.and_then(|service| self.prefix_list_named(&service));
        let Some(list) = list.map(|list| list.id.clone()) else { return };
        let destination = RouteDestination::PrefixList(list);
        for table in self.tables_of_endpoint(id) {
            let Some(table) = self.route_tables.edit(&table) else { continue };
            if !table.routes.iter().any(|route| route.destination == destination) {
                table.routes.push(Route {
                    destination: destination.clone(),
                    target: RouteTarget::VpcEndpoint(id.to_owned()),
                    origin: RouteOrigin::CreateRoute,
                });
            }
        }
    }

    /// Takes a gateway endpoint's routes out of a table.
    pub fn remove_endpoint_routes(&mut self, id: &str, table: &str) {
        if let Some(table) = self.route_tables.edit(table) {
            let target = RouteTarget::VpcEndpoint(id.to_owned());
            table.routes.retain(|route| route.target != target);
        }
    }
}
