//! What all APIs work on: the account, its store and the dataplane that follows it.
//!
//! A change is accepted under one lock, takes effect in the order in which it was accepted, and is on
//! disk before its answer. A read sees what was accepted.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::account::Account;
use crate::account::change::{Accepted, Change};
use crate::account::time::Timestamp;
use crate::engine::{Engine, Progress};
use crate::error::{AwsError, Result};
use crate::events::Events;
use crate::metrics::Metrics;
use crate::store::{Committed, Store, Ticket};

/// The account, its store and the dataplane that follows it.
pub struct ControlPlane {
    account: Arc<RwLock<Account>>,
    store: Store,
    /// The running dataplane.
    pub engine: Engine,
    /// What happens is told here.
    pub events: Events,
    /// And counted here.
    pub metrics: Arc<Metrics>,
    /// Something may be due earlier than it was.
    due: Notify,
    clock: fn() -> Timestamp,
}

/// What an accepted change came to.
#[derive(Debug)]
pub struct Done<T> {
    /// What came of it.
    pub value: T,
    /// The account's revision that has it.
    pub revision: u64,
    ticket: Ticket,
}

impl ControlPlane {
    /// Puts the parts together.
    pub fn new(account: Arc<RwLock<Account>>, store: Store, engine: Engine) -> ControlPlane {
        let (due, clock) = (Notify::new(), Timestamp::now as fn() -> Timestamp);
        let (events, metrics) = (Events::default(), Arc::default());
        ControlPlane { account, store, engine, events, metrics, due, clock }
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Reads the account.
    pub fn read<T>(&self, read: impl FnOnce(&Account) -> T) -> T {
        read(&self.account.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the account. The change is accepted when this returns, and durable after
    /// [`durable`](Self::durable).
    ///
    /// # Errors
    /// What the change says. Then nothing has changed.
    pub fn accept<T>(&self, run: impl FnOnce(&mut Change<'_>) -> Result<T>) -> Result<Done<T>> {
        let mut account = self.account.write().unwrap_or_else(PoisonError::into_inner);
        let Accepted { value, revision, writes } = account.change(self.now(), run)?;
        if writes.is_empty() {
            return Ok(Done { value, revision, ticket: Ticket::DONE });
        }
        // Under the lock: changes are stored in their order.
        let ticket = self.store.submit(revision, writes);
        drop(account);
        self.engine.follow(revision);
        self.metrics.accepted.inc();
        self.events.accepted(revision);
        self.due.notify_one();
        Ok(Done { value, revision, ticket })
    }

    /// Runs a change, and takes it back whatever came of it: AWS's `DryRun`.
    ///
    /// # Errors
    /// What the change says.
    pub fn try_out<T>(&self, run: impl FnOnce(&mut Change<'_>) -> Result<T>) -> Result<T> {
        let mut account = self.account.write().unwrap_or_else(PoisonError::into_inner);
        account.try_out(self.now(), run)
    }

    /// Waits until an accepted change is on disk.
    ///
    /// # Errors
    /// `InternalFailure` when it cannot be stored. From then on nothing can.
    pub async fn durable<T>(&self, done: Done<T>) -> Result<(T, u64)> {
        let start = Instant::now();
        match done.ticket.durable().await {
            Ok(()) => {
                self.metrics.commits.observe(start.elapsed().as_secs_f64());
                Ok((done.value, done.revision))
            }
            Err(why) => {
                tracing::error!(why, "a change cannot be stored");
                let message = "The change was not stored; the server's log says why.";
                Err(AwsError::internal("InternalFailure", message))
            }
        }
    }

    /// What was committed since the start.
    pub fn committed(&self) -> &Committed {
        self.store.committed()
    }

    /// Waits until the workers run on a revision.
    pub async fn adopted(&self, revision: u64) -> Progress {
        self.engine.adopted(revision).await
    }

    /// Has happen what is due, for ever.
    pub async fn keep_time(&self) {
        loop {
            let next = self.read(Account::next_due);
            match next.map(|at| at.since(self.now())) {
                Some(Duration::ZERO) => self.happen(),
                Some(wait) => {
                    let _ = tokio::time::timeout(wait, self.due.notified()).await;
                }
                None => self.due.notified().await,
            }
        }
    }

    /// What happens by itself is stored like everything else; nobody waits for it.
    fn happen(&self) {
        let happened = self.accept(|change| {
            for due in change.take_due() {
                crate::due::happen(change, due);
            }
            Ok(())
        });
        if let Err(error) = happened {
            tracing::error!(%error, "what was due did not happen");
        }
    }
}
