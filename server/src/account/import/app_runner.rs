//! App Runner's connectors and services.

use egret_control::model::{self as m, Name};
use egret_control::names::Kind;

use super::Import;
use crate::account::app_runner::Connector;

impl Import<'_, '_, '_> {
    pub(super) fn connectors(&mut self) {
        for connector in &self.model.connectors {
            let first = connector.subnets.first().cloned();
            let groups = first.map(|subnet| self.groups(&connector.security_groups, &subnet));
            let name = connector.id.value.as_str();
            let arn = connector.arn.clone().filter(|arn| arn.starts_with("arn:"));
            let arn = arn.unwrap_or_else(|| self.change.connector_arn(name));
            let row = Connector {
                arn: arn.clone(),
                name: name.to_owned(),
                revision: 1,
                subnets: connector.subnets.iter().map(|id| self.find(Kind::Subnet, id)).collect(),
                groups: groups.unwrap_or_default(),
                created: self.change.now,
                deleted: None,
                users: 0,
            };
            self.change.connectors.insert(arn, row);
        }
    }

    pub(super) fn services(&mut self) {
        for service in &self.model.services {
            let connector = match &service.egress {
                m::Egress::Default => None,
                m::Egress::Vpc(name) => self.connector_called(name),
            };
            let made = connector.and_then(|arn| self.change.connectors.get(&arn).cloned());
            if let Some(connector) = &made {
                // The model compiled: its subnets had room for the same interfaces.
                let _ = self.change.hold_enis(connector);
                self.change.count_user(Some(&connector.arn), true);
            }
            let row = self.change.imported_service(
                &service.id,
                made.map(|connector| connector.arn),
                *service.tasks,
                service.azs.iter().map(|az| az.value.clone()).collect(),
            );
            self.change.services.insert(row.arn.clone(), row);
        }
    }

    fn connector_called(&self, name: &Name) -> Option<String> {
        let at = self.names.find(Kind::Connector, name).ok()?;
        let name = &self.model.connectors[at].id.value;
        let called = self.change.connectors.values().find(|connector| connector.name == *name);
        called.map(|connector| connector.arn.clone())
    }
}
