//! App Runner's actions: a file a resource kind.
//!
//! A request is held against the service's own model first, for clients check little of it
//! ([`crate::protocol::aws_json`]); what the model cannot say is checked by the handlers.

use std::sync::{Arc, LazyLock};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::account::Account;
use crate::account::change::Change;
use crate::control_plane::ControlPlane;
use crate::error::{AwsError, Result};
use crate::protocol::aws_json::Constraints;
use crate::shapes::APP_RUNNER_CONSTRAINTS;

pub mod configuration;
pub mod connectors;
pub mod errors;
pub mod operations;
pub mod pages;
pub mod services;
pub mod tags;

/// Members whose patterns are not judged, so that the guide's own example will do: its image is
/// `<ecr-image-identifier>`, and none is pulled; its connector is `arn:aws:apprunner:..../NAME`.
const UNJUDGED: &[(&str, &str)] =
    &[("ImageRepository", "ImageIdentifier"), ("EgressConfiguration", "VpcConnectorArn")];

static CONSTRAINTS: LazyLock<Constraints> =
    LazyLock::new(|| Constraints::new(APP_RUNNER_CONSTRAINTS, UNJUDGED));

/// Does what a request asks for: the answer as JSON, and the account's revision after it.
///
/// # Errors
/// AWS's, `UnknownOperationException` for an action that is not implemented among them.
pub async fn run(plane: &Arc<ControlPlane>, action: &str, body: &[u8]) -> Result<(String, u64)> {
    match action {
        "CreateVpcConnector" => change(plane, action, body, connectors::create).await,
        "DescribeVpcConnector" => read(plane, action, body, connectors::describe),
        "ListVpcConnectors" => read(plane, action, body, connectors::list),
        "DeleteVpcConnector" => change(plane, action, body, connectors::delete).await,
        "CreateService" => change(plane, action, body, services::create).await,
        "DescribeService" => read(plane, action, body, services::describe),
        "ListServices" => read(plane, action, body, services::list),
        "UpdateService" => change(plane, action, body, services::update).await,
        "PauseService" => change(plane, action, body, services::pause).await,
        "ResumeService" => change(plane, action, body, services::resume).await,
        "DeleteService" => change(plane, action, body, services::delete).await,
        "ListOperations" => read(plane, action, body, operations::list),
        "TagResource" => change(plane, action, body, tags::tag).await,
        "UntagResource" => change(plane, action, body, tags::untag).await,
        "ListTagsForResource" => read(plane, action, body, tags::list),
        _ => {
            tracing::warn!(action, "this action of App Runner is not implemented");
            Err(AwsError::new("UnknownOperationException", ""))
        }
    }
}

async fn change<I: DeserializeOwned, O: Serialize>(
    plane: &ControlPlane,
    action: &str,
    body: &[u8],
    run: fn(&mut Change<'_>, I) -> Result<O>,
) -> Result<(String, u64)> {
    let request = CONSTRAINTS.read(action, body)?;
    let done = plane.accept(|change| json(&run(change, request)?))?;
    plane.durable(done).await
}

fn read<I: DeserializeOwned, O: Serialize>(
    plane: &ControlPlane,
    action: &str,
    body: &[u8],
    run: fn(&Account, I) -> Result<O>,
) -> Result<(String, u64)> {
    let request = CONSTRAINTS.read(action, body)?;
    plane.read(|account| Ok((json(&run(account, request)?)?, account.revision)))
}

fn json(answer: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string(answer);
    text.map_err(|error| AwsError::internal("InternalServiceErrorException", error.to_string()))
}
