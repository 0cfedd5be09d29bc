//! What happens when a timer is due: a line for each kind.

use crate::account::change::Change;
use crate::account::timers::Due;
use crate::app_runner;
use crate::ec2::{
    nat_gateways, network_insights_analyses, peerings, transit_gateways, vpc_endpoints,
};

/// Has it happen.
pub fn happen(change: &mut Change<'_>, due: Due) {
    match due {
        Due::ClientToken(key) => drop(change.client_tokens.remove(&key)),
        Due::Forget(arn) => change.forget(&arn),
        Due::Operation(id) => app_runner::operations::finish(change, &id),
        Due::NatGateway(id, state) => nat_gateways::go_on(change, &id, state),
        Due::NatGatewayAddresses(id) => nat_gateways::addresses::settle(change, &id),
        Due::VpcEndpoint(id, state) => vpc_endpoints::go_on(change, &id, &state),
        Due::Peering(id, status) => peerings::go_on(change, &id, &status),
        Due::Analysis(id) => network_insights_analyses::show(change, &id),
        Due::Transit(id, state) => transit_gateways::go_on(change, &id, &state),
    }
}
