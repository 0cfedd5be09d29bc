//! The sections of a scenario file that describe the cloud, and what each adds to the model.
//!
//! A section is what the file says; `add_to` makes it part of a [`Model`]. Names stay names, and
//! what AWS adds by itself is added here: the main route table, the default network ACL and the
//! default security group of each VPC. [`settle`] comes last, when every name is known.

use crate::finding::Finding;
use crate::model::{Model, Peer};
use crate::written::Page;

pub mod endpoints;
pub mod hosts;
pub mod routes;
pub mod rules;
pub mod services;
pub mod settings;
pub mod transit;
pub mod vpc;

pub use hosts::HostSection;
pub use services::{ConnectorSection, ServiceSection};
pub use settings::SettingsSection;
pub use transit::{PeeringSection, TransitGatewaySection};
pub use vpc::VpcSection;

/// Decides for each name on the other side of a security group's rule whether it is a prefix list
/// or a security group. A name that nothing has stays a security group's, for the checks to find.
pub fn settle(model: &mut Model, page: &mut Page<'_>) {
    let lists: Vec<_> =
        model.prefix_lists.iter().map(|list| (&list.id.value, &list.name)).collect();
    let groups: Vec<_> =
        model.security_groups.iter().map(|group| (&group.id.value, &group.name)).collect();
    let knows = |names: &[(&String, &Option<String>)], wanted: &String| {
        names.iter().any(|(id, name)| *id == wanted || name.as_ref() == Some(wanted))
    };
    let mut settled = Vec::new();
    for (g, group) in model.security_groups.iter().enumerate() {
        for (egress, rules) in [(false, &group.ingress), (true, &group.egress)] {
            for (r, rule) in rules.iter().enumerate() {
                let Peer::SecurityGroup(name) = &rule.peer.value else {
                    continue;
                };
                if !knows(&lists, name) {
                    continue;
                }
                if knows(&groups, name) {
                    let message = format!("`{name}` is a security group and a prefix list");
                    page.find(
                        Finding::error("ambiguous-name", rule.peer.place, message)
                            .help("give one of the two another name"),
                    );
                }
                settled.push((g, egress, r));
            }
        }
    }
    for (g, egress, r) in settled {
        let group = &mut model.security_groups[g];
        let rule = if egress { &mut group.egress[r] } else { &mut group.ingress[r] };
        if let Peer::SecurityGroup(name) = &mut rule.peer.value {
            rule.peer.value = Peer::PrefixList(std::mem::take(name));
        }
    }
}
