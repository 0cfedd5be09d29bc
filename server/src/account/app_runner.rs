//! App Runner's VPC connectors, services and operations.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Account;
use super::change::Change;
use super::table::Row;
use super::time::Timestamp;
use super::timers::Due;
use crate::shapes::app_runner as shapes;

/// How long what was deleted is still described.
const SHOWN: Duration = Duration::from_secs(60 * 60);

/// A VPC connector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connector {
    /// Its ARN, which ends in its name, revision and id.
    pub arn: String,
    /// Its name, which no other active connector has.
    pub name: String,
    /// Its revision: 1, for there is one revision of a name.
    pub revision: u32,
    /// Its subnets, in the order of the request.
    pub subnets: Vec<String>,
    /// Its security groups, in the order of the request.
    pub groups: Vec<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was deleted: from then on it is `INACTIVE`.
    pub deleted: Option<Timestamp>,
    /// Services that use it, or are about to.
    pub users: u32,
}

impl Row for Connector {
    const KIND: &'static str = "vpc-connector";
}

impl Connector {
    /// Whether services can use it.
    pub fn is_active(&self) -> bool {
        self.deleted.is_none()
    }
}

/// A service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// Its ARN, which ends in its name and id.
    pub arn: String,
    /// Its name, which no other service has that is not deleted.
    pub name: String,
    /// Its id: 32 hex digits.
    pub id: String,
    /// AWS's `Status`.
    pub status: ServiceStatus,
    /// Its configuration in force.
    pub configuration: ServiceConfiguration,
    /// When it was made.
    pub created: Timestamp,
    /// When it was changed last.
    pub updated: Timestamp,
    /// When it was deleted.
    pub deleted: Option<Timestamp>,
    /// Whether its tasks run and send.
    pub runs: bool,
    /// How many of them there are.
    pub tasks: u32,
    /// The zones that they are in; none means those of the connector.
    pub azs: Vec<String>,
}

impl Row for Service {
    const KIND: &'static str = "service";
}

impl Service {
    /// The connector that its packets leave by: none is the provider's own way out.
    pub fn connector(&self) -> Option<&str> {
        self.configuration.connector.as_deref()
    }
}

/// AWS's `ServiceStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ServiceStatus {
    /// It could not be made.
    CreateFailed,
    /// It runs.
    Running,
    /// It is gone, and shown for some time.
    Deleted,
    /// It could not be deleted.
    DeleteFailed,
    /// It rests, and sends nothing.
    Paused,
    /// Something is being done to it.
    OperationInProgress,
}

/// What a service is configured to. Most of it is shown as it was given: no image is pulled, and no
/// instance started.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceConfiguration {
    /// The ARN of the connector that its packets leave by.
    pub connector: Option<String>,
    /// Whether its inbound endpoint is public.
    pub public: bool,
    /// Where its code comes from.
    pub source: shapes::SourceConfiguration,
    /// How large its instances are.
    pub instance: shapes::InstanceConfiguration,
    /// How it is seen to be healthy.
    pub health_check: shapes::HealthCheckConfiguration,
    /// The key that its image is encrypted by.
    pub encryption: Option<shapes::EncryptionConfiguration>,
    /// Whether it is observed.
    pub observability: Option<shapes::ServiceObservabilityConfiguration>,
}

/// Something that was done to a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Its id.
    pub id: String,
    /// The ARN of the service.
    pub service: String,
    /// AWS's `Type`, such as `CREATE_SERVICE`.
    pub kind: OperationKind,
    /// AWS's `Status`.
    pub status: OperationStatus,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// When it came to its present state.
    pub updated: Timestamp,
    /// What the service is to become by an update.
    pub configuration: Option<ServiceConfiguration>,
    /// Why it will fail, if it will.
    pub fails: Option<String>,
}

impl Row for Operation {
    const KIND: &'static str = "operation";
}

/// AWS's `OperationType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OperationKind {
    /// The service is made.
    CreateService,
    /// It is changed.
    UpdateService,
    /// It is put to rest.
    PauseService,
    /// It is woken up.
    ResumeService,
    /// It is deleted.
    DeleteService,
}

/// AWS's `OperationStatus`, as far as there are reasons for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OperationStatus {
    /// It goes on.
    InProgress,
    /// It could not be done.
    Failed,
    /// It is done.
    Succeeded,
    /// It could not be done, and everything is as it was.
    RollbackSucceeded,
}

/// An ARN's names come before its ids: everything of one name is in one place of a table.
fn prefix(account: &Account, kind: &str, name: &str) -> String {
    account.identity.arn("apprunner", &format!("{kind}/{name}/"))
}

/// The words of AWS's for the variants of an enum.
macro_rules! words {
    ($type:ty { $($variant:ident => $word:literal,)* }) => {
        impl $type {
            /// AWS's word for it.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }
    };
}

words!(ServiceStatus {
    CreateFailed => "CREATE_FAILED",
    Running => "RUNNING",
    Deleted => "DELETED",
    DeleteFailed => "DELETE_FAILED",
    Paused => "PAUSED",
    OperationInProgress => "OPERATION_IN_PROGRESS",
});

words!(OperationKind {
    CreateService => "CREATE_SERVICE",
    UpdateService => "UPDATE_SERVICE",
    PauseService => "PAUSE_SERVICE",
    ResumeService => "RESUME_SERVICE",
    DeleteService => "DELETE_SERVICE",
});

words!(OperationStatus {
    InProgress => "IN_PROGRESS",
    Failed => "FAILED",
    Succeeded => "SUCCEEDED",
    RollbackSucceeded => "ROLLBACK_SUCCEEDED",
});

impl Account {
    /// The active connector of a name.
    pub fn active_connector(&self, name: &str) -> Option<&Connector> {
        let prefix = prefix(self, "vpcconnector", name);
        let called = self.connectors.after(&prefix).take_while(|(arn, _)| arn.starts_with(&prefix));
        called.map(|(_, connector)| connector).find(|connector| connector.is_active())
    }

    /// The service of a name that is not deleted.
    pub fn live_service(&self, name: &str) -> Option<&Service> {
        let prefix = prefix(self, "service", name);
        let called = self.services.after(&prefix).take_while(|(arn, _)| arn.starts_with(&prefix));
        called.map(|(_, service)| service).find(|service| service.status != ServiceStatus::Deleted)
    }

    /// The operations of a service, the first one first.
    pub fn operations_of(&self, service: &str) -> impl Iterator<Item = (&str, &Operation)> {
        let prefix = format!("{service}/");
        let all = self.operations.after(&prefix);
        all.take_while(move |(key, _)| key.starts_with(&prefix))
    }
}

impl Change<'_> {
    /// The ARN of a new connector.
    pub fn connector_arn(&mut self, name: &str) -> String {
        let resource = format!("vpcconnector/{name}/1/{}", self.ids.hex32());
        self.identity.arn("apprunner", &resource)
    }

    /// A service begins, or ceases, to name a connector.
    pub fn count_user(&mut self, connector: Option<&str>, comes: bool) {
        if let Some(connector) = connector.and_then(|arn| self.connectors.edit(arn)) {
            connector.users = if comes { connector.users + 1 } else { connector.users - 1 };
        }
    }

    /// What was deleted is described for some time, and then forgotten.
    pub fn forget_later(&mut self, arn: &str) {
        self.schedule(self.now + SHOWN, Due::Forget(arn.to_owned()));
    }

    /// Forgets a connector or a service that was deleted.
    pub fn forget(&mut self, arn: &str) {
        let operations = self.operations_of(arn).map(|(key, _)| key.to_owned());
        for key in operations.collect::<Vec<_>>() {
            self.operations.remove(&key);
        }
        self.connectors.remove(arn);
        self.services.remove(arn);
        self.forget_tags(arn);
    }

    /// A service of a scenario: it runs, and what it is made of is not known.
    pub fn imported_service(
        &mut self,
        name: &str,
        connector: Option<String>,
        tasks: u32,
        azs: Vec<String>,
    ) -> Service {
        let id = self.ids.hex32();
        let image = shapes::ImageRepository {
            image_identifier: format!("public.ecr.aws/egret/{name}:scenario"),
            image_repository_type: "ECR_PUBLIC".to_owned(),
            ..Default::default()
        };
        let source = shapes::SourceConfiguration {
            image_repository: Some(image),
            auto_deployments_enabled: Some(false),
            ..Default::default()
        };
        let configuration =
            ServiceConfiguration { connector, public: true, source, ..Default::default() };
        Service {
            arn: self.identity.arn("apprunner", &format!("service/{name}/{id}")),
            name: name.to_owned(),
            id,
            status: ServiceStatus::Running,
            configuration,
            created: self.now,
            updated: self.now,
            deleted: None,
            runs: true,
            tasks,
            azs,
        }
    }
}
