//! What a client is told when its request cannot be done: AWS's code and message.

use std::borrow::Cow;

/// Why a request was refused, in AWS's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct AwsError {
    /// The HTTP status.
    pub status: u16,
    /// AWS's code, such as `InvalidVpcID.NotFound`.
    pub code: Cow<'static, str>,
    /// AWS's sentence.
    pub message: String,
}

/// What a handler comes to.
pub type Result<T, E = AwsError> = std::result::Result<T, E>;

impl AwsError {
    /// The client's fault: HTTP 400.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> AwsError {
        AwsError { status: 400, code: code.into(), message: message.into() }
    }

    /// Egret's fault: HTTP 500.
    pub fn internal(code: &'static str, message: impl Into<String>) -> AwsError {
        AwsError { status: 500, code: code.into(), message: message.into() }
    }

    /// The same with another HTTP status.
    pub fn with_status(self, status: u16) -> AwsError {
        AwsError { status, ..self }
    }
}
