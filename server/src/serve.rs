//! From options to a running server: the store is read, the account compiled, the address bound.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, RwLock};

use egret_control::model::Model;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::account::rules::Rules;
use crate::account::time::Timestamp;
use crate::account::{Account, Identity};
use crate::analyst;
use crate::api::LISTENERS;
use crate::control_plane::ControlPlane;
use crate::engine::traffic::workload::Script;
use crate::engine::{Engine, StartError, Surroundings};
use crate::events;
use crate::http::{self, Limits, Shared};
use crate::scribe;
use crate::sigv4::Credentials;
use crate::store::{Store, StoreError};

/// What to serve, and where.
#[derive(Debug, Default)]
pub struct Options {
    /// Where to keep the account; `None` keeps it in memory.
    pub data: Option<PathBuf>,
    /// The cloud to begin with; without one, an account with a default VPC.
    pub scenario: Option<Model>,
    /// What the scenario sends, when it is asked for.
    pub script: Script,
    /// Whose account it is, if it is a new one.
    pub identity: Identity,
    /// What holds for it.
    pub rules: Rules,
    /// Workers of the dataplane.
    pub workers: usize,
    /// What clients may ask.
    pub limits: Limits,
    /// Who may ask; without any, everybody.
    pub credentials: Option<Credentials>,
}

/// Why it does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be had.
    #[error("{0} cannot be listened on: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The store cannot be had.
    #[error("the account cannot be kept in {0}: {1}")]
    Store(PathBuf, StoreError),
    /// The first change cannot be stored.
    #[error("the account cannot be stored: {0}")]
    Begin(String),
    /// The dataplane does not start.
    #[error(transparent)]
    Engine(#[from] StartError),
}

/// A server that is about to serve.
pub struct Server {
    /// What all APIs work on.
    pub plane: Arc<ControlPlane>,
    /// Whether the account was there already.
    pub resumed: bool,
    limits: Limits,
    credentials: Option<Arc<Credentials>>,
}

impl Server {
    /// Reads or makes the account, and starts the dataplane on it.
    ///
    /// # Errors
    /// See [`ServeError`].
    pub async fn start(options: Options) -> Result<Server, ServeError> {
        let Options { data, scenario, identity, mut rules, workers, limits, .. } = options;
        let mut surroundings = scenario.as_ref().map(Surroundings::of).unwrap_or_default();
        surroundings.script = options.script;
        rules.settings = surroundings.settings.clone();
        rules.foreign = surroundings.public_addresses();
        let (store, stored) = match &data {
            Some(folder) => {
                Store::open(folder).map_err(|error| ServeError::Store(folder.clone(), error))?
            }
            None => (Store::in_memory(), None),
        };
        let resumed = stored.is_some();
        let mut account = match stored {
            Some(account) => account,
            None => begin(&store, identity, scenario.as_ref()).await?,
        };
        account.rules = Arc::new(rules);
        let seed = account.identity.seed;
        let account = Arc::new(RwLock::new(account));
        let engine = Engine::start(&account, surroundings, workers, seed)?;
        let plane = Arc::new(ControlPlane::new(account, store, engine));
        let credentials = options.credentials.map(Arc::new);
        Ok(Server { plane, resumed, limits, credentials })
    }

    /// Serves until told to stop.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let plane = Arc::clone(&self.plane);
        let clock = tokio::spawn(async move { plane.keep_time().await });
        let analyst = tokio::spawn(analyst::work(Arc::clone(&self.plane)));
        let scribe = tokio::spawn(scribe::work(Arc::clone(&self.plane)));
        let watch = tokio::spawn(events::watch(Arc::clone(&self.plane)));
        let plane = Arc::clone(&self.plane);
        let (stopping, is_stopping) = watch::channel(false);
        let shared = Shared {
            metrics: Arc::clone(&self.plane.metrics),
            plane: self.plane,
            limits: self.limits,
            credentials: self.credentials,
            listeners: Arc::new(Semaphore::new(LISTENERS)),
            stopping: is_stopping,
        };
        let stop = async {
            stop.await;
            // Whoever listens to events would do so for ever.
            let _ = stopping.send(true);
        };
        http::serve(listener, shared, stop).await;
        [clock, analyst, scribe, watch].iter().for_each(JoinHandle::abort);
        scribe::close(&plane);
    }
}

/// Binds an address.
///
/// # Errors
/// [`ServeError::Listen`].
pub async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|error| ServeError::Listen(address, error))
}

/// A new account: the scenario's network, or a default VPC. It is stored before anything else is.
async fn begin(
    store: &Store,
    mut identity: Identity,
    scenario: Option<&Model>,
) -> Result<Account, ServeError> {
    if let Some(model) = scenario {
        identity.region.clone_from(&model.region);
    }
    let begun = store.begin(&identity);
    let mut account = Account::new(identity);
    let accepted =
        account.change(Timestamp::now(), |change| -> Result<(), std::convert::Infallible> {
            match scenario {
                Some(model) => change.import(model),
                None => drop(change.make_default_vpc()),
            }
            change.make_aws_prefix_lists();
            Ok(())
        });
    let Ok(accepted) = accepted;
    let stored = store.submit(accepted.revision, accepted.writes);
    begun.durable().await.map_err(ServeError::Begin)?;
    stored.durable().await.map_err(ServeError::Begin)?;
    Ok(account)
}
