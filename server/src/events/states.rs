//! What states AWS shows of things that begin and end by themselves: services, gateways, endpoints.

use std::collections::HashMap;

use crate::account::Account;

/// A thing: what kind it is, and its id; of a service, its ARN.
pub(super) type Thing = (&'static str, String);

/// The state of each, in AWS's word.
pub(super) fn states(account: &Account) -> HashMap<Thing, String> {
    let mut all = HashMap::new();
    let mut note = |kind, id: &str, state: &str| {
        all.insert((kind, id.to_owned()), state.to_owned());
    };
    for service in account.services.values() {
        note("service", &service.arn, service.status.word());
    }
    for nat in account.nat_gateways.values() {
        note("nat-gateway", &nat.id, nat.state.word());
    }
    for endpoint in account.vpc_endpoints.values() {
        note("vpc-endpoint", &endpoint.id, &endpoint.state);
    }
    for peering in account.peerings.values() {
        note("vpc-peering-connection", &peering.id, &peering.status);
    }
    for gateway in account.transit_gateways.values() {
        note("transit-gateway", &gateway.id, &gateway.state);
    }
    all
}

/// What has another state than before, or none any more.
pub(super) fn changed(
    before: &HashMap<Thing, String>,
    now: &HashMap<Thing, String>,
) -> Vec<(Thing, Option<String>)> {
    let others = now.iter().filter(|(thing, state)| before.get(*thing) != Some(*state));
    let gone = before.keys().filter(|thing| !now.contains_key(*thing));
    let mut changed: Vec<(Thing, Option<String>)> = others
        .map(|(thing, state)| (thing.clone(), Some(state.clone())))
        .chain(gone.map(|thing| (thing.clone(), None)))
        .collect();
    changed.sort();
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_changes_and_goes_is_told_and_nothing_else() {
        let states = |all: &[(&str, &str)]| -> HashMap<Thing, String> {
            let thing = |id: &str| ("nat-gateway", id.to_owned());
            all.iter().map(|(id, state)| (thing(id), (*state).to_owned())).collect()
        };
        let before = states(&[("a", "available"), ("b", "pending"), ("c", "deleted")]);
        let now = states(&[("a", "available"), ("b", "available"), ("d", "pending")]);
        let told = changed(&before, &now);
        let told: Vec<(&str, Option<&str>)> =
            told.iter().map(|((_, id), state)| (id.as_str(), state.as_deref())).collect();
        assert_eq!(told, [("b", Some("available")), ("c", None), ("d", Some("pending"))]);
    }
}
