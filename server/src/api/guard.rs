//! Who may ask, how much and for how long; and a line in the log for each request.
//!
//! Where AWS's requests must be signed, so must these, in the same way and checked by the same code.
//! Who cannot sign (Prometheus, a browser, `curl -u`) may say an access key and its secret as HTTP's
//! basic authentication has them: that shows the secret to whoever can listen in, which nobody can on
//! loopback or behind TLS. Health is everybody's.

use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;
use utoipa::Modify;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::error::ApiError;
use crate::aws;
use crate::http::{self, Shared};
use crate::sigv4::Refusal;

/// Lets a request pass that may ask, with its body read.
pub(super) async fn guard(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    match believed(&shared, request).await {
        Ok(request) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// Has a request noted, and answered in time.
pub(super) async fn note(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let asked = Asked::of(&request);
    let answer = timeout(shared.limits.answer_time, next.run(request)).await;
    let response = answer.unwrap_or_else(|_| {
        let status = StatusCode::GATEWAY_TIMEOUT;
        ApiError::new(status, "timeout", "the request took too long").into_response()
    });
    asked.note(&shared, response)
}

/// The request with its body read, within the limits, if it may ask.
async fn believed(shared: &Shared, request: Request) -> Result<Request, ApiError> {
    let (parts, body) = request.into_parts();
    let body = http::read(body, shared.limits).await.map_err(|error| {
        let (status, code) = match error.status {
            413 => (StatusCode::PAYLOAD_TOO_LARGE, "body-too-large"),
            _ => (StatusCode::REQUEST_TIMEOUT, "timeout"),
        };
        ApiError::new(status, code, error.message)
    })?;
    if let Some(credentials) = &shared.credentials {
        let basic = parts.headers.get(header::AUTHORIZATION).and_then(|said| said.to_str().ok());
        let checked = match basic.and_then(|said| said.strip_prefix("Basic ")) {
            Some(said) => credentials.check_basic(said),
            None => credentials.check(&parts, &body, shared.plane.now()),
        };
        checked.map_err(|refusal| {
            tracing::warn!(?refusal, path = parts.uri.path(), "a request is not believed");
            refused(refusal)
        })?;
    }
    Ok(Request::from_parts(parts, Body::from(body)))
}

fn refused(refusal: Refusal) -> ApiError {
    let why = match refusal {
        Refusal::Unsigned => "the request is not signed",
        Refusal::Malformed => "the header Authorization is not as it should be",
        Refusal::UnknownKey => "nobody has that access key",
        Refusal::Expired => "the signature is too old, or from the future",
        Refusal::Mismatch => "the signature, or the secret, is another one",
    };
    ApiError::new(StatusCode::UNAUTHORIZED, "not-believed", why).hint(
        "sign as for AWS (`curl --aws-sigv4 aws:amz:us-east-1:egret -u KEY:SECRET`), or give the \
         key and its secret as a user and password",
    )
}

/// What was asked, and when.
struct Asked {
    action: String,
    start: Instant,
}

impl Asked {
    fn of(request: &Request) -> Asked {
        // The route, not the path: there are as many actions as routes, whatever is asked.
        let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
        let action = match (path, method(request.method())) {
            (Some(path), Some(method)) => format!("{method} {path}"),
            _ => "unknown".to_owned(),
        };
        Asked { action, start: Instant::now() }
    }

    fn note(self, shared: &Shared, mut response: Response) -> Response {
        let (status, took) = (response.status(), self.start.elapsed());
        shared.metrics.requests.answered("Egret", &self.action, status.as_u16(), took);
        tracing::info!(
            service = "Egret",
            action = self.action,
            status = status.as_u16(),
            micros = took.as_micros() as u64,
            "request"
        );
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::try_from(aws::request_id()) {
            headers.insert("x-amzn-requestid", id);
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"egret\""),
            );
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// A method's name; of what clients make up there is no end.
fn method(method: &Method) -> Option<&'static str> {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    known.into_iter().find(|name| *name == method.as_str())
}

/// What the document says of it.
pub(super) struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut OpenApi) {
        let basic = HttpBuilder::new().scheme(HttpAuthScheme::Basic).description(Some(
            "With --credentials only: an access key and its secret; or a signature (AWS's version \
             4, of any service) in the same header",
        ));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("key", SecurityScheme::Http(basic.build()));
    }
}
