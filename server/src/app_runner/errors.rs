//! App Runner's errors: five codes, and a sentence each.

use crate::error::AwsError;

/// A request that cannot be meant.
pub fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidRequestException", message)
}

/// An ARN of something that is not there.
pub fn not_found(what: &str, arn: &str) -> AwsError {
    let message = format!("{what} not found. ARN: {arn}");
    AwsError::new("ResourceNotFoundException", message)
}

/// The resource is in no state for this.
pub fn state(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidStateException", message)
}

/// The account has as many as it may have.
pub fn quota(what: &str, limit: usize) -> AwsError {
    let message = format!("The account has reached its quota of {limit} {what} in this Region.");
    AwsError::new("ServiceQuotaExceededException", message)
}
