//! Prefix lists.

use egret_control::model as m;
use egret_control::names::Kind;

use super::Import;
use crate::account::prefix_lists::{PrefixList, PrefixListEntry};

impl Import<'_, '_, '_> {
    pub(super) fn prefix_lists(&mut self) {
        for (at, list) in self.model.prefix_lists.iter().enumerate() {
            let id = self.of(Kind::PrefixList, at);
            let said = list.name.clone().unwrap_or_else(|| list.id.value.clone());
            let name = self.service_of_list(at).unwrap_or(said);
            let entry = |cidr| PrefixListEntry { cidr, description: None };
            let entries: Vec<_> = list.cidrs.iter().map(|cidr| entry(cidr.value)).collect();
            let row = PrefixList {
                id: id.clone(),
                aws: name.starts_with("com.amazonaws."),
                name,
                max_entries: entries.len().max(1) as u32,
                versions: vec![entries],
            };
            self.change.prefix_lists.insert(id, row);
        }
    }

    /// A scenario's endpoint may name any list; in AWS it is the one that is called like the service.
    fn service_of_list(&self, at: usize) -> Option<String> {
        self.model.vpc_endpoints.iter().find_map(|endpoint| match &endpoint.kind {
            m::EndpointKind::Gateway { prefix_list: Some(list), .. } => {
                let found = self.names.find(Kind::PrefixList, list).ok();
                (found == Some(at)).then(|| endpoint.service.value.clone())
            }
            _ => None,
        })
    }
}
