//! App Runner's VPC connectors, services and operations.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::change::Change;
use super::table::Row;
use super::time::Timestamp;

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

/// What a service is configured to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceConfiguration {
    /// The ARN of the connector that its packets leave by.
    pub connector: Option<String>,
    /// Whether its inbound endpoint is public.
    pub public: bool,
    /// `IPV4` or `DUAL_STACK`.
    pub ip_address_type: String,
    /// `SourceConfiguration` as it was given.
    pub source: Value,
    /// `InstanceConfiguration` with its defaults.
    pub instance: Value,
    /// `HealthCheckConfiguration` with its defaults.
    pub health_check: Value,
    /// `EncryptionConfiguration`, if one was given.
    pub encryption: Option<Value>,
    /// `ObservabilityConfiguration`, if one was given.
    pub observability: Option<Value>,
    /// The ARN of its auto scaling configuration, if one was given.
    pub auto_scaling: Option<String>,
}

/// Something that was done to a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Its id.
    pub id: String,
    /// The ARN of the service.
    pub service: String,
    /// Its number among the operations of all services, later ones last.
    pub number: u64,
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

impl Change<'_> {
    /// The ARN of a new connector.
    pub fn connector_arn(&mut self, name: &str) -> String {
        let resource = format!("vpcconnector/{name}/1/{}", self.ids.hex32());
        self.identity.arn("apprunner", &resource)
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
        let image = json!({
            "ImageIdentifier": format!("public.ecr.aws/egret/{name}:scenario"),
            "ImageRepositoryType": "ECR_PUBLIC",
        });
        let configuration = ServiceConfiguration {
            connector,
            public: true,
            ip_address_type: "IPV4".to_owned(),
            source: json!({ "ImageRepository": image, "AutoDeploymentsEnabled": false }),
            ..ServiceConfiguration::default()
        };
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
