//! The one shape of an error: what, where in the request, and how to mend it.

use axum::Json;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// An error.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Failure {
    /// What is wrong.
    error: Problem,
}

/// What is wrong with a request.
#[derive(Debug, Serialize, ToSchema)]
struct Problem {
    /// What kind of error it is, for programs.
    #[schema(example = "invalid-request")]
    code: &'static str,
    /// What is wrong, for people.
    #[schema(example = "rate: 0 packets a second is nothing")]
    message: String,
    /// The field or parameter that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// Why a request is not answered as it was meant.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    problem: Problem,
}

/// What a handler comes to.
pub(super) type Result<T> = std::result::Result<T, ApiError>;

impl ApiError {
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
    ) -> ApiError {
        let message = message.into();
        ApiError { status, problem: Problem { code, message, field: None, hint: None } }
    }

    /// The request cannot be read, or asks for what cannot be.
    pub(super) fn invalid(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, "invalid-request", message)
    }

    /// What is asked contradicts itself.
    pub(super) fn contradictory(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "contradictory-request", message)
    }

    /// There is no such thing.
    pub(super) fn not_found(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, "not-found", message)
    }

    /// The field or parameter that it is about.
    pub(super) fn at(mut self, field: impl Into<String>) -> ApiError {
        self.problem.field = Some(field.into());
        self
    }

    /// How to mend it.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> ApiError {
        self.problem.hint = Some(hint.into());
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(Failure { error: self.problem })).into_response()
    }
}

pub(super) async fn method_not_allowed(method: Method, uri: Uri) -> ApiError {
    let message = format!("{} cannot be asked with {method}", uri.path());
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", message)
        .hint("the header Allow has the methods that it takes")
}

pub(super) async fn no_such_path(uri: Uri) -> ApiError {
    ApiError::not_found(format!("there is nothing at {}", uri.path()))
        .hint("/egret/v1/openapi.json describes what there is; AWS's services are at /")
}
