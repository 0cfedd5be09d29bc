//! An account of ten thousand services on a thousand connectors: how it starts, lists and follows.

use std::path::Path;

use serde_json::{Value, json};

use crate::client::{Ask, Client};
use crate::served::Served;

/// How large an account.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) connectors: usize,
    pub(crate) services: usize,
    pub(crate) groups: usize,
}

/// Something to change in it.
pub(crate) struct Made {
    pub(crate) vpc: String,
    pub(crate) groups: Vec<String>,
}

/// Makes the account by requests.
pub(crate) async fn make(served: &Served, size: Size) -> Made {
    let mut client = Client::connect(served.at).await;
    let (vpc, subnets) = default_vpc(&mut client).await;
    let mut groups = Vec::new();
    for number in 0..size.groups {
        let form = format!("GroupName=g-{number}&GroupDescription=load&VpcId={vpc}");
        let made = client.ask(Ask::Ec2("CreateSecurityGroup", form)).await;
        groups.push(between(&made, "groupId"));
    }
    let mut connectors = Vec::new();
    for number in 0..size.connectors {
        let (subnet, group) = (&subnets[number % subnets.len()], &groups[number % groups.len()]);
        let request = json!({
            "VpcConnectorName": format!("connector-{number}"),
            "Subnets": [subnet],
            "SecurityGroups": [group],
        });
        let made = client.app_runner("CreateVpcConnector", request.to_string()).await;
        connectors
            .push(made["VpcConnector"]["VpcConnectorArn"].as_str().expect("an ARN").to_owned());
    }
    let tasks: Vec<_> = (0..64)
        .map(|first| {
            let (at, connectors) = (served.at, connectors.clone());
            tokio::spawn(async move {
                let mut client = Client::connect(at).await;
                for number in (first..size.services).step_by(64) {
                    let connector = &connectors[number % connectors.len()];
                    client.app_runner("CreateService", service(number, connector)).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("services are made");
    }
    Made { vpc, groups }
}

/// A rule of a group, as the form of a request.
pub(crate) fn permission(group: &str, port: u16) -> String {
    format!(
        "GroupId={group}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort={port}\
         &IpPermissions.1.ToPort={port}&IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0/8"
    )
}

/// The default VPC, and its subnets in zones that App Runner has.
pub(crate) async fn default_vpc(client: &mut Client) -> (String, Vec<String>) {
    let zones = "Filter.1.Name=availability-zone-id&Filter.1.Value.1=use1-az1\
                 &Filter.1.Value.2=use1-az2&Filter.1.Value.3=use1-az4";
    let shown = client.ask(Ask::Ec2("DescribeSubnets", zones.to_owned())).await;
    let shown = String::from_utf8(shown.to_vec()).expect("XML");
    let ids = shown.split("<subnetId>").skip(1).filter_map(|rest| rest.split('<').next());
    (between(shown.as_bytes(), "vpcId"), ids.map(str::to_owned).collect())
}

fn service(number: usize, connector: &str) -> String {
    let request = json!({
        "ServiceName": format!("service-{number:05}"),
        "SourceConfiguration": { "ImageRepository": {
            "ImageIdentifier": "public.ecr.aws/egret/load:1",
            "ImageRepositoryType": "ECR_PUBLIC",
        }},
        "NetworkConfiguration": { "EgressConfiguration": {
            "EgressType": "VPC",
            "VpcConnectorArn": connector,
        }},
    });
    request.to_string()
}

/// The text of the first element of that name.
pub(crate) fn between(xml: &[u8], name: &str) -> String {
    let xml = String::from_utf8_lossy(xml);
    let rest = xml.split_once(&format!("<{name}>")).map(|(_, rest)| rest);
    rest.and_then(|rest| rest.split('<').next()).expect("such an element").to_owned()
}

/// What a walk over all services by pages came to.
pub(crate) struct Walk {
    pub(crate) services: usize,
    pub(crate) pages: usize,
    pub(crate) largest: usize,
}

/// Lists all services, twenty a page.
pub(crate) async fn walk(served: &Served) -> Walk {
    let mut client = Client::connect(served.at).await;
    let mut walk = Walk { services: 0, pages: 0, largest: 0 };
    let mut token = Value::Null;
    loop {
        let mut request = json!({ "MaxResults": 20 });
        if !token.is_null() {
            request["NextToken"] = token;
        }
        let answer = client.ask(Ask::AppRunner("ListServices", request.to_string())).await;
        walk.largest = walk.largest.max(answer.len());
        let mut answer: Value = serde_json::from_slice(&answer).expect("JSON");
        walk.services += answer["ServiceSummaryList"].as_array().expect("a list").len();
        walk.pages += 1;
        token = answer["NextToken"].take();
        if token.is_null() {
            return walk;
        }
    }
}

/// Bytes of memory that the process has, and on other systems than Linux nothing.
pub(crate) fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok());
    kib.unwrap_or_default() * 1_024
}

/// Bytes on disk.
pub(crate) fn stored(folder: &Path) -> u64 {
    std::fs::metadata(folder.join("account.redb")).map_or(0, |file| file.len())
}
