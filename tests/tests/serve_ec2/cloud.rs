//! A new account, its running dataplane, and clients of both: what tests of `egret serve` share.
//!
//! After each change they ask explain and send a packet, and the two must agree.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use egret_control::explain::Outcome;
use egret_control::explain::resolve::Request;
use egret_dataplane::packet::Protocol;
use egret_dataplane::snapshot::Snapshot;
use egret_dataplane::verdict::Verdict;
use egret_server::account::rules::Rules;
use egret_server::control_plane::ControlPlane;
use egret_server::engine::Judged;
use egret_server::error::AwsError;
use egret_server::protocol::query::Parameters;
use egret_server::serve::{Options, Server};
use egret_server::{analyst, app_runner, ec2};
use egret_tests::net::{interface_name, sender};
use egret_tests::packet::{read, syn};
use egret_tests::probe::Source;
use serde_json::{Value, json};

/// The service that sends.
const SERVICE: &str = "website";
/// A host of the internet.
pub(super) const OUTSIDE: &str = "203.0.113.10:443";

/// A new account, and a running dataplane.
pub(super) struct Cloud {
    pub(super) plane: Arc<ControlPlane>,
    _server: Server,
    /// Each packet begins a flow of its own: one that is tracked outlives its rule.
    port: AtomicU16,
}

impl Cloud {
    pub(super) async fn start() -> Cloud {
        Cloud::start_with(None).await
    }

    /// With a folder that stands for S3.
    pub(super) async fn start_with(s3: Option<PathBuf>) -> Cloud {
        let operation_time = Duration::from_millis(1);
        let rules = Rules { operation_time, s3, ..Rules::default() };
        let options = Options { rules, workers: 2, ..Options::default() };
        let server = Server::start(options).await.expect("a server");
        let plane = Arc::clone(&server.plane);
        let clock = Arc::clone(&plane);
        tokio::spawn(async move { clock.keep_time().await });
        tokio::spawn(analyst::work(Arc::clone(&plane)));
        Cloud { plane, _server: server, port: AtomicU16::new(20_000) }
    }

    /// Asks EC2, and waits until the workers have what came of it.
    pub(super) async fn ask(&self, action: &str, form: &str) -> Result<String, AwsError> {
        let parameters = Parameters::parse(form).expect("a form");
        let (members, revision) = ec2::run(&self.plane, action, parameters).await?;
        let progress = self.plane.adopted(revision).await;
        assert_eq!(progress.problem, None, "{action} {form}");
        Ok(members)
    }

    /// The text of an element of the answer.
    pub(super) async fn made(&self, action: &str, form: &str, element: &str) -> String {
        let members = self.ask(action, form).await;
        let members = members.unwrap_or_else(|error| panic!("{action} {form}: {error}"));
        text(&members, element)
    }

    pub(super) async fn done(&self, action: &str, form: &str) {
        self.ask(action, form).await.unwrap_or_else(|error| panic!("{action} {form}: {error}"));
    }

    pub(super) async fn refused(&self, action: &str, form: &str) -> String {
        self.ask(action, form).await.expect_err("an error").code.into_owned()
    }

    /// Waits until an answer is as it should be.
    pub(super) async fn until(&self, action: &str, form: &str, is: impl Fn(&str) -> bool) {
        for _ in 0..2_000 {
            if self.ask(action, form).await.is_ok_and(|members| is(&members)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("{action} {form} does not come to that");
    }

    pub(super) async fn nat_until(&self, id: &str, state: &str) {
        let (form, shows) = (format!("NatGatewayId.1={id}"), format!("<state>{state}</state>"));
        self.until("DescribeNatGateways", &form, |xml| xml.contains(&shows)).await;
    }

    /// A service that leaves by this subnet.
    pub(super) async fn service(&self, subnet: &str) {
        let request = json!({ "VpcConnectorName": "connector", "Subnets": [subnet] });
        let made = self.app_runner("CreateVpcConnector", &request).await;
        let arn = &made["VpcConnector"]["VpcConnectorArn"];
        let image = json!({ "ImageIdentifier": "public.ecr.aws/a/b:c",
            "ImageRepositoryType": "ECR_PUBLIC" });
        let egress = json!({ "EgressType": "VPC", "VpcConnectorArn": arn });
        let request = json!({
            "ServiceName": SERVICE,
            "SourceConfiguration": { "ImageRepository": image },
            "NetworkConfiguration": { "EgressConfiguration": egress },
        });
        let made = self.app_runner("CreateService", &request).await;
        let arn = json!({ "ServiceArn": made["Service"]["ServiceArn"] });
        while self.app_runner("DescribeService", &arn).await["Service"]["Status"] != "RUNNING" {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    pub(super) async fn app_runner(&self, action: &str, request: &Value) -> Value {
        let answer = app_runner::run(&self.plane, action, request.to_string().as_bytes()).await;
        let (answer, revision) = answer.unwrap_or_else(|error| panic!("{action}: {error}"));
        self.plane.adopted(revision).await;
        serde_json::from_str(&answer).expect("JSON")
    }

    /// Where a connection of the service to this destination arrives, or the reason for which it is
    /// dropped: by explain and by a packet.
    pub(super) async fn way(&self, to: &str) -> Result<String, String> {
        let explained = self.explained(to);
        let judged = self.sent(to).await;
        let running = self.plane.engine.running();
        let sent = in_words(&running.compilation.snapshot, &judged);
        assert_eq!(explained.is_ok(), sent.is_ok(), "{explained:?} {sent:?}");
        assert_eq!(explained.err(), sent.clone().err());
        sent
    }

    /// The source address that the service's packets have outside; `None` when they are dropped.
    pub(super) async fn source(&self) -> Option<String> {
        self.way(OUTSIDE).await.ok()?;
        Some(read(&self.sent(OUTSIDE).await.bytes).src.to_string())
    }

    fn explained(&self, to: &str) -> Result<(), String> {
        let request = Request {
            from: SERVICE.to_owned(),
            to: to.to_owned(),
            protocol: Protocol::TCP,
            source_port: None,
            icmp: (8, 0),
            all: false,
        };
        let explanation = self.plane.engine.running().explain(&request).expect("a sender");
        match (explanation.outcome, explanation.denials.first()) {
            (Outcome::Dropped, Some(denial)) => Err(denial.drop.reason.name().to_owned()),
            _ => Ok(()),
        }
    }

    /// A packet that begins a flow of its own.
    pub(super) async fn sent(&self, to: &str) -> Judged {
        let source = Source::Task { service: SERVICE.to_owned(), number: 0 };
        let (interface, src) = sender(&self.plane.engine.running().compilation.snapshot, &source);
        let port = self.port.fetch_add(1, Ordering::Relaxed);
        let bytes = syn(to).port(port).bytes(src);
        self.plane.engine.send(interface, bytes).await.expect("a verdict")
    }
}

fn in_words(snapshot: &Snapshot, judged: &Judged) -> Result<String, String> {
    match &judged.verdict {
        Verdict::Forward(interface) => Ok(interface_name(snapshot, *interface)),
        Verdict::Drop(drop) => Err(drop.reason.name().to_owned()),
        other => panic!("{other:?}"),
    }
}

/// The text of the first such element.
pub(super) fn text(xml: &str, element: &str) -> String {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let from = xml.find(&open).unwrap_or_else(|| panic!("no {element} in {xml}")) + open.len();
    let to = from + xml[from..].find(&close).expect("an end");
    xml[from..to].to_owned()
}
