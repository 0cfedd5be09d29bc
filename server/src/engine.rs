//! The running dataplane: workers on threads of their own, and the thread that gives them what the
//! account has become.
//!
//! Changes come faster than configurations are compiled, and need not be compiled one by one: the
//! publisher takes the newest account, compiles it, has the workers adopt it, and looks again. So a
//! change takes effect after at most two compilations; whoever wants to know when asks
//! [`Engine::adopted`].

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use egret_control::compile::{Compilation, compile, compile_after};
use egret_control::explain::resolve::{Request, Unresolved, resolve};
use egret_control::explain::{Explanation, Question, World, explain};
use egret_control::finding::{Finding, render};
use egret_control::model::Model;
use egret_control::source::Sources;
use egret_dataplane::counters::Counters;
use egret_dataplane::packet::decode;
use egret_dataplane::snapshot::{Epoch, InterfaceId};
use egret_dataplane::steer::Steering;
use egret_dataplane::threads::{Publisher, Threads};
use egret_dataplane::worker::Limits;
use tokio::sync::{oneshot, watch};

use crate::account::Account;
use crate::account::time::Timestamp;

pub mod flow_pages;
mod lane;
mod observer;
mod surroundings;
pub mod traffic;
pub mod trails;

use flow_pages::{Filter, Page};
use lane::{Burst, Errand, Errands};
pub use lane::{Judged, Shown};
pub(crate) use observer::Finished;
pub use observer::Observer;
pub use surroundings::Surroundings;
use traffic::{NotStarted, Plan, Run, Traffic};

/// What the workers run on.
#[derive(Debug)]
pub struct Running {
    /// The network that was compiled, by which questions about it are read.
    pub model: Model,
    /// The configuration, and the way back from it to names.
    pub compilation: Compilation,
    /// The account's revision that it was compiled from.
    pub revision: u64,
    /// How long that took.
    pub compiled_in: Duration,
    /// How long the workers took to adopt it.
    pub adopted_in: Duration,
}

impl Running {
    /// What happens to a packet, by the dataplane's own code: the library behind `egret explain`.
    ///
    /// # Errors
    /// When it is not clear whose packet, or where to.
    pub fn explain(&self, request: &Request) -> Result<Explanation, Unresolved> {
        Ok(explain(self.world(), self.resolves(request)?))
    }

    /// What a question is about.
    ///
    /// # Errors
    /// When it is not clear whose packet, or where to.
    pub fn resolves(&self, request: &Request) -> Result<Question, Unresolved> {
        resolve(&self.model, &self.compilation.snapshot, request)
    }

    /// What explanations are put into words from.
    pub fn world(&self) -> World<'_> {
        World::new(&self.model.sources, &self.compilation)
    }
}

/// How far the dataplane has followed the account.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// The last revision that was compiled, whatever came of it.
    pub seen: u64,
    /// The last revision that all workers run on.
    pub adopted: u64,
    /// The epoch of the configuration that they run on.
    pub epoch: u32,
    /// Why the last revision does not compile, if it does not: workers stay on the one before.
    pub problem: Option<String>,
}

/// The running dataplane.
pub struct Engine {
    shared: Arc<Shared>,
    publisher: Option<JoinHandle<()>>,
    threads: Option<Threads<Errands>>,
    inboxes: Vec<Sender<Errand>>,
    steering: Steering,
    shown: Vec<Arc<ArcSwap<Shown>>>,
    /// The live traffic.
    pub traffic: Arc<Traffic>,
}

struct Shared {
    surroundings: Surroundings,
    observer: Arc<Observer>,
    wanted: Mutex<Wanted>,
    changed: Condvar,
    running: ArcSwap<Running>,
    progress: watch::Sender<Progress>,
}

/// What the publisher is asked for.
#[derive(Default)]
struct Wanted {
    revision: u64,
    stop: bool,
}

/// Why the dataplane does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The account's network does not compile.
    #[error("the account's network cannot be run:\n{0}")]
    Network(String),
    /// The system gives no threads.
    #[error("the system gives no more threads: {0}")]
    Threads(#[from] std::io::Error),
}

impl Engine {
    /// Compiles the account, starts the workers on it, and follows it from then on.
    ///
    /// # Errors
    /// When the network does not compile, or there are no threads to be had.
    pub fn start(
        account: &Arc<RwLock<Account>>,
        surroundings: Surroundings,
        workers: usize,
        seed: u64,
    ) -> Result<Engine, StartError> {
        let now = copy(account);
        let start = Instant::now();
        let model = surroundings.around(now.model());
        let compilation = compile(&model)
            .map_err(|findings| StartError::Network(in_words(&findings, &surroundings.sources)))?;
        let (revision, compiled_in) = (now.revision, start.elapsed());
        let epoch = compilation.snapshot.epoch.0;
        let snapshot = Arc::new(compilation.snapshot.clone());
        let observer = Arc::new(Observer::default());
        observer.follow(&now, Timestamp::now());
        let steering = Steering::new(workers, seed);
        let shown: Vec<_> =
            (0..workers).map(|_| Arc::new(ArcSwap::from_pointee(Shown::default()))).collect();
        let (inboxes, lanes): (Vec<_>, Vec<_>) = shown
            .iter()
            .map(|shown| {
                let (inbox, errands) = channel();
                let observer = Arc::clone(&observer);
                (inbox, Errands::new(errands, Arc::clone(shown), steering, observer))
            })
            .unzip();
        let threads = Threads::start(&snapshot, Limits::default(), seed, lanes)?;
        let adopted_in = Duration::ZERO;
        let running = Running { model, compilation, revision, compiled_in, adopted_in };
        let progress = Progress { seen: revision, adopted: revision, epoch, problem: None };
        let shared = Arc::new(Shared {
            surroundings,
            observer,
            wanted: Mutex::default(),
            changed: Condvar::new(),
            running: ArcSwap::from_pointee(running),
            progress: watch::Sender::new(progress),
        });
        let traffic = Arc::new(Traffic::new(inboxes.clone()));
        let follow = Follower {
            shared: Arc::clone(&shared),
            account: Arc::clone(account),
            publisher: threads.publisher(),
            traffic: Arc::clone(&traffic),
        };
        let publisher =
            std::thread::Builder::new().name("publisher".to_owned()).spawn(|| follow.run())?;
        let (publisher, threads) = (Some(publisher), Some(threads));
        Ok(Engine { shared, publisher, threads, inboxes, steering, shown, traffic })
    }

    /// The account has changed: it is to be followed.
    pub fn follow(&self, revision: u64) {
        let mut wanted = lock(&self.shared.wanted);
        wanted.revision = wanted.revision.max(revision);
        self.shared.changed.notify_one();
    }

    /// What the workers run on.
    pub fn running(&self) -> Arc<Running> {
        self.shared.running.load_full()
    }

    /// What is around the account.
    pub fn surroundings(&self) -> &Surroundings {
        &self.shared.surroundings
    }

    /// What flow logs see of packets.
    pub fn observer(&self) -> &Observer {
        &self.shared.observer
    }

    /// How far the workers have followed; it can be waited for.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.shared.progress.subscribe()
    }

    /// Waits until the workers run on that revision, or it was found not to compile.
    pub async fn adopted(&self, revision: u64) -> Progress {
        let mut progress = self.progress();
        let reached = progress.wait_for(|progress| progress.seen >= revision).await;
        reached.map(|progress| progress.clone()).unwrap_or_default()
    }

    /// What became of all packets so far, over all workers; a tenth of a second old at most.
    pub fn counters(&self) -> Counters {
        Counters::sum(self.shown().iter().map(|shown| &shown.counters))
    }

    /// What each worker shows of itself; a tenth of a second old at most.
    pub fn shown(&self) -> Vec<Arc<Shown>> {
        self.shown.iter().map(|shown| shown.load_full()).collect()
    }

    /// Starts live traffic: all of the runs, or none.
    ///
    /// # Errors
    /// See [`NotStarted`].
    pub fn start_traffic(&self, plans: Vec<Plan>) -> Result<Vec<Arc<Run>>, NotStarted> {
        let runs = self.traffic.start(&self.running(), plans)?;
        // Another configuration may have come in between.
        self.traffic.aim(&self.running());
        Ok(runs)
    }

    /// Up to `most` flows of a worker, from that place of its table on, those that are wanted.
    /// `None` when there is no such worker, or it is lost.
    pub async fn flows(
        &self,
        worker: usize,
        from: usize,
        most: usize,
        wanted: Filter,
    ) -> Option<Page> {
        let (shown, page) = oneshot::channel();
        let errand = Errand::Flows { from, most, wanted, shown };
        self.inboxes.get(worker)?.send(errand).ok()?;
        page.await.ok()
    }

    /// Sends a packet through the running dataplane. `None` when its worker is lost.
    pub async fn send(&self, interface: InterfaceId, bytes: Vec<u8>) -> Option<Judged> {
        let running = self.running();
        let snapshot = &running.compilation.snapshot;
        let first =
            decode(&bytes).map(|headers| self.steering.first(snapshot, interface, &headers));
        let lane = first.map_or(0, |worker| usize::from(worker.0));
        let (judged, verdicts) = oneshot::channel();
        let burst = Burst { packets: vec![(interface, bytes)], judged };
        self.inboxes[lane].send(Errand::Judge(burst)).ok()?;
        verdicts.await.ok()?.pop()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        lock(&self.shared.wanted).stop = true;
        self.shared.changed.notify_one();
        if let Some(publisher) = self.publisher.take() {
            let _ = publisher.join();
        }
        self.inboxes.clear();
        if let Some(threads) = self.threads.take() {
            threads.stop();
        }
    }
}

/// The thread that follows the account.
struct Follower {
    shared: Arc<Shared>,
    account: Arc<RwLock<Account>>,
    publisher: Publisher,
    traffic: Arc<Traffic>,
}

impl Follower {
    fn run(mut self) {
        let mut seen = self.shared.running.load().revision;
        while self.is_wanted(seen) {
            let account = copy(&self.account);
            seen = account.revision;
            self.shared.observer.follow(&account, Timestamp::now());
            self.publish(&account);
        }
    }

    /// Waits for something new; false when it is time to stop.
    fn is_wanted(&self, seen: u64) -> bool {
        let wanted = lock(&self.shared.wanted);
        let idle = |wanted: &mut Wanted| wanted.revision <= seen && !wanted.stop;
        let wanted = self.shared.changed.wait_while(wanted, idle);
        !wanted.unwrap_or_else(PoisonError::into_inner).stop
    }

    fn publish(&mut self, account: &Account) {
        if account.network <= self.shared.running.load().revision {
            // Packets meet nothing new: the workers run on it already.
            return self.shared.progress.send_modify(|progress| {
                progress.seen = account.revision;
                progress.adopted = account.revision;
            });
        }
        let start = Instant::now();
        let model = self.shared.surroundings.around(account.model());
        let previous = self.shared.running.load_full();
        match compile_after(&model, &previous.compilation) {
            Ok(compilation) => {
                self.adopt(account.revision, model, compilation, start.elapsed());
            }
            Err(findings) => {
                let problem = in_words(&findings, &model.sources);
                tracing::error!(
                    revision = account.revision,
                    problem,
                    "the network does not compile"
                );
                self.shared.progress.send_modify(|progress| {
                    progress.seen = account.revision;
                    progress.problem = Some(problem);
                });
            }
        }
    }

    fn adopt(
        &mut self,
        revision: u64,
        model: Model,
        compilation: Compilation,
        compiled_in: Duration,
    ) {
        let snapshot = Arc::new(compilation.snapshot.clone());
        let Epoch(epoch) = snapshot.epoch;
        let adopted_in = Duration::from_nanos(self.publisher.publish_and_wait(snapshot).0);
        tracing::debug!(revision, epoch, ?compiled_in, ?adopted_in, "adopted");
        let running = Running { model, compilation, revision, compiled_in, adopted_in };
        let running = Arc::new(running);
        self.shared.running.store(Arc::clone(&running));
        self.traffic.aim(&running);
        let progress = Progress { seen: revision, adopted: revision, epoch, problem: None };
        self.shared.progress.send_replace(progress);
    }
}

/// The account as it is: a pointer a row.
fn copy(account: &RwLock<Account>) -> Account {
    account.read().unwrap_or_else(PoisonError::into_inner).clone()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn in_words(findings: &[Finding], sources: &Sources) -> String {
    let errors = findings.iter().filter(|finding| finding.is_error());
    let lines: Vec<String> = errors.map(|finding| render::line(finding, sources)).collect();
    lines.join("\n")
}
