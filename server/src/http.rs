//! HTTP: routes, and a limit on everything that a client can make large, many or slow.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use crate::api;
use crate::aws::{self, Answer};
use crate::control_plane::ControlPlane;
use crate::error::AwsError;
use crate::events;
use crate::metrics::Metrics;
use crate::sigv4::Credentials;

/// What a client may ask of the server.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a body.
    pub body: usize,
    /// Headers of a request.
    pub headers: usize,
    /// Connections at once; more wait to be accepted.
    pub connections: usize,
    /// How long a request's headers may take.
    pub head_time: Duration,
    /// How long its body may take.
    pub body_time: Duration,
    /// How long its answer may take.
    pub answer_time: Duration,
    /// How long requests under way may take when the server stops.
    pub drain_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            body: 1 << 20,
            headers: 64,
            connections: 1_024,
            head_time: Duration::from_secs(10),
            body_time: Duration::from_secs(10),
            answer_time: Duration::from_secs(30),
            drain_time: Duration::from_secs(5),
        }
    }
}

/// What handlers share.
#[derive(Clone)]
pub struct Shared {
    /// What all APIs work on.
    pub plane: Arc<ControlPlane>,
    /// What a client may ask.
    pub limits: Limits,
    /// Who may ask; without any, everybody.
    pub credentials: Option<Arc<Credentials>>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Places for those who listen to events.
    pub listeners: Arc<Semaphore>,
    /// Whether the server stops.
    pub stopping: watch::Receiver<bool>,
}

/// All routes.
pub fn router(shared: Shared) -> Router {
    Router::new().route("/", any(answer_aws)).merge(api::router(&shared)).with_state(shared)
}

/// Accepts connections until told to stop, and lets those that are there come to an end.
pub async fn serve(listener: TcpListener, shared: Shared, stop: impl Future<Output = ()>) {
    let limits = shared.limits;
    let open = shared.metrics.connections.clone();
    let service = TowerToHyperService::new(router(shared));
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head_time).max_headers(limits.headers);
    let (graceful, room) = (GracefulShutdown::new(), Arc::new(Semaphore::new(limits.connections)));
    tokio::pin!(stop);
    loop {
        let stream = tokio::select! {
            stream = accept(&listener, &room) => stream,
            () = &mut stop => break,
        };
        let (stream, place) = stream;
        let connection = http.serve_connection(TokioIo::new(stream), service.clone());
        let connection = graceful.watch(connection);
        let open = open.clone();
        open.inc();
        tokio::spawn(async move {
            // A client that goes away in the middle is its own affair.
            let _ = connection.await;
            open.dec();
            drop(place);
        });
    }
    drop(listener);
    let _ = timeout(limits.drain_time, graceful.shutdown()).await;
}

/// The next connection, when there is room for one.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> (TcpStream, tokio::sync::OwnedSemaphorePermit) {
    let place = Arc::clone(room).acquire_owned().await.expect("it is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Answers are small and whole: there is nothing to gather.
                let _ = stream.set_nodelay(true);
                return (stream, place);
            }
            Err(error) => {
                // Out of descriptors, as a rule: it gets better when others close.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// AWS's services: all of them at one address, as clients with `AWS_ENDPOINT_URL` expect.
async fn answer_aws(State(shared): State<Shared>, request: Request) -> Response {
    let start = Instant::now();
    let (parts, body) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let body = match read(body, shared.limits).await {
        Ok(body) => body,
        Err(error) => return respond(refused(&parts.headers, &error), None),
    };
    if let Some(credentials) = &shared.credentials
        && let Err(refusal) = credentials.check(&parts, &body, shared.plane.now())
    {
        tracing::warn!(?refusal, "a request is not believed");
        return respond(aws::disbelieved(&parts.headers, refusal), None);
    }
    let adopted = wants_adoption(&parts.headers, &query);
    let request = match aws::Request::read(&parts.headers, &query, body) {
        Ok(request) => request,
        Err(answer) => return respond(*answer, None),
    };
    let (service, action) = (request.service, request.action.clone());
    let headers = parts.headers;
    let run = events::during(action.clone(), request.run(&shared.plane));
    let answer = timeout(shared.limits.answer_time, run).await;
    let answer = answer.unwrap_or_else(|_| {
        let error = AwsError::internal("InternalFailure", "The request took too long.");
        refused(&headers, &error)
    });
    if answer.status.is_server_error() {
        tracing::error!(?service, action, body = answer.body, "an answer that is Egret's fault");
    }
    tracing::info!(
        ?service,
        action,
        status = answer.status.as_u16(),
        error = answer.error,
        micros = start.elapsed().as_micros() as u64,
        "request"
    );
    shared.metrics.requests.answered(
        service.name(),
        counted_as(&action, &answer),
        answer.status.as_u16(),
        start.elapsed(),
    );
    let epoch = match answer.revision.filter(|_| adopted) {
        Some(revision) => Some(shared.plane.adopted(revision).await.epoch),
        None => None,
    };
    respond(answer, epoch)
}

/// What a request is counted as: of what is not implemented there is no end.
fn counted_as<'a>(action: &'a str, answer: &Answer) -> &'a str {
    let unknown = ["InvalidAction", "UnknownOperationException"];
    match answer.error.as_deref() {
        Some(error) if unknown.contains(&error) => "unknown",
        _ => action,
    }
}

/// `?adopted=true`, or the header for clients that make their own URLs.
fn wants_adoption(headers: &HeaderMap, query: &str) -> bool {
    query.split('&').any(|pair| pair == "adopted=true")
        || headers.get("x-egret-adopted").is_some_and(|value| value == "true")
}

/// A body, within the limits.
pub(crate) async fn read(body: Body, limits: Limits) -> Result<Vec<u8>, AwsError> {
    let slow = || AwsError::new("RequestTimeout", "The request's body took too long.");
    let large = || {
        let message = format!("The request's body has more than {} bytes.", limits.body);
        AwsError::new("RequestEntityTooLarge", message).with_status(413)
    };
    let body = timeout(limits.body_time, to_bytes(body, limits.body)).await;
    body.map_err(|_| slow())?.map(Vec::from).map_err(|_| large())
}

/// An error before it is known what was asked.
fn refused(headers: &HeaderMap, error: &AwsError) -> Answer {
    aws::error_for(aws::asked(headers), error)
}

fn respond(answer: Answer, epoch: Option<u32>) -> Response {
    let id = aws::request_id();
    let mut response = (answer.status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    let mut set = |name: &'static str, value: Option<String>| {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    };
    set("x-amzn-requestid", Some(id));
    set("x-egret-revision", answer.revision.map(|revision| revision.to_string()));
    set("x-egret-epoch", epoch.map(|epoch| epoch.to_string()));
    response
}
