use super::*;

const SMALL: &str = include_str!("testdata/nat.yaml");

fn read(text: &str) -> Result<Scenario, Rejection> {
    Scenario::from_text(Path::new("scenario.yaml"), text)
}

/// Every finding of a text as a line, errors and warnings.
fn lines(text: &str) -> Vec<String> {
    match read(text) {
        Ok(scenario) => {
            let sources = scenario.model.sources;
            let lines = scenario.warnings.iter();
            lines.map(|f| egret_control::finding::render::line(f, &sources)).collect()
        }
        Err(rejection) => rejection.to_string().lines().map(str::to_owned).collect(),
    }
}

#[test]
fn the_sketch_of_the_design_reads() {
    let scenario = read(SMALL).unwrap_or_else(|rejection| panic!("{rejection}"));
    assert_eq!(scenario.title, "A service reaches the internet through a NAT gateway");
    assert_eq!(scenario.model.subnets.len(), 2);
    assert_eq!(scenario.expect.len(), 2);
    assert_eq!(scenario.expect[1].reason.map(|r| r.value), Some(DropReasonEgress));
    assert_eq!(scenario.warnings, []);
}

use egret_dataplane::verdict::DropReason::SecurityGroupEgress as DropReasonEgress;

#[test]
fn an_unknown_key_is_found_at_its_place() {
    assert_eq!(
        lines("title: x\nregoin: us-east-1\nvpc: { cidr: 10.0.0.0/16 }\n"),
        ["scenario.yaml:2:1: error: there is no key `regoin` here"]
    );
}
