//! Requests that a client may send twice: the second one gets the answer of the first.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::change::Change;
use super::table::Row;
use super::timers::Due;

/// How long a token is remembered.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// A request with a `ClientToken` that was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientToken {
    /// A hash of the request.
    pub request: u64,
    /// The answer.
    pub answer: String,
}

impl Row for ClientToken {
    const KIND: &'static str = "client-token";
}

impl Change<'_> {
    /// Remembers an answer for a day.
    pub fn remember(&mut self, key: &str, request: u64, answer: &str) {
        let answer = answer.to_owned();
        self.client_tokens.insert(key, ClientToken { request, answer });
        self.schedule(self.now + REMEMBERED, Due::ClientToken(key.to_owned()));
    }
}
