//! The same cloud, said four ways, judges packets alike.

use egret_control::compile::compile;
use egret_control::explain::resolve::{Request, resolve};
use egret_control::explain::{Outcome, World, element_kind, explain};
use egret_control::import;
use egret_control::model::Model;
use egret_control::source::Sourced;
use egret_control::template::Parameters;
use egret_dataplane::packet::Protocol;
use egret_sim::scenario::Scenario;

use super::{fixture, imported};

/// What becomes of a packet: the outcome, the kinds of element on its way, and why it is dropped.
#[derive(Debug, PartialEq)]
struct Verdict {
    outcome: Outcome,
    way: Vec<&'static str>,
    why: Vec<&'static str>,
}

fn verdict(model: &Model, from: &str, to: &str, protocol: Protocol) -> Verdict {
    let compilation = compile(model).unwrap_or_else(|findings| panic!("{findings:?}"));
    let request = Request {
        from: from.to_owned(),
        to: to.to_owned(),
        protocol,
        source_port: None,
        icmp: (8, 0),
        all: false,
    };
    let question = resolve(model, &compilation.snapshot, &request);
    let question = question.unwrap_or_else(|error| panic!("{from} to {to}: {error}"));
    let explanation = explain(World::new(&model.sources, &compilation), question);
    Verdict {
        outcome: explanation.outcome,
        way: explanation.via().map(element_kind).collect(),
        why: explanation.denials.iter().map(|denial| denial.drop.reason.name()).collect(),
    }
}

/// Destinations: through NAT, another port, the database, its other port, an ACL's denial on the way
/// back, the endpoint, and a datagram.
const PROBES: &[(&str, Protocol)] = &[
    ("203.0.113.10:443", Protocol::TCP),
    ("203.0.113.10:80", Protocol::TCP),
    ("10.0.1.50:5432", Protocol::TCP),
    ("10.0.1.50:22", Protocol::TCP),
    ("192.0.2.10:443", Protocol::TCP),
    ("sqs.eu-central-1.amazonaws.com:443", Protocol::TCP),
    ("203.0.113.10:53", Protocol::UDP),
];

#[test]
fn a_plan_a_state_a_template_and_a_scenario_agree() {
    let scenario = Scenario::read(&fixture("terraform/three-zones/scenario.yaml"));
    let scenario = scenario.unwrap_or_else(|rejection| panic!("{rejection}")).model;
    let mut given = Parameters::default();
    given.give("AWS::Region".to_owned(), Sourced::implied("eu-central-1".to_owned()));
    let template = import::read_with(&[fixture("terraform/three-zones/template.yaml")], &given);
    let template = template.unwrap_or_else(|rejection| panic!("{rejection}")).model;
    let plan = imported("terraform/three-zones/plan.json").model;
    let state = imported("terraform/three-zones/state.json").model;
    for (to, protocol) in PROBES {
        let wanted = verdict(&scenario, "web", to, *protocol);
        let service = "aws_apprunner_service.web";
        assert_eq!(verdict(&state, service, to, *protocol), wanted, "the state, {to}");
        assert_eq!(verdict(&plan, service, to, *protocol), wanted, "the plan, {to}");
        assert_eq!(verdict(&template, "Service", to, *protocol), wanted, "the template, {to}");
    }
}

/// The change takes port 443 and the database from the service.
#[test]
fn a_change_changes_verdicts() {
    let change = imported("terraform/three-zones/change/plan.json").model;
    let service = "aws_apprunner_service.web";
    let outcome = |to| verdict(&change, service, to, Protocol::TCP).outcome;
    assert_eq!(outcome("203.0.113.10:443"), Outcome::Dropped);
    assert_eq!(outcome("203.0.113.10:8443"), Outcome::Delivered);
    assert_eq!(outcome("10.0.1.50:5432"), Outcome::Dropped);
}
