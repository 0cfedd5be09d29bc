//! What joins VPCs: peering connections and transit gateways.

use ipnet::Ipv4Net;
use schemars::JsonSchema;
use serde::Deserialize;

use super::routes::implied;
use crate::finding::Finding;
use crate::model::{
    AttachmentKind, Model, Name, Peering, TransitGateway, TransitGatewayAttachment,
    TransitGatewayRoute, TransitGatewayRouteTable,
};
use crate::words;
use crate::written::{At, Entries, Page, Written};

/// A peering connection between two VPCs.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeeringSection {
    /// The VPC that asked.
    requester: At<String>,
    /// The VPC that accepted.
    accepter: At<String>,
    /// `active` (the default); in any other state it forwards nothing.
    state: Option<Written<PeeringState>>,
    /// Whether the VPCs are in different Regions. Default false.
    #[serde(default)]
    cross_region: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PeeringState {
    Active,
    Inactive,
}

words!(PeeringState, "a peering connection's state", {
    "active" => PeeringState::Active,
    "initiating-request" => PeeringState::Inactive,
    "pending-acceptance" => PeeringState::Inactive,
    "provisioning" => PeeringState::Inactive,
    "rejected" => PeeringState::Inactive,
    "expired" => PeeringState::Inactive,
    "failed" => PeeringState::Inactive,
    "deleting" => PeeringState::Inactive,
    "deleted" => PeeringState::Inactive,
});

impl PeeringSection {
    /// Adds the peering connection to the model, under its key.
    pub fn add_to(self, key: At<String>, model: &mut Model, page: &mut Page<'_>) {
        let state = page.optional(self.state);
        model.peerings.push(Peering {
            id: page.sourced(key),
            name: None,
            requester: page.sourced(self.requester),
            accepter: page.sourced(self.accepter),
            same_region: !self.cross_region,
            active: state.is_none_or(|state| state.value == PeeringState::Active),
        });
    }
}

/// A transit gateway.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransitGatewaySection {
    /// Whether security groups can name each other across it. Default false.
    #[serde(default)]
    sg_referencing: bool,
    /// What is attached to it.
    #[serde(default)]
    attachments: Entries<At<AttachmentSection>>,
    /// Its route tables. Absent is one table that every attachment uses and propagates to.
    route_tables: Option<Entries<TransitRouteTableSection>>,
}

/// An attachment of a transit gateway: a VPC with one subnet in each Availability Zone, or a
/// network outside by its CIDRs.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachmentSection {
    /// The VPC.
    vpc: Option<At<String>>,
    /// The subnets that hold the attachment's interfaces.
    #[serde(default)]
    subnets: Vec<At<String>>,
    /// The addresses behind a VPN or Direct Connect.
    #[serde(default)]
    cidrs: Vec<Written<Ipv4Net>>,
}

/// A route table of a transit gateway.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransitRouteTableSection {
    /// The attachments whose packets it routes.
    #[serde(default)]
    associations: Vec<At<String>>,
    /// The attachments whose CIDRs it knows.
    #[serde(default)]
    propagations: Vec<At<String>>,
    /// Static routes: from a CIDR to an attachment or `blackhole`.
    #[serde(default)]
    routes: Entries<At<String>>,
}

impl TransitGatewaySection {
    /// Adds the transit gateway to the model, under its key.
    pub fn add_to(self, key: At<String>, model: &mut Model, page: &mut Page<'_>) {
        let attachments = self.attachments.into_iter();
        let attachments: Vec<_> = attachments
            .filter_map(|(name, section)| attachment(page.sourced(name), section, page))
            .collect();
        let route_tables = match self.route_tables {
            Some(tables) => {
                let tables = tables.into_iter();
                tables.map(|(name, table)| table.read(page.sourced(name), page)).collect()
            }
            None => vec![default_table(&attachments)],
        };
        model.transit_gateways.push(TransitGateway {
            id: page.sourced(key),
            name: None,
            sg_referencing: self.sg_referencing,
            attachments,
            route_tables,
        });
    }
}

fn attachment(
    id: Name,
    section: At<AttachmentSection>,
    page: &mut Page<'_>,
) -> Option<TransitGatewayAttachment> {
    let place = page.place(&section);
    let AttachmentSection { vpc, subnets, cidrs } = section.value;
    let contradiction = match &vpc {
        Some(_) if !cidrs.is_empty() => Some("an attachment has `vpc` or `cidrs`, not both"),
        None if !subnets.is_empty() => Some("an attachment with `subnets` must say its `vpc`"),
        None if cidrs.is_empty() => Some("an attachment needs `vpc` and `subnets`, or `cidrs`"),
        _ => None,
    };
    if let Some(message) = contradiction {
        page.find(Finding::error("unclear-attachment", place, message));
        return None;
    }
    let kind = match vpc {
        Some(vpc) => AttachmentKind::Vpc { vpc: page.sourced(vpc), subnets: page.all(subnets) },
        None => AttachmentKind::External { cidrs: page.meanings(cidrs) },
    };
    Some(TransitGatewayAttachment { id, name: None, available: true, kind })
}

/// The table of a transit gateway that has AWS's defaults: association and propagation for all.
pub(crate) fn default_table(attachments: &[TransitGatewayAttachment]) -> TransitGatewayRouteTable {
    let all: Vec<_> = attachments.iter().map(|attachment| attachment.id.clone()).collect();
    let id = implied("default".to_owned());
    TransitGatewayRouteTable { id, associations: all.clone(), propagations: all, routes: vec![] }
}

impl TransitRouteTableSection {
    fn read(self, id: Name, page: &mut Page<'_>) -> TransitGatewayRouteTable {
        let mut routes = Vec::new();
        for (cidr, target) in self.routes {
            let target = page.sourced(target);
            let attachment = (target.value != "blackhole").then_some(target);
            if let Some(cidr) = page.meaning(Written::new(cidr)) {
                routes.push(TransitGatewayRoute { cidr, attachment, propagated: false });
            }
        }
        let associations = page.all(self.associations);
        let propagations = page.all(self.propagations);
        TransitGatewayRouteTable { id, associations, propagations, routes }
    }
}
