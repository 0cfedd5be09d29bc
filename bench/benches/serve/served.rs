//! A server on threads of its own, on cores of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use egret_server::account::rules::{Quotas, Rules};
use egret_server::control_plane::ControlPlane;
use egret_server::serve::{Options, Server, bind};
use rustix::thread::{CpuSet, sched_setaffinity};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// A server that runs.
pub(crate) struct Served {
    pub(crate) at: SocketAddr,
    pub(crate) plane: Arc<ControlPlane>,
    /// From the store's opening to the first connection that is accepted.
    pub(crate) started_in: Duration,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Served {
    /// Starts one; with a core, all that it does is done there: the store's and the dataplane's
    /// threads inherit the place.
    pub(crate) fn start(data: Option<&Path>, core: Option<usize>) -> Served {
        let options = options(data);
        let (begun, began) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            if let Some(core) = core {
                pin(core);
            }
            let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
            runtime.expect("a runtime").block_on(async move {
                let start = Instant::now();
                let listener = bind((Ipv4Addr::LOCALHOST, 0).into()).await.expect("a port");
                let server = Server::start(options).await.expect("a server");
                let at = listener.local_addr().expect("an address");
                let plane = Arc::clone(&server.plane);
                begun.send((at, plane, start.elapsed())).expect("somebody waits");
                let stopped = async { drop(stopped.await) };
                server.serve(listener, stopped).await;
            });
        });
        let (at, plane, started_in) = began.recv().expect("it starts");
        Served { at, plane, started_in, stop, thread }
    }

    /// Stops it. What it was told is on disk.
    pub(crate) fn stop(self) {
        drop(self.plane);
        let _ = self.stop.send(());
        self.thread.join().expect("it ends well");
    }
}

fn options(data: Option<&Path>) -> Options {
    let rules = Rules {
        quotas: Quotas::unlimited(),
        operation_time: Duration::from_millis(1),
        ..Rules::default()
    };
    Options { data: data.map(Path::to_owned), rules, workers: 2, ..Options::default() }
}

/// Keeps this thread, and those that it will start, on a core.
pub(crate) fn pin(core: usize) {
    let mut cores = CpuSet::new();
    cores.set(core);
    // A machine of one core has no other: then server and clients share it.
    let _ = sched_setaffinity(None, &cores);
}
