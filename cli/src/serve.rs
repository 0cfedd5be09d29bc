//! `egret serve`: an account that AWS clients talk to, and packets that go where it says.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use egret_control::written::Scalar;
use egret_dataplane::time::Duration;
use egret_server::account::Identity;
use egret_server::account::rules::{Quotas, Rules};
use egret_server::engine::traffic::workload::Script;
use egret_server::serve::{Options, ServeError, Server, bind};
use egret_server::sigv4::Credentials;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::input::{self, Input, Loaded};
use crate::{Exit, terminal};

/// Serves App Runner, EC2's networking and STS to AWS clients, and runs the dataplane that they
/// program.
///
/// Point a client at it by AWS_ENDPOINT_URL=http://127.0.0.1:4566. What it does is logged to standard
/// error; RUST_LOG says how much.
///
/// Exit codes: 0 stopped by a signal, 2 bad input, 3 the address or the data folder cannot be had.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen. Anyone who reaches it can use it, unless --credentials is given.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4566")]
    listen: SocketAddr,

    /// Keep the account in this folder, and go on with it if it is there. In memory without.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// The folder that stands for Amazon S3: what CreateFlowLogs records is written there. DIR/s3 of
    /// --data without it.
    #[arg(long, value_name = "DIR")]
    s3: Option<PathBuf>,

    /// Begin with this cloud: a scenario file, its folder, or JSON as `aws ec2 describe-*` prints it.
    /// Without one, an account begins with a default VPC.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,

    /// Believe only who signs with a key of this file, written as AWS's own ~/.aws/credentials.
    /// Without it, everybody is believed.
    #[arg(long, value_name = "FILE")]
    credentials: Option<PathBuf>,

    /// Workers of the dataplane, a thread each.
    #[arg(long, value_name = "N", default_value_t = 2)]
    workers: usize,

    /// How long operations of App Runner take, such as `1s` or `3m`.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    operation_time: Duration,

    /// Let the account have as much of everything as it likes.
    #[arg(long)]
    no_quotas: bool,

    /// What ids are made from: the same seed and requests make the same ids.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// How to log.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    log: LogFormat,
}

/// How to log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum LogFormat {
    /// A line each.
    #[default]
    Text,
    /// A JSON object each.
    Json,
}

impl Serve {
    pub(crate) fn run(self) -> io::Result<Exit> {
        self.log_to_stderr();
        let scenario = match self.scenario() {
            Ok(scenario) => scenario,
            Err(exit) => return exit,
        };
        let credentials = match self.credentials() {
            Ok(credentials) => credentials,
            Err(message) => {
                terminal::complain(&format!("error: {message}\n"))?;
                return Ok(Exit::BadInput);
            }
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        match runtime.block_on(self.serve(scenario, credentials)) {
            Ok(()) => Ok(Exit::Fine),
            Err(error) => {
                terminal::complain(&format!("error: {error}\n"))?;
                Ok(if matches!(error, ServeError::Engine(_)) {
                    Exit::BadInput
                } else {
                    Exit::Failed
                })
            }
        }
    }

    fn scenario(&self) -> Result<Option<Loaded>, io::Result<Exit>> {
        let Some(path) = &self.scenario else { return Ok(None) };
        match Input::of(path).load() {
            Ok(loaded) => {
                input::show(&loaded.warnings, &loaded.model.sources).map_err(Err)?;
                Ok(Some(loaded))
            }
            Err(rejection) => {
                let shown = input::show(&rejection.findings, &rejection.sources);
                Err(shown.map(|()| Exit::BadInput))
            }
        }
    }

    fn credentials(&self) -> Result<Option<Credentials>, String> {
        let Some(path) = &self.credentials else { return Ok(None) };
        let at = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| format!("{at}: {error}"))?;
        Credentials::parse(&text).map(Some).map_err(|error| format!("{at}:{error}"))
    }

    fn log_to_stderr(&self) {
        let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
        // A second call, in a test, finds the first one's.
        let _ = match self.log {
            LogFormat::Text => log.with_ansi(terminal::is_fancy()).try_init(),
            LogFormat::Json => log.json().try_init(),
        };
    }

    async fn serve(
        self,
        scenario: Option<Loaded>,
        credentials: Option<Credentials>,
    ) -> Result<(), ServeError> {
        let listener = bind(self.listen).await?;
        let rules = Rules {
            quotas: if self.no_quotas { Quotas::unlimited() } else { Quotas::default() },
            operation_time: std::time::Duration::from_nanos(self.operation_time.0),
            s3: self.s3.clone().or_else(|| Some(self.data.as_ref()?.join("s3"))),
            ..Rules::default()
        };
        let (scenario, plan) = scenario.map(|loaded| (loaded.model, loaded.plan)).unzip();
        let options = Options {
            data: self.data.clone(),
            scenario,
            script: Script::of(plan.unwrap_or_default()),
            identity: Identity { seed: self.seed, ..Identity::default() },
            rules,
            workers: self.workers.clamp(1, 64),
            credentials,
            ..Options::default()
        };
        let server = Server::start(options).await?;
        self.say(&server, listener.local_addr().unwrap_or(self.listen));
        server.serve(listener, stopped()).await;
        tracing::info!("stopped");
        Ok(())
    }

    fn say(&self, server: &Server, at: SocketAddr) {
        match &self.data {
            None => tracing::warn!("the account is kept in memory only: --data keeps it on disk"),
            Some(folder) if server.resumed => {
                tracing::info!(folder = %folder.display(), "the account goes on");
                if self.scenario.is_some() {
                    tracing::warn!(
                        "the account was there: of --scenario only hosts, settings and traffic \
                         are used"
                    );
                }
            }
            Some(folder) => tracing::info!(folder = %folder.display(), "a new account"),
        }
        match &self.credentials {
            None => tracing::info!("signatures are not checked: --credentials has them checked"),
            Some(_) => tracing::info!("signatures are checked"),
        }
        if !at.ip().is_loopback() && self.credentials.is_none() {
            tracing::warn!("whoever reaches {at} can use it: --credentials says who may");
        }
        tracing::info!("listening on http://{at}");
    }
}

/// When the process is told to stop.
async fn stopped() {
    let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    match (terminate, interrupt) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        // Without signals there is nothing to wait for.
        _ => std::future::pending().await,
    }
}

/// `1s`, `10m`.
fn duration(text: &str) -> Result<Duration, String> {
    let parsed = Duration::parse(text).map(|(duration, _)| duration);
    parsed.map_err(|_| "write a time with its unit: `500ms`, `90s`, `10m`, `1h`".to_owned())
}
