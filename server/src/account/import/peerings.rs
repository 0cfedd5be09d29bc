//! Peering connections.

use egret_control::names::Kind;

use super::Import;
use crate::account::peerings::{Peering, PeeringDns};

impl Import<'_, '_, '_> {
    pub(super) fn peerings(&mut self) {
        for (at, peering) in self.model.peerings.iter().enumerate() {
            let id = self.of(Kind::Peering, at);
            let here = &self.change.identity.region;
            let region = if peering.same_region { here } else { "another-region" };
            let row = Peering {
                id: id.clone(),
                requester: self.find(Kind::Vpc, &peering.requester),
                accepter: self.find(Kind::Vpc, &peering.accepter),
                accepter_region: region.to_owned(),
                status: if peering.active { "active" } else { "pending-acceptance" }.to_owned(),
                message: if peering.active { "Active" } else { "Pending Acceptance" }.to_owned(),
                expires: None,
                dns: PeeringDns::default(),
            };
            self.change.peerings.insert(id, row);
        }
    }
}
