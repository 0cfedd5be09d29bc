//! The state of one AWS account in one Region: a table a resource kind.
//!
//! Nothing here knows of HTTP, of a clock or of chance: a moment and a seed are arguments. The account
//! is the truth; the network model that the dataplane runs on is derived from it ([`model`]).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub mod acls;
pub mod app_runner;
pub mod change;
pub mod client_tokens;
pub mod default_vpc;
pub mod endpoints;
pub mod flow_logs;
pub mod gateways;
pub mod hyperplane;
pub mod ids;
pub mod import;
pub mod interfaces;
pub mod model;
pub mod network_insights;
pub mod peerings;
pub mod prefix_lists;
pub mod public_addresses;
pub mod routes;
pub mod rules;
pub mod security_groups;
pub mod table;
pub mod tags;
pub mod time;
pub mod timers;
pub mod transit;
pub mod vpcs;
pub mod zones;

use table::{AnyTable, Table};

/// Whose account it is, where, and what its ids begin with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Twelve digits.
    pub account: String,
    /// Such as `us-east-1`.
    pub region: String,
    /// What ids are made from.
    pub seed: u64,
}

impl Default for Identity {
    fn default() -> Self {
        Identity { account: "123456789012".to_owned(), region: "us-east-1".to_owned(), seed: 1 }
    }
}

impl Identity {
    /// `arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE`.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }
}

/// An account has a table for each kind; a kind is one line here.
macro_rules! tables {
    ($($(#[$doc:meta])* $field:ident: $row:ty,)*) => {
        /// The state of one account.
        #[derive(Clone, Debug, Default)]
        pub struct Account {
            /// Whose it is.
            pub identity: Identity,
            /// How many changes there have been.
            pub revision: u64,
            /// The last revision in which anything changed that packets may meet.
            pub network: u64,
            /// What it may have, and what AWS leaves open.
            pub rules: Arc<rules::Rules>,
            $($(#[$doc])* pub $field: Table<$row>,)*
        }

        impl Account {
            pub(crate) fn each_table(&mut self, mut each: impl FnMut(&mut dyn AnyTable)) {
                $(each(&mut self.$field);)*
            }
        }
    };
}

tables! {
    /// VPCs.
    vpcs: vpcs::Vpc,
    /// Subnets.
    subnets: vpcs::Subnet,
    /// Route tables with their associations.
    route_tables: routes::RouteTable,
    /// Network ACLs with their associations.
    network_acls: acls::NetworkAcl,
    /// Security groups.
    security_groups: security_groups::SecurityGroup,
    /// The rules of all security groups.
    security_group_rules: security_groups::SecurityGroupRule,
    /// Prefix lists, AWS's own too.
    prefix_lists: prefix_lists::PrefixList,
    /// Internet gateways.
    internet_gateways: gateways::InternetGateway,
    /// Elastic IP addresses, by allocation.
    addresses: gateways::Address,
    /// NAT gateways.
    nat_gateways: gateways::NatGateway,
    /// Network interfaces, whoever made them.
    network_interfaces: interfaces::NetworkInterface,
    /// VPC endpoints.
    vpc_endpoints: endpoints::VpcEndpoint,
    /// Peering connections.
    peerings: peerings::Peering,
    /// Transit gateways.
    transit_gateways: transit::TransitGateway,
    /// What is attached to transit gateways.
    transit_gateway_attachments: transit::Attachment,
    /// Route tables of transit gateways.
    transit_gateway_route_tables: transit::RouteTable,
    /// The interfaces that connectors share, by subnet and groups.
    shared_enis: hyperplane::SharedEni,
    /// App Runner's VPC connectors, by ARN.
    connectors: app_runner::Connector,
    /// App Runner's services, by ARN.
    services: app_runner::Service,
    /// What was done to services, by their ARN and in order.
    operations: app_runner::Operation,
    /// Flow logs.
    flow_logs: flow_logs::FlowLog,
    /// Reachability Analyzer's paths.
    network_insights_paths: network_insights::Path,
    /// Its analyses.
    network_insights_analyses: network_insights::Analysis,
    /// Those of them that are to be made yet, by their ids.
    analyses_under_way: network_insights::UnderWay,
    /// Answers to requests that may come again, by action and token.
    client_tokens: client_tokens::ClientToken,
    /// Tags, by the id or ARN of what carries them.
    tags: tags::Tags,
    /// What happens by itself, and when.
    timers: timers::Timer,
}

/// A row of the store that no table takes.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The store was written by a later version.
    #[error("the store has rows of the unknown kind {0}: a later version of Egret wrote it")]
    Kind(String),
    /// A row does not say what it should.
    #[error("the store's row {kind} {id} cannot be read: {why}")]
    Row {
        /// Its kind.
        kind: String,
        /// Its id.
        id: String,
        /// What is wrong with it.
        why: serde_json::Error,
    },
}

impl Account {
    /// An account without anything, not even a default VPC.
    pub fn new(identity: Identity) -> Account {
        Account { identity, ..Account::default() }
    }

    /// Puts in a row from the store.
    ///
    /// # Errors
    /// When the row is of no kind that this version knows, or not as it should be.
    pub fn load(&mut self, kind: &str, id: &str, row: &[u8]) -> Result<(), LoadError> {
        let mut outcome = Err(LoadError::Kind(kind.to_owned()));
        self.each_table(|table| {
            if table.kind() == kind {
                let (kind, id_text) = (kind.to_owned(), id.to_owned());
                outcome =
                    table.load(id, row).map_err(|why| LoadError::Row { kind, id: id_text, why });
            }
        });
        outcome
    }
}

/// An id that rows share.
pub type Id = Arc<str>;
