//! Parts of a model in words, as those of a snapshot are ([`egret_control::explain`]).

use egret_control::explain::traffic_words;
use egret_control::model::{
    AclEntry, Peer, RouteDestination, RouteTarget, SecurityGroupRule, Traffic,
};

fn words_of(traffic: Traffic) -> String {
    traffic_words(egret_control::compile::traffic(traffic))
}

pub(super) fn rule_words(rule: &SecurityGroupRule, egress: bool) -> String {
    let peer = match &rule.peer.value {
        Peer::Cidr(net) => net.to_string(),
        Peer::PrefixList(name) => format!("prefix list {name}"),
        Peer::SecurityGroup(name) => format!("group {name}"),
    };
    let way = if egress { "to" } else { "from" };
    format!("{} {way} {peer}", words_of(*rule.traffic))
}

pub(super) fn entry_words(entry: &AclEntry) -> String {
    let verb = if entry.allow { "allows" } else { "denies" };
    let way = if entry.egress { "to" } else { "from" };
    format!("{verb} {} {way} {}", words_of(*entry.traffic), *entry.cidr)
}

pub(super) fn destination_words(destination: &RouteDestination) -> String {
    match destination {
        RouteDestination::Cidr(net) => net.to_string(),
        RouteDestination::PrefixList(name) => format!("prefix list {name}"),
    }
}

pub(super) fn target_words(target: &RouteTarget) -> String {
    use RouteTarget as T;
    match target {
        T::Local => "the VPC itself".to_owned(),
        T::InternetGateway(name) => name.clone().unwrap_or("the internet gateway".to_owned()),
        T::Blackhole(_) => "nowhere".to_owned(),
        T::NatGateway(name)
        | T::VpcEndpoint(name)
        | T::Peering(name)
        | T::TransitGateway(name)
        | T::NetworkInterface(name)
        | T::Unsupported(name)
        | T::Named(name) => name.clone(),
    }
}
