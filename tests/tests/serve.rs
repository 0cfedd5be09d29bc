//! What is programmed by App Runner's API is the way that packets take: the guide's own example, and
//! each change after it, by explain and by packets through the running dataplane.

use std::path::Path;
use std::sync::Arc;

use egret_control::explain::Outcome;
use egret_control::explain::resolve::Request;
use egret_control::import;
use egret_dataplane::packet::Protocol;
use egret_dataplane::snapshot::InterfaceId;
use egret_dataplane::verdict::Verdict;
use egret_server::account::rules::Rules;
use egret_server::app_runner;
use egret_server::control_plane::ControlPlane;
use egret_server::serve::{Options, Server};
use egret_tests::net::sender;
use egret_tests::packet::{read, syn};
use egret_tests::probe::Source;
use serde_json::{Value, json};

const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/18-documentation-example");
const SERVICE: &str = "my-vpc-connected-service";
/// The address of its NAT gateway.
const NAT: &str = "198.51.100.10";

/// A server with the guide's VPC, and nothing of App Runner's.
struct Guide {
    plane: Arc<ControlPlane>,
    _server: Server,
}

impl Guide {
    async fn start() -> Guide {
        let aws = Path::new(GUIDE).join("aws");
        let model = import::read(&[aws]).expect("the guide's VPC").model;
        let operation_time = std::time::Duration::from_millis(1);
        let options = Options {
            scenario: Some(model),
            rules: Rules { operation_time, ..Rules::default() },
            workers: 2,
            ..Options::default()
        };
        let server = Server::start(options).await.expect("a server");
        let plane = Arc::clone(&server.plane);
        let clock = Arc::clone(&plane);
        tokio::spawn(async move { clock.keep_time().await });
        Guide { plane, _server: server }
    }

    async fn ask(&self, action: &str, request: &Value) -> Value {
        let body = request.to_string();
        let answer = app_runner::run(&self.plane, action, body.as_bytes()).await;
        let (answer, revision) = answer.unwrap_or_else(|error| panic!("{action}: {error}"));
        self.plane.adopted(revision).await;
        serde_json::from_str(&answer).expect("JSON")
    }

    /// Asks with one of the guide's files, as it is.
    async fn ask_file(&self, action: &str, file: &str) -> Value {
        let text = std::fs::read_to_string(Path::new(GUIDE).join(file)).expect("a file");
        self.ask(action, &serde_json::from_str(&text).expect("JSON")).await
    }

    /// Waits until a service has come to a state, and the workers with it.
    async fn until(&self, arn: &Value, status: &str) {
        for _ in 0..1_000 {
            let shown = self.ask("DescribeService", &json!({ "ServiceArn": arn })).await;
            if shown["Service"]["Status"] == status {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        panic!("the service has not come to {status}");
    }

    /// The outcome of a packet to there, and the source address that is seen there; `None` when
    /// nobody sends it.
    fn explain(&self, to: &str) -> Option<(Outcome, Option<String>)> {
        let request = Request {
            from: SERVICE.to_owned(),
            to: to.to_owned(),
            protocol: Protocol::TCP,
            source_port: None,
            icmp: (8, 0),
            all: false,
        };
        let explanation = self.plane.engine.running().explain(&request).ok()?;
        Some((explanation.outcome, explanation.source().map(|source| source.to_string())))
    }

    /// The same by a packet through the running dataplane.
    async fn send(&self, to: &str) -> Option<String> {
        let source = Source::Task { service: SERVICE.to_owned(), number: 0 };
        let (interface, src) = sender(&self.plane.engine.running().compilation.snapshot, &source);
        let judged =
            self.plane.engine.send(interface, syn(to).bytes(src)).await.expect("a verdict");
        match judged.verdict {
            Verdict::Forward(InterfaceId::INTERNET) => Some(read(&judged.bytes).src.to_string()),
            Verdict::Forward(_) | Verdict::HandedOver(_) => panic!("{:?}", judged.verdict),
            Verdict::Drop(_) | Verdict::Reply(_) | Verdict::Held => None,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guides_example_is_the_way_that_packets_take() {
    let guide = Guide::start().await;
    assert_eq!(guide.explain("203.0.113.10:443"), None, "there is no service yet");
    let connector = guide.ask_file("CreateVpcConnector", "vpc-connector.json").await;
    let made = guide.ask_file("CreateService", "service.json").await;
    let arn = &made["Service"]["ServiceArn"];
    guide.until(arn, "RUNNING").await;

    // By the NAT gateway, and only what the groups allow.
    let by_nat = Some((Outcome::Delivered, Some(NAT.to_owned())));
    assert_eq!(guide.explain("203.0.113.10:443"), by_nat);
    assert_eq!(guide.send("203.0.113.10:443").await.as_deref(), Some(NAT));
    assert_eq!(guide.explain("203.0.113.10:80"), Some((Outcome::Dropped, None)));
    assert_eq!(guide.send("203.0.113.10:80").await, None);
    assert_eq!(
        guide.explain("orders-db:5432").map(|(outcome, _)| outcome),
        Some(Outcome::Delivered)
    );

    // By the provider's own way out, on which nobody's groups are.
    let default = json!({ "EgressConfiguration": { "EgressType": "DEFAULT" } });
    guide
        .ask("UpdateService", &json!({ "ServiceArn": arn, "NetworkConfiguration": default }))
        .await;
    guide.until(arn, "RUNNING").await;
    let (outcome, source) = guide.explain("203.0.113.10:80").expect("a service");
    assert_eq!(outcome, Outcome::Delivered);
    assert_ne!(source.as_deref(), Some(NAT));
    assert_eq!(guide.send("203.0.113.10:80").await, source);

    // Back, and then no more: a service that is paused sends nothing.
    let arn_of_connector = &connector["VpcConnector"]["VpcConnectorArn"];
    let vpc = json!({ "EgressType": "VPC", "VpcConnectorArn": arn_of_connector });
    let network = json!({ "EgressConfiguration": vpc });
    guide
        .ask("UpdateService", &json!({ "ServiceArn": arn, "NetworkConfiguration": network }))
        .await;
    guide.until(arn, "RUNNING").await;
    assert_eq!(guide.explain("203.0.113.10:443"), by_nat);
    guide.ask("PauseService", &json!({ "ServiceArn": arn })).await;
    guide.until(arn, "PAUSED").await;
    assert_eq!(guide.explain("203.0.113.10:443"), None);
    guide.ask("ResumeService", &json!({ "ServiceArn": arn })).await;
    guide.until(arn, "RUNNING").await;
    assert_eq!(guide.explain("203.0.113.10:443"), by_nat);
    guide.ask("DeleteService", &json!({ "ServiceArn": arn })).await;
    guide.until(arn, "DELETED").await;
    assert_eq!(guide.explain("203.0.113.10:443"), None);
}
