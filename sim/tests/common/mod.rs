//! A run of a scenario's text, with somebody who writes a file about it.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use egret_dataplane::time::Instant;
use egret_sim::observe::Watch;
use egret_sim::report::Report;
use egret_sim::run::{Options, Run};
use egret_sim::scenario::Scenario;

/// A file in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct File(Arc<Mutex<Vec<u8>>>);

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic while writing").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What came of a scenario, and the bytes of the file that is written about it.
pub(crate) fn run(scenario: &str, watch: impl Fn(File) -> Box<dyn Watch>) -> (Report, Vec<u8>) {
    let scenario = Scenario::from_text(Path::new("scenario.yaml"), scenario);
    let scenario = scenario.unwrap_or_else(|rejection| panic!("{rejection}"));
    let mut run = Run::new(&scenario, Options::default()).expect("it compiles");
    let file = File::default();
    run.watch(watch(file.clone()));
    run.step_until(Instant(u64::MAX));
    let (report, watchers) = run.finish();
    for mut watcher in watchers {
        watcher.finish().expect("memory to write to");
    }
    let bytes = file.0.lock().expect("no panic while writing").clone();
    (report, bytes)
}

/// A VPC with a NAT gateway, an interface endpoint, a service behind each kind of refusal, and one
/// host on the internet. What happens in it is the test's.
pub(crate) const CLOUD: &str = "
title: Everything that is logged
vpc:
  cidr: 10.0.0.0/16
  internet_gateway: true
  subnets:
    app:    { az: use1-az1, cidr: 10.0.1.0/24, route_table: private }
    walled: { az: use1-az1, cidr: 10.0.2.0/24, route_table: private, network_acl: wall }
    lonely: { az: use1-az1, cidr: 10.0.3.0/24, route_table: local-only }
    public: { az: use1-az1, cidr: 10.0.101.0/24, route_table: public }
  route_tables:
    private:    { 0.0.0.0/0: nat }
    local-only: {}
    public:     { 0.0.0.0/0: internet_gateway }
  nat_gateways:
    nat: { subnet: public, addresses: [198.51.100.10] }
  network_acls:
    wall: { egress: [], ingress: [] }
  security_groups:
    https: { egress: [ { protocol: tcp, ports: 443, to: 0.0.0.0/0 } ] }
    logs:  { ingress: [ { protocol: tcp, ports: 443, from: https } ] }
  endpoints:
    logs: { type: interface, service: logs, subnets: [app], security_groups: [logs] }
connectors:
  open:   { subnets: [app],    security_groups: [https] }
  walled: { subnets: [walled], security_groups: [https] }
  lonely: { subnets: [lonely], security_groups: [https] }
services:
  web:    { egress: vpc, connector: open }
  walled: { egress: vpc, connector: walled }
  lonely: { egress: vpc, connector: lonely }
hosts:
  api.example.com: { address: 203.0.113.10, listen: [tcp/443] }
";
