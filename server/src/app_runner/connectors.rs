//! VPC connectors.

use crate::account::change::Change;
use crate::error::Result;
use crate::shapes::app_runner::{CreateVpcConnectorRequest, CreateVpcConnectorResponse};

/// CreateVpcConnector.
pub fn create(
    change: &mut Change<'_>,
    request: CreateVpcConnectorRequest,
) -> Result<CreateVpcConnectorResponse> {
    let _ = (change, request);
    Ok(CreateVpcConnectorResponse::default())
}
