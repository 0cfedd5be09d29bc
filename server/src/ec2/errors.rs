//! EC2's errors that several resource kinds have, in EC2's own words.

use crate::error::AwsError;

/// `InvalidVpcID.NotFound` and its like. `noun` is what EC2 calls it: `vpc ID`, `subnet ID`.
pub fn not_found(code: &'static str, noun: &str, id: &str) -> AwsError {
    AwsError::new(code, format!("The {noun} '{id}' does not exist"))
}

/// Something else needs it still.
pub fn dependency(what: &str, id: &str) -> AwsError {
    let message = format!("The {what} '{id}' has dependencies and cannot be deleted.");
    AwsError::new("DependencyViolation", message)
}

/// A value that means nothing here.
pub fn invalid(parameter: &str, value: &str, why: &str) -> AwsError {
    let message = format!("Value ({value}) for parameter {parameter} is invalid. {why}");
    AwsError::new("InvalidParameterValue", message)
}

/// A parameter that has to be there.
pub fn missing(parameter: &str) -> AwsError {
    let message = format!("The request must contain the parameter {parameter}");
    AwsError::new("MissingParameter", message)
}

/// Parameters that do not go together.
pub fn combination(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterCombination", message)
}

/// The account has as many as it may have.
pub fn over_quota(code: &'static str, what: &str) -> AwsError {
    AwsError::new(code, format!("The maximum number of {what} has been reached."))
}

/// Refuses parameters that EC2 knows and Egret does nothing with: it never pretends.
///
/// # Errors
/// `UnsupportedOperation`, which names the first that was given.
pub fn refuse(given: &[(&str, bool)]) -> Result<(), AwsError> {
    match given.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((parameter, _)) => {
            let message = format!("Egret does not implement the parameter {parameter}.");
            Err(AwsError::new("UnsupportedOperation", message))
        }
    }
}

/// `DryRun` was given, and nothing is wrong.
pub fn dry_run() -> AwsError {
    let message = "Request would have succeeded, but DryRun flag is set.";
    AwsError::new("DryRunOperation", message).with_status(412)
}

/// A client token that came with another request.
pub fn token_mismatch(token: &str) -> AwsError {
    let message = format!("The client token '{token}' was used with different parameters.");
    AwsError::new("IdempotentParameterMismatch", message)
}
