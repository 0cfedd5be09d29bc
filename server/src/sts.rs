//! STS, as far as clients ask it who they are.

use std::sync::Arc;

use crate::control_plane::ControlPlane;
use crate::ec2::members;
use crate::error::{AwsError, Result};
use crate::protocol::query::Parameters;
use crate::shapes::sts;

/// The XML namespace of answers.
pub const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// Does what a request asks for.
///
/// # Errors
/// `InvalidAction` for everything but GetCallerIdentity.
pub fn run(
    plane: &Arc<ControlPlane>,
    action: &str,
    parameters: Parameters,
) -> Result<(String, u64)> {
    if action != "GetCallerIdentity" {
        tracing::warn!(action, "this action of STS is not implemented");
        let message = format!("Could not find operation {action} for version 2011-06-15");
        return Err(AwsError::new("InvalidAction", message));
    }
    let _: sts::GetCallerIdentityRequest = parameters.read()?;
    plane.read(|account| {
        let owner = &account.identity.account;
        let answer = sts::GetCallerIdentityResponse {
            user_id: Some(owner.clone()),
            account: Some(owner.clone()),
            arn: Some(format!("arn:aws:iam::{owner}:root")),
        };
        Ok((members(&answer)?, account.revision))
    })
}
