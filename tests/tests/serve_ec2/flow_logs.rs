//! What flow logs have of packets through the running dataplane: which interface saw them, as what, and
//! whether they were let pass.

use std::net::IpAddr;
use std::path::Path;

use egret_dataplane::packet::answer::reply;
use egret_dataplane::snapshot::InterfaceId;
use egret_dataplane::verdict::Verdict;
use egret_server::scribe;
use egret_sim::flow_logs::read::{Action, Reader, Record, Status, files};

use super::cloud::{Cloud, OUTSIDE};

const FIELDS: &str = "${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} \
    ${packets} ${bytes} ${start} ${end} ${action} ${log-status} ${flow-direction} ${pkt-srcaddr} \
    ${pkt-dstaddr} ${traffic-path} ${tcp-flags} ${vpc-id} ${subnet-id}";

/// A service behind a NAT gateway.
struct Network {
    vpc: String,
    private: String,
    nat_eni: String,
    shared: String,
}

async fn network(cloud: &Cloud) -> Network {
    let vpc = cloud.made("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId").await;
    let form = |cidr: &str| format!("VpcId={vpc}&CidrBlock={cidr}&AvailabilityZone=us-east-1a");
    let private = cloud.made("CreateSubnet", &form("10.0.1.0/24"), "subnetId").await;
    let public = cloud.made("CreateSubnet", &form("10.0.101.0/24"), "subnetId").await;
    let igw = cloud.made("CreateInternetGateway", "", "internetGatewayId").await;
    cloud.done("AttachInternetGateway", &format!("InternetGatewayId={igw}&VpcId={vpc}")).await;
    let allocation = cloud.made("AllocateAddress", "Domain=vpc", "allocationId").await;
    let form = format!("SubnetId={public}&AllocationId={allocation}");
    let nat = cloud.made("CreateNatGateway", &form, "natGatewayId").await;
    cloud.nat_until(&nat, "available").await;
    for (subnet, target) in
        [(&public, format!("GatewayId={igw}")), (&private, format!("NatGatewayId={nat}"))]
    {
        let table = cloud.made("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId").await;
        let form = format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&{target}");
        cloud.done("CreateRoute", &form).await;
        let form = format!("RouteTableId={table}&SubnetId={subnet}");
        cloud.done("AssociateRouteTable", &form).await;
    }
    cloud.service(&private).await;
    let eni = async |kind: &str, of: &str| {
        let form = format!("Filter.1.Name={kind}&Filter.1.Value.1={of}");
        cloud.made("DescribeNetworkInterfaces", &form, "networkInterfaceId").await
    };
    let nat_eni = eni("interface-type", "nat_gateway").await;
    let shared = eni("subnet-id", &private).await;
    Network { vpc, private, nat_eni, shared }
}

fn wanted(kind: &str, resource: &str, traffic: &str, bucket: &str) -> String {
    let fields = FIELDS.replace("${", "%24%7B").replace('}', "%7D").replace(' ', "+");
    format!(
        "ResourceType={kind}&ResourceId.1={resource}&TrafficType={traffic}&LogDestinationType=s3\
         &LogDestination=arn:aws:s3:::{bucket}&MaxAggregationInterval=60&LogFormat={fields}"
    )
}

/// The records of packets in a bucket, a line each: interface, direction, action, addresses, the
/// destination's port (or the source's, of an answer), packets, traffic path and TCP flags.
fn records(s3: &Path, bucket: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut reader = Reader::new(None);
    for file in files(&[s3.join(bucket)]).expect("a folder").files {
        reader.read(&file, |record| {
            if record.status == Status::Ok {
                found.push(line(record));
            }
        });
    }
    assert_eq!((reader.tally().problems, reader.tally().skip_data), (0, 0));
    found.sort();
    found
}

fn line(record: &Record<'_>) -> String {
    let address = |address: Option<IpAddr>| address.map(|a| a.to_string()).unwrap_or_default();
    let port = record.dst_port.min(record.src_port).unwrap_or_default();
    assert!(record.start <= record.end && record.bytes >= record.packets.map(|n| n * 40));
    format!(
        "{} {} {} {}>{} ({}>{}) :{port} x{} path {} flags {}",
        record.interface_id.unwrap_or_default(),
        if record.egress == Some(true) { "out" } else { "in" },
        if record.action == Some(Action::Accept) { "ACCEPT" } else { "REJECT" },
        address(record.src),
        address(record.dst),
        address(record.pkt_src),
        address(record.pkt_dst),
        record.packets.unwrap_or_default(),
        record.traffic_path.map_or("-".to_owned(), |path| path.to_string()),
        record.tcp_flags.unwrap_or_default(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn flow_logs_have_what_each_interface_saw() {
    let s3 = tempfile::tempdir().expect("a folder");
    let cloud = Cloud::start_with(Some(s3.path().to_owned())).await;
    let network = network(&cloud).await;
    let Network { vpc, private, nat_eni, shared } = &network;
    // Nobody looks yet.
    cloud.way(OUTSIDE).await.expect("a way");
    let create = async |form: String| {
        cloud.done("CreateFlowLogs", &form).await;
    };
    create(wanted("VPC", vpc, "ALL", "all")).await;
    create(wanted("Subnet", private, "ACCEPT", "accepted")).await;
    create(wanted("NetworkInterface", shared, "REJECT", "refused")).await;
    create(wanted("NetworkInterface", nat_eni, "ALL", "gateway")).await;

    let sent = cloud.sent(OUTSIDE).await;
    let answer = reply(&sent.bytes).expect("an answer");
    let back = cloud.plane.engine.send(InterfaceId::INTERNET, answer).await.expect("a verdict");
    assert!(matches!(back.verdict, Verdict::Forward(_)), "{back:?}");
    let acl = cloud.ask("DescribeNetworkAcls", "").await.expect("ACLs");
    let acl = acl
        .split("<networkAclId>")
        .find(|part| part.contains(vpc.as_str()))
        .and_then(|part| part.split('<').next())
        .expect("the VPC's");
    let deny = format!(
        "NetworkAclId={acl}&RuleNumber=50&Egress=true&RuleAction=deny&Protocol=6&CidrBlock=0.0.0.0/0\
         &PortRange.From=25&PortRange.To=25"
    );
    cloud.done("CreateNetworkAclEntry", &deny).await;
    cloud.way("203.0.113.10:25").await.expect_err("the ACL denies it");
    // What nobody has is accepted where it leaves: it is lost further on.
    cloud.way("10.0.101.77:80").await.expect_err("nobody has it");
    scribe::close(&cloud.plane);

    let nat = "10.0.101.4";
    let inside = [
        format!(
            "{shared} in ACCEPT 203.0.113.10>10.0.1.4 (203.0.113.10>10.0.1.4) :443 x1 path - flags 18"
        ),
        format!(
            "{shared} out ACCEPT 10.0.1.4>10.0.101.77 (10.0.1.4>10.0.101.77) :80 x1 path 1 flags 2"
        ),
        format!(
            "{shared} out ACCEPT 10.0.1.4>203.0.113.10 (10.0.1.4>203.0.113.10) :443 x1 path 1 flags 2"
        ),
    ];
    let refused = [format!(
        "{shared} out REJECT 10.0.1.4>203.0.113.10 (10.0.1.4>203.0.113.10) :25 x1 path 1 flags 2"
    )];
    // The four records of a gateway for one round trip (aws-facts §10.3).
    let gateway = [
        format!(
            "{nat_eni} in ACCEPT 10.0.1.4>{nat} (10.0.1.4>203.0.113.10) :443 x1 path - flags 2"
        ),
        format!(
            "{nat_eni} in ACCEPT 203.0.113.10>{nat} (203.0.113.10>{nat}) :443 x1 path - flags 18"
        ),
        format!(
            "{nat_eni} out ACCEPT {nat}>10.0.1.4 (203.0.113.10>10.0.1.4) :443 x1 path 1 flags 18"
        ),
        format!(
            "{nat_eni} out ACCEPT {nat}>203.0.113.10 ({nat}>203.0.113.10) :443 x1 path 8 flags 2"
        ),
    ];
    assert_eq!(records(s3.path(), "accepted"), inside);
    assert_eq!(records(s3.path(), "refused"), refused);
    assert_eq!(records(s3.path(), "gateway"), gateway);
    let mut all = [&inside[..], &refused[..], &gateway[..]].concat();
    all.sort();
    assert_eq!(records(s3.path(), "all"), all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_log_that_is_deleted_sees_no_more() {
    let s3 = tempfile::tempdir().expect("a folder");
    let cloud = Cloud::start_with(Some(s3.path().to_owned())).await;
    let network = network(&cloud).await;
    let form = wanted("VPC", &network.vpc, "ALL", "all");
    let log = cloud.made("CreateFlowLogs", &form, "item").await;
    for _ in 0..3 {
        cloud.sent(OUTSIDE).await;
    }
    cloud.done("DeleteFlowLogs", &format!("FlowLogId.1={log}")).await;
    cloud.sent(OUTSIDE).await;
    scribe::close(&cloud.plane);
    let out = |line: &&String| line.contains(" out ") && line.contains(&network.shared);
    // Each packet began a flow of its own.
    assert_eq!(records(s3.path(), "all").iter().filter(out).count(), 3);
    cloud.sent(OUTSIDE).await;
    scribe::close(&cloud.plane);
    assert_eq!(records(s3.path(), "all").iter().filter(out).count(), 3);
}
