//! Events as they happen, by SSE.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{IntoResponse, sse};
use futures_util::stream::unfold;
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};

use super::error::{ApiError, Failure, Result};
use crate::events::{Event, Numbered};
use crate::http::Shared;

/// Listeners at once.
pub(crate) const LISTENERS: usize = 64;

/// Events as they happen, each with its type as the event's name and its number as the event's id:
/// `accepted`, `adopted`, `not-compiled`, `state`, `verdict`, `drops`; first of all `status`; and `lagged` to who
/// did not keep up, with how many events are lost. The stream ends when the server stops.
#[utoipa::path(
    get, path = "/egret/v1/events", tag = "traffic", security((), ("key" = [])),
    responses(
        (status = 200, description = "Events, for as long as the client listens", body = Event, content_type = "text/event-stream"),
        (status = 401, body = Failure),
        (status = 503, description = "There are too many listeners", body = Failure)
    )
)]
pub(super) async fn events(State(shared): State<Shared>) -> Result<impl IntoResponse> {
    let place = Arc::clone(&shared.listeners).try_acquire_owned().map_err(|_| {
        let message = format!("{LISTENERS} clients listen, and no more may");
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-listeners", message)
    })?;
    let ring = shared.plane.events.listen();
    let progress = shared.plane.engine.progress().borrow().clone();
    let status = Event::Status { epoch: progress.epoch, revision: progress.adopted };
    let listener = Listener { ring, first: Some(status), stopping: shared.stopping, _place: place };
    let stream = unfold(listener, |mut listener| async {
        let event = listener.next().await?;
        Some((Ok::<_, Infallible>(event), listener))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

struct Listener {
    ring: broadcast::Receiver<Arc<Numbered>>,
    first: Option<Event>,
    stopping: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    async fn next(&mut self) -> Option<sse::Event> {
        if let Some(first) = self.first.take() {
            return Some(written(&first));
        }
        tokio::select! {
            biased;
            _ = self.stopping.wait_for(|stopping| *stopping) => None,
            heard = self.ring.recv() => match heard {
                Ok(heard) => Some(written(&heard.event).id(heard.number.to_string())),
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    Some(written(&Event::Lagged { missed }))
                }
                Err(broadcast::error::RecvError::Closed) => None,
            },
        }
    }
}

fn written(event: &Event) -> sse::Event {
    let sse = sse::Event::default().event(event.name());
    sse.data(serde_json::to_string(event).expect("an event is plain data"))
}
