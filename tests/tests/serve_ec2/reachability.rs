//! What Reachability Analyzer says is what a packet through the running dataplane meets with.

use egret_dataplane::verdict::DropReason;
use serde_json::json;

use super::cloud::{Cloud, text};

/// What an analysis says of a connection from the service: nothing, where it gets through; or the codes of
/// what is in the way.
async fn analysis(cloud: &Cloud, address: &str, port: u16) -> Vec<String> {
    let services = cloud.app_runner("ListServices", &json!({})).await;
    let service = services["ServiceSummaryList"][0]["ServiceArn"].as_str().expect("a service");
    let form = format!(
        "Source={service}&DestinationIp={address}&DestinationPort={port}&Protocol=tcp&ClientToken={address}{port}"
    );
    let path = cloud.made("CreateNetworkInsightsPath", &form, "networkInsightsPathId").await;
    // Each is asked anew.
    let token = cloud.plane.read(|account| account.revision);
    let form = format!("NetworkInsightsPathId={path}&ClientToken={token}");
    let id = cloud.made("StartNetworkInsightsAnalysis", &form, "networkInsightsAnalysisId").await;
    let form = format!("NetworkInsightsAnalysisId.1={id}");
    let over = |xml: &str| xml.contains("<status>succeeded</status>");
    cloud.until("DescribeNetworkInsightsAnalyses", &form, over).await;
    let xml = cloud.ask("DescribeNetworkInsightsAnalyses", &form).await.expect("an analysis");
    let found = text(&xml, "networkPathFound") == "true";
    let codes: Vec<String> = xml
        .split("<explanationSet>")
        .last()
        .into_iter()
        .flat_map(|all| all.split("<explanationCode>").skip(1))
        .map(|rest| rest.split('<').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(found, codes.is_empty(), "{xml}");
    codes
}

/// The analysis and a packet fare the same.
async fn agree(cloud: &Cloud, address: &str, port: u16) -> Option<String> {
    let codes = analysis(cloud, address, port).await;
    match cloud.way(&format!("{address}:{port}")).await {
        Ok(_) => assert_eq!(codes, Vec::<String>::new()),
        Err(reason) => {
            let mut reasons = DropReason::ALL.iter();
            let reason = reasons.find(|known| known.name() == reason).expect("a reason");
            assert_eq!(codes.first().map(String::as_str), Some(reason.code()));
        }
    }
    codes.into_iter().next()
}

#[tokio::test(flavor = "multi_thread")]
async fn analyses_and_packets_agree_after_each_change() {
    let cloud = Cloud::start().await;
    let vpc = cloud.made("CreateVpc", "CidrBlock=10.0.0.0/16", "vpcId").await;
    let form = |cidr: &str| format!("VpcId={vpc}&CidrBlock={cidr}&AvailabilityZone=us-east-1a");
    let private = cloud.made("CreateSubnet", &form("10.0.1.0/24"), "subnetId").await;
    let public = cloud.made("CreateSubnet", &form("10.0.101.0/24"), "subnetId").await;
    cloud.service(&private).await;
    let outside = ("203.0.113.10", 443);
    assert_eq!(
        agree(&cloud, outside.0, outside.1).await.as_deref(),
        Some("NO_ROUTE_TO_DESTINATION")
    );

    let igw = cloud.made("CreateInternetGateway", "", "internetGatewayId").await;
    cloud.done("AttachInternetGateway", &format!("InternetGatewayId={igw}&VpcId={vpc}")).await;
    let table = cloud.made("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId").await;
    cloud.done("AssociateRouteTable", &format!("RouteTableId={table}&SubnetId={private}")).await;
    let to = |target: &str| format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&{target}");
    cloud.done("CreateRoute", &to(&format!("GatewayId={igw}"))).await;
    assert_eq!(
        agree(&cloud, outside.0, outside.1).await.as_deref(),
        Some("IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS")
    );

    let out = cloud.made("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId").await;
    cloud.done("AssociateRouteTable", &format!("RouteTableId={out}&SubnetId={public}")).await;
    let form = format!("RouteTableId={out}&DestinationCidrBlock=0.0.0.0/0&GatewayId={igw}");
    cloud.done("CreateRoute", &form).await;
    let allocation = cloud.made("AllocateAddress", "Domain=vpc", "allocationId").await;
    let form = format!("SubnetId={public}&AllocationId={allocation}");
    let nat = cloud.made("CreateNatGateway", &form, "natGatewayId").await;
    cloud.nat_until(&nat, "available").await;
    cloud.done("ReplaceRoute", &to(&format!("NatGatewayId={nat}"))).await;
    assert_eq!(agree(&cloud, outside.0, outside.1).await, None);
    assert_eq!(agree(&cloud, "10.0.1.200", 80).await.as_deref(), Some("NO_POSSIBLE_DESTINATION"));

    cloud.done("DeleteNatGateway", &format!("NatGatewayId={nat}")).await;
    cloud.nat_until(&nat, "deleted").await;
    assert_eq!(agree(&cloud, outside.0, outside.1).await.as_deref(), Some("BAD_STATE_ROUTE"));
}
