//! What is programmed by EC2's API is the way that packets take: after each change of a VPC, explain
//! says so and a packet through the running dataplane goes there.

use std::sync::Arc;
use std::time::Duration;

use egret_control::explain::resolve::Request;
use egret_dataplane::packet::Protocol;
use egret_dataplane::snapshot::InterfaceId;
use egret_dataplane::verdict::Verdict;
use egret_server::account::rules::Rules;
use egret_server::control_plane::ControlPlane;
use egret_server::error::AwsError;
use egret_server::protocol::query::Parameters;
use egret_server::serve::{Options, Server};
use egret_server::{app_runner, ec2};
use egret_tests::net::sender;
use egret_tests::packet::{read, syn};
use egret_tests::probe::Source;
use serde_json::{Value, json};

const SERVICE: &str = "website";
/// A host of the internet.
const OUTSIDE: &str = "203.0.113.10:443";

/// A new account, and a running dataplane.
struct Cloud {
    plane: Arc<ControlPlane>,
    _server: Server,
}

impl Cloud {
    async fn start() -> Cloud {
        let operation_time = Duration::from_millis(1);
        let rules = Rules { operation_time, ..Rules::default() };
        let options = Options { rules, workers: 2, ..Options::default() };
        let server = Server::start(options).await.expect("a server");
        let plane = Arc::clone(&server.plane);
        let clock = Arc::clone(&plane);
        tokio::spawn(async move { clock.keep_time().await });
        Cloud { plane, _server: server }
    }

    /// Asks EC2, and waits until the workers have what came of it.
    async fn ask(&self, action: &str, form: &str) -> Result<String, AwsError> {
        let parameters = Parameters::parse(form).expect("a form");
        let (members, revision) = ec2::run(&self.plane, action, parameters).await?;
        let progress = self.plane.adopted(revision).await;
        assert_eq!(progress.problem, None, "{action} {form}");
        Ok(members)
    }

    /// The text of an element of the answer.
    async fn made(&self, action: &str, form: &str, element: &str) -> String {
        let members = self.ask(action, form).await;
        let members = members.unwrap_or_else(|error| panic!("{action} {form}: {error}"));
        text(&members, element)
    }

    async fn done(&self, action: &str, form: &str) {
        self.ask(action, form).await.unwrap_or_else(|error| panic!("{action} {form}: {error}"));
    }

    async fn refused(&self, action: &str, form: &str) -> String {
        self.ask(action, form).await.expect_err("an error").code.into_owned()
    }

    /// Waits until an answer is as it should be.
    async fn until(&self, action: &str, form: &str, is: impl Fn(&str) -> bool) {
        for _ in 0..2_000 {
            if self.ask(action, form).await.is_ok_and(|members| is(&members)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("{action} {form} does not come to that");
    }

    async fn nat_until(&self, id: &str, state: &str) {
        let (form, shows) = (format!("NatGatewayId.1={id}"), format!("<state>{state}</state>"));
        self.until("DescribeNatGateways", &form, |xml| xml.contains(&shows)).await;
    }

    /// A service that leaves by this subnet.
    async fn service(&self, subnet: &str) {
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

    async fn app_runner(&self, action: &str, request: &Value) -> Value {
        let answer = app_runner::run(&self.plane, action, request.to_string().as_bytes()).await;
        let (answer, revision) = answer.unwrap_or_else(|error| panic!("{action}: {error}"));
        self.plane.adopted(revision).await;
        serde_json::from_str(&answer).expect("JSON")
    }

    /// The source address that the service's packets have outside, by explain and by a packet; `None`
    /// when they are dropped.
    async fn source(&self) -> Option<String> {
        let (explained, sent) = (self.explained(), self.sent().await);
        assert_eq!(explained.is_some(), sent.is_some(), "{explained:?} {sent:?}");
        sent
    }

    fn explained(&self) -> Option<String> {
        let request = Request {
            from: SERVICE.to_owned(),
            to: OUTSIDE.to_owned(),
            protocol: Protocol::TCP,
            source_port: None,
            icmp: (8, 0),
            all: false,
        };
        let explanation = self.plane.engine.running().explain(&request).expect("a sender");
        explanation.source().map(|source| source.to_string())
    }

    async fn sent(&self) -> Option<String> {
        let source = Source::Task { service: SERVICE.to_owned(), number: 0 };
        let (interface, src) = sender(&self.plane.engine.running().compilation.snapshot, &source);
        let bytes = syn(OUTSIDE).bytes(src);
        let judged = self.plane.engine.send(interface, bytes).await.expect("a verdict");
        match judged.verdict {
            Verdict::Forward(InterfaceId::INTERNET) => Some(read(&judged.bytes).src.to_string()),
            Verdict::Forward(_) | Verdict::HandedOver(_) => panic!("{:?}", judged.verdict),
            Verdict::Drop(_) | Verdict::Reply(_) | Verdict::Held => None,
        }
    }
}

fn text(xml: &str, element: &str) -> String {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let from = xml.find(&open).unwrap_or_else(|| panic!("no {element} in {xml}")) + open.len();
    let to = from + xml[from..].find(&close).expect("an end");
    xml[from..to].to_owned()
}

/// A VPC with a public and a private subnet, and a service in the private one.
struct Network {
    vpc: String,
    public: String,
    igw: String,
    /// The table of the private subnet, and its association.
    table: String,
    association: String,
}

async fn network(cloud: &Cloud) -> Network {
    let vpc = cloud.made("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId").await;
    let subnet = |cidr: &str| format!("VpcId={vpc}&CidrBlock={cidr}&AvailabilityZone=us-east-1a");
    let public = cloud.made("CreateSubnet", &subnet("10.0.101.0/24"), "subnetId").await;
    let private = cloud.made("CreateSubnet", &subnet("10.0.1.0/24"), "subnetId").await;
    let igw = cloud.made("CreateInternetGateway", "", "internetGatewayId").await;
    cloud.done("AttachInternetGateway", &format!("InternetGatewayId={igw}&VpcId={vpc}")).await;
    let out = cloud.made("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId").await;
    cloud.done("CreateRoute", &route(&out, "GatewayId", &igw)).await;
    cloud.done("AssociateRouteTable", &format!("RouteTableId={out}&SubnetId={public}")).await;
    let table = cloud.made("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId").await;
    let form = format!("RouteTableId={table}&SubnetId={private}");
    let association = cloud.made("AssociateRouteTable", &form, "associationId").await;
    cloud.service(&private).await;
    Network { vpc, public, igw, table, association }
}

fn has_blackhole(xml: &str) -> bool {
    xml.contains("<state>blackhole</state>")
}

fn route(table: &str, parameter: &str, target: &str) -> String {
    format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&{parameter}={target}")
}

/// An allocation, and its address.
async fn address(cloud: &Cloud) -> (String, String) {
    let members = cloud.ask("AllocateAddress", "Domain=vpc").await.expect("an address");
    (text(&members, "allocationId"), text(&members, "publicIp"))
}

async fn nat_gateway(cloud: &Cloud, subnet: &str, allocation: &str) -> String {
    let form = format!("SubnetId={subnet}&AllocationId={allocation}");
    cloud.made("CreateNatGateway", &form, "natGatewayId").await
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_follow_routes_and_nat_gateways() {
    let cloud = Cloud::start().await;
    let network = network(&cloud).await;
    assert_eq!(cloud.source().await, None, "there is no route");

    // By a NAT gateway, once it is available.
    let ((a, seen_a), (b, seen_b)) = (address(&cloud).await, address(&cloud).await);
    let first = nat_gateway(&cloud, &network.public, &a).await;
    cloud.done("CreateRoute", &route(&network.table, "NatGatewayId", &first)).await;
    cloud.nat_until(&first, "available").await;
    assert_eq!(cloud.source().await.as_ref(), Some(&seen_a));

    // By another, and no more by the first.
    let second = nat_gateway(&cloud, &network.public, &b).await;
    cloud.nat_until(&second, "available").await;
    assert_eq!(cloud.source().await.as_ref(), Some(&seen_a), "nobody leads there yet");
    cloud.done("ReplaceRoute", &route(&network.table, "NatGatewayId", &second)).await;
    assert_eq!(cloud.source().await.as_ref(), Some(&seen_b));

    // Straight to the internet gateway: the interface has no public address.
    cloud.done("ReplaceRoute", &route(&network.table, "GatewayId", &network.igw)).await;
    assert_eq!(cloud.source().await, None);
    cloud.done("ReplaceRoute", &route(&network.table, "NatGatewayId", &second)).await;
    assert_eq!(cloud.source().await.as_ref(), Some(&seen_b));

    // Without the route, and with it again.
    let destination = format!("RouteTableId={}&DestinationCidrBlock=0.0.0.0/0", network.table);
    cloud.done("DeleteRoute", &destination).await;
    assert_eq!(cloud.source().await, None);
    cloud.done("CreateRoute", &route(&network.table, "NatGatewayId", &second)).await;
    assert_eq!(cloud.source().await.as_ref(), Some(&seen_b));

    // A gateway that is deleted leaves a blackhole.
    cloud.done("DeleteNatGateway", &format!("NatGatewayId={second}")).await;
    assert_eq!(cloud.source().await, None);
    let tables = format!("RouteTableId.1={}", network.table);
    cloud.until("DescribeRouteTables", &tables, has_blackhole).await;
    cloud.nat_until(&second, "deleted").await;
    assert_eq!(cloud.source().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_follow_associations() {
    let cloud = Cloud::start().await;
    let network = network(&cloud).await;
    let (allocation, seen) = address(&cloud).await;
    let nat = nat_gateway(&cloud, &network.public, &allocation).await;
    cloud.nat_until(&nat, "available").await;
    let filter = "Filter.1.Name=association.main&Filter.1.Value.1=true&Filter.2.Name=vpc-id";
    let form = format!("{filter}&Filter.2.Value.1={}", network.vpc);
    let members = cloud.ask("DescribeRouteTables", &form).await.expect("the main table");
    let (main, tie) = (text(&members, "routeTableId"), text(&members, "routeTableAssociationId"));
    cloud.done("CreateRoute", &route(&main, "NatGatewayId", &nat)).await;
    assert_eq!(cloud.source().await, None, "the subnet has a table of its own");

    let form = format!("AssociationId={}", network.association);
    cloud.done("DisassociateRouteTable", &form).await;
    assert_eq!(cloud.source().await.as_ref(), Some(&seen), "the main table is its table now");

    // Another main table.
    let form = format!("AssociationId={tie}&RouteTableId={}", network.table);
    let tie = cloud.made("ReplaceRouteTableAssociation", &form, "newAssociationId").await;
    assert_eq!(cloud.source().await, None);
    let form = format!("AssociationId={tie}&RouteTableId={main}");
    cloud.done("ReplaceRouteTableAssociation", &form).await;
    assert_eq!(cloud.source().await.as_ref(), Some(&seen));
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_have_the_addresses_that_a_gateway_has() {
    let cloud = Cloud::start().await;
    let network = network(&cloud).await;
    let ((a, first), (b, second)) = (address(&cloud).await, address(&cloud).await);
    let nat = nat_gateway(&cloud, &network.public, &a).await;
    cloud.done("CreateRoute", &route(&network.table, "NatGatewayId", &nat)).await;
    cloud.nat_until(&nat, "available").await;
    let form = format!("NatGatewayId={nat}&AllocationId.1={b}");
    cloud.done("AssociateNatGatewayAddress", &form).await;
    let form = format!("NatGatewayId.1={nat}");
    let has_both = |xml: &str| xml.matches("<status>succeeded</status>").count() == 2;
    cloud.until("DescribeNatGateways", &form, has_both).await;
    // The workers have both, whichever of them this packet gets.
    let source = cloud.source().await.expect("a way out");
    assert!([&first, &second].contains(&&source), "{source}");
    let running = cloud.plane.engine.running();
    assert_eq!(running.compilation.snapshot.nat_gateways[0].addresses.len(), 2);

    let members = cloud.ask("DescribeAddresses", &format!("AllocationId.1={b}")).await;
    let association = text(&members.expect("it is there"), "associationId");
    let form = format!("NatGatewayId={nat}&AssociationId.1={association}");
    cloud.done("DisassociateNatGatewayAddress", &form).await;
    assert_eq!(cloud.source().await.as_ref(), Some(&first), "the other one is the first's no more");
    let is_free = |xml: &str| !xml.contains("<associationId>");
    cloud.until("DescribeAddresses", &format!("AllocationId.1={b}"), is_free).await;
    cloud.done("ReleaseAddress", &format!("AllocationId={b}")).await;
    let in_use = cloud.refused("ReleaseAddress", &format!("AllocationId={a}")).await;
    assert_eq!(in_use, "InvalidIPAddress.InUse");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_internet_gateway_that_leaves_takes_the_way_with_it() {
    let cloud = Cloud::start().await;
    let network = network(&cloud).await;
    let (allocation, seen) = address(&cloud).await;
    let nat = nat_gateway(&cloud, &network.public, &allocation).await;
    cloud.done("CreateRoute", &route(&network.table, "NatGatewayId", &nat)).await;
    cloud.nat_until(&nat, "available").await;
    assert_eq!(cloud.source().await.as_ref(), Some(&seen));
    let form = format!("InternetGatewayId={}&VpcId={}", network.igw, network.vpc);
    assert_eq!(cloud.refused("DetachInternetGateway", &form).await, "DependencyViolation");
    assert_eq!(cloud.source().await.as_ref(), Some(&seen), "nothing has changed");

    cloud.done("DeleteNatGateway", &format!("NatGatewayId={nat}")).await;
    cloud.nat_until(&nat, "deleted").await;
    cloud.done("DetachInternetGateway", &form).await;
    // To another VPC: the routes that are left here lead nowhere still.
    let other = cloud.made("CreateVpc", "CidrBlock=10.1.0.0/16", "vpcId").await;
    let form = format!("InternetGatewayId={}&VpcId={other}", network.igw);
    cloud.done("AttachInternetGateway", &form).await;
    let form = format!("Filter.1.Name=route.gateway-id&Filter.1.Value.1={}", network.igw);
    cloud.until("DescribeRouteTables", &form, has_blackhole).await;
    assert_eq!(cloud.source().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_route_leads_where_it_is_told() {
    let cloud = Cloud::start().await;
    let network = network(&cloud).await;
    let (allocation, _) = address(&cloud).await;
    let nat = nat_gateway(&cloud, &network.public, &allocation).await;
    cloud.nat_until(&nat, "available").await;
    let local = |more: &str| {
        format!("RouteTableId={}&DestinationCidrBlock=10.0.0.0/16{more}", network.table)
    };
    let targets = |cloud: &Cloud| {
        let running = cloud.plane.engine.running();
        let tables = &running.compilation.snapshot.route_tables;
        let table = tables.iter().find(|table| *table.name == *network.table).expect("the table");
        format!("{:?}", table.routes.iter().map(|route| route.target).collect::<Vec<_>>())
    };
    assert_eq!(targets(&cloud), "[Local]");
    cloud.done("ReplaceRoute", &local(&format!("&NatGatewayId={nat}"))).await;
    assert_eq!(targets(&cloud), "[NatGateway(NatId(0))]");
    cloud.done("ReplaceRoute", &local("&LocalTarget=true")).await;
    assert_eq!(targets(&cloud), "[Local]");
    assert_eq!(cloud.refused("DeleteRoute", &local("")).await, "InvalidParameterValue");
}
