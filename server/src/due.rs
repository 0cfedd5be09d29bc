//! What happens when a timer is due: a line for each kind.

use crate::account::change::Change;
use crate::account::timers::Due;
use crate::app_runner;

/// Has it happen.
pub fn happen(change: &mut Change<'_>, due: Due) {
    match due {
        Due::ClientToken(key) => drop(change.client_tokens.remove(&key)),
        Due::Forget(arn) => change.forget(&arn),
        Due::Operation(id) => app_runner::operations::finish(change, &id),
    }
}
