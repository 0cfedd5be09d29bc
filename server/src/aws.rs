//! From a request's bytes to an answer's: which service it is for, and in which protocol.
//!
//! EC2 and STS take forms and answer in XML; App Runner takes and gives JSON, and says its action in a
//! header. No socket here: [`crate::http`] has those.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode};

use crate::control_plane::ControlPlane;
use crate::error::AwsError;
use crate::protocol::query::Parameters;
use crate::protocol::xml;
use crate::sigv4::Refusal;
use crate::{app_runner, ec2, sts};

/// The services that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// App Runner.
    AppRunner,
    /// EC2.
    Ec2,
    /// STS.
    Sts,
}

impl Service {
    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Service::AppRunner => "AppRunner",
            Service::Ec2 => "EC2",
            Service::Sts => "STS",
        }
    }
}

/// A request for one of them.
#[derive(Debug)]
pub struct Request {
    /// Whom it is for.
    pub service: Service,
    /// What it asks for.
    pub action: String,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Json(Vec<u8>),
    Form(Parameters),
}

/// An answer, ready to be sent.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The media type.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
    /// AWS's code, of an error.
    pub error: Option<String>,
    /// The account's revision that has what the request did, or that it read.
    pub revision: Option<u64>,
}

const JSON: &str = "application/x-amz-json-1.0";
const XML: &str = "text/xml;charset=UTF-8";
/// App Runner's actions are `AppRunner.CreateService` in the header `X-Amz-Target`.
const TARGET: &str = "AppRunner.";

impl Request {
    /// Reads a request.
    ///
    /// # Errors
    /// When it cannot be told whom it is for, with an answer as that service would give it, as far as
    /// that is known.
    pub fn read(headers: &HeaderMap, query: &str, body: Vec<u8>) -> Result<Request, Box<Answer>> {
        match header(headers, "x-amz-target") {
            Some(target) => {
                Request::of_app_runner(target, body).map_err(|error| Box::new(json_error(&error)))
            }
            None => Request::of_form(headers, query, &body)
                .map_err(|(service, error)| Box::new(xml_error(service, &error, &request_id()))),
        }
    }

    fn of_app_runner(target: &str, body: Vec<u8>) -> Result<Request, AwsError> {
        let Some(action) = target.strip_prefix(TARGET) else {
            tracing::warn!(target, "this service is not implemented");
            return Err(AwsError::new("UnknownOperationException", ""));
        };
        Ok(Request {
            service: Service::AppRunner,
            action: action.to_owned(),
            body: Body::Json(body),
        })
    }

    fn of_form(
        headers: &HeaderMap,
        query: &str,
        body: &[u8],
    ) -> Result<Request, (Service, AwsError)> {
        let malformed = || AwsError::new("MalformedQueryString", "The request is not UTF-8.");
        let signed_for = signed_for(headers, query);
        let as_ec2 = |error| (signed_for.unwrap_or(Service::Ec2), error);
        let form = std::str::from_utf8(body).map_err(|_| as_ec2(malformed()))?;
        let form = if form.is_empty() { query } else { form };
        let mut parameters = Parameters::parse(form).map_err(as_ec2)?;
        let version = parameters.take("Version");
        let service = match version.as_deref() {
            Some("2011-06-15") => Service::Sts,
            Some("2016-11-15") => Service::Ec2,
            _ => signed_for.unwrap_or(Service::Ec2),
        };
        for name in
            ["AWSAccessKeyId", "SignatureMethod", "SignatureVersion", "Signature", "Timestamp"]
        {
            parameters.take(name);
        }
        for name in [
            "X-Amz-Algorithm",
            "X-Amz-Credential",
            "X-Amz-Date",
            "X-Amz-Expires",
            "X-Amz-Security-Token",
            "X-Amz-Signature",
            "X-Amz-SignedHeaders",
            "adopted",
        ] {
            parameters.take(name);
        }
        let Some(action) = parameters.take("Action") else {
            let message = "The request must contain the parameter Action";
            return Err((service, AwsError::new("MissingAction", message)));
        };
        Ok(Request { service, action, body: Body::Form(parameters) })
    }

    /// Does what it asks for.
    pub async fn run(self, plane: &Arc<ControlPlane>) -> Answer {
        let id = request_id();
        match (self.service, self.body) {
            (Service::AppRunner, Body::Json(body)) => {
                match app_runner::run(plane, &self.action, &body).await {
                    Ok((body, revision)) => ok(JSON, body, revision),
                    Err(error) => json_error(&error),
                }
            }
            (service, Body::Form(parameters)) => {
                let members = match service {
                    Service::Sts => sts::run(plane, &self.action, parameters),
                    _ => ec2::run(plane, &self.action, parameters).await,
                };
                match members {
                    Ok((members, revision)) => {
                        ok(XML, xml_answer(service, &self.action, &members, &id), revision)
                    }
                    Err(error) => xml_error(service, &error, &id),
                }
            }
            (service, Body::Json(_)) => unreachable!("{service:?} takes forms"),
        }
    }
}

/// The service that a request is for, as far as its headers tell.
pub fn asked(headers: &HeaderMap) -> Service {
    match signed_for(headers, "") {
        _ if headers.contains_key("x-amz-target") => Service::AppRunner,
        Some(service) => service,
        None => Service::Ec2,
    }
}

/// An error in a service's own words.
pub fn error_for(service: Service, error: &AwsError) -> Answer {
    match service {
        Service::AppRunner => json_error(error),
        _ => xml_error(service, error, &request_id()),
    }
}

/// Why a request is not believed, in the words of the service that it is for.
pub fn disbelieved(headers: &HeaderMap, refusal: Refusal) -> Answer {
    let service = asked(headers);
    let (code, message) = match (service, refusal) {
        (Service::Ec2, Refusal::Expired) => ("RequestExpired", "Request has expired."),
        (Service::Ec2, _) => {
            ("AuthFailure", "AWS was not able to validate the provided access credentials")
        }
        (Service::AppRunner, Refusal::Unsigned) => {
            ("MissingAuthenticationTokenException", "Missing Authentication Token")
        }
        (Service::Sts, Refusal::Unsigned) => {
            ("MissingAuthenticationToken", "Request is missing Authentication Token")
        }
        (Service::AppRunner, Refusal::UnknownKey) => (
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        (Service::Sts, Refusal::UnknownKey) => {
            ("InvalidClientTokenId", "The security token included in the request is invalid.")
        }
        (Service::AppRunner, Refusal::Malformed) => {
            ("IncompleteSignatureException", "The Authorization header is not as it should be.")
        }
        (Service::Sts, Refusal::Malformed) => {
            ("IncompleteSignature", "The Authorization header is not as it should be.")
        }
        (Service::AppRunner, Refusal::Expired) => {
            ("InvalidSignatureException", "Signature expired: it is good for 5 minutes.")
        }
        (Service::Sts, Refusal::Expired) => {
            ("SignatureDoesNotMatch", "Signature expired: it is good for 5 minutes.")
        }
        (Service::AppRunner, Refusal::Mismatch) => ("InvalidSignatureException", MISMATCH),
        (Service::Sts, Refusal::Mismatch) => ("SignatureDoesNotMatch", MISMATCH),
    };
    let status = match service {
        Service::AppRunner => 400,
        Service::Ec2 => 401,
        Service::Sts => 403,
    };
    error_for(service, &AwsError::new(code, message).with_status(status))
}

const MISMATCH: &str = "The request signature we calculated does not match the signature you \
                        provided. Check your AWS Secret Access Key and signing method.";

/// The service that a request's signature is for.
fn signed_for(headers: &HeaderMap, query: &str) -> Option<Service> {
    let scope = header(headers, "authorization").unwrap_or(query);
    let is = |name: &str| {
        scope.contains(&format!("/{name}/aws4_request"))
            || scope.contains(&format!("%2F{name}%2Faws4_request"))
    };
    [("sts", Service::Sts), ("ec2", Service::Ec2), ("apprunner", Service::AppRunner)]
        .into_iter()
        .find_map(|(name, service)| is(name).then_some(service))
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn ok(content_type: &'static str, body: String, revision: u64) -> Answer {
    Answer { status: StatusCode::OK, content_type, body, error: None, revision: Some(revision) }
}

fn xml_answer(service: Service, action: &str, members: &str, id: &str) -> String {
    match service {
        Service::Sts => format!(
            "<{action}Response xmlns=\"{}\"><{action}Result>{members}</{action}Result>\
             <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{action}Response>",
            sts::NAMESPACE
        ),
        _ => format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{action}Response xmlns=\"{}\">\
             <requestId>{id}</requestId>{members}</{action}Response>",
            ec2::NAMESPACE
        ),
    }
}

/// An error in the words of a service that answers in XML.
pub fn xml_error(service: Service, error: &AwsError, id: &str) -> Answer {
    let mut what = String::new();
    xml::write_text(&mut what, "Code", &error.code);
    xml::write_text(&mut what, "Message", &error.message);
    let body = match service {
        Service::Sts => format!(
            "<ErrorResponse xmlns=\"{}\"><Error><Type>Sender</Type>{what}</Error>\
             <RequestId>{id}</RequestId></ErrorResponse>",
            sts::NAMESPACE
        ),
        _ => format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>{what}</Error>\
             </Errors><RequestID>{id}</RequestID></Response>"
        ),
    };
    failed(error, XML, body)
}

/// An error in App Runner's words.
pub fn json_error(error: &AwsError) -> Answer {
    let body = serde_json::json!({ "__type": error.code, "Message": error.message });
    failed(error, JSON, body.to_string())
}

fn failed(error: &AwsError, content_type: &'static str, body: String) -> Answer {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
    Answer { status, content_type, body, error: Some(error.code.to_string()), revision: None }
}

/// An id by which an answer is found in the log.
pub fn request_id() -> String {
    let (high, low) = (fastrand::u64(..), fastrand::u64(..));
    let hex = format!("{high:016x}{low:016x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
