use egret_dataplane::time::Instant;
use egret_sim::run::{Options, Run};
use egret_sim::scenario::Scenario;
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let scenario = match Scenario::read(path.as_ref()) {
        Ok(s) => s,
        Err(r) => panic!("{:?}", r.findings),
    };
    let events = std::env::args().nth(2).is_some();
    let mut run = Run::new(&scenario, Options { events, ..Options::default() }).unwrap();
    let t = std::time::Instant::now();
    while run.step_until(run.now() + egret_dataplane::time::Duration::from_secs(3600)) {}
    let _ = Instant::ZERO;
    for e in run.events() {
        println!("{e}");
    }
    let now = run.now();
    let (report, _) = run.finish();
    let wall = t.elapsed().as_secs_f64();
    println!("{}", serde_json::to_string_pretty(&report).unwrap());
    println!(
        "virtual {now:?} wall {wall:.3}s packets {} = {:.0}/s",
        report.packets.received,
        report.packets.received as f64 / wall
    );
}
