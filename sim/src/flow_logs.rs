//! VPC flow logs: what each network interface saw pass and what it refused, a record for each flow
//! and window (VPC guide, "Logging IP traffic using VPC Flow Logs"; aws-facts §10).
//!
//! REJECT is what a security group or a network ACL refused at that interface. What is lost further
//! on, by routing for instance, was accepted there.

use std::io::{self, Write};

use egret_dataplane::crew::Crew;
use egret_dataplane::snapshot::{EniId, Snapshot};
use egret_dataplane::time::{Duration, Instant};

use crate::observe::{EPOCH, Lost, Passed, Stages, Trail, View, Watch};

mod format;
mod output;
pub mod read;
mod sightings;
pub mod usage;
mod window;

pub use format::{Field, Format, FormatError};
pub use output::{FileKind, Output, Value};
pub use sightings::{Sighting, of as sightings};
pub use window::{About, Amount, Window};

/// How long a record's window is at most: AWS's default (aws-facts §10.4).
pub const WINDOW: Duration = Duration::from_secs(600);
/// The other choice that AWS gives.
pub const SHORT_WINDOW: Duration = Duration::from_secs(60);

/// Writes flow logs of everything that passes.
pub struct FlowLogs<W: Write + Send> {
    output: Output<W>,
    format: Format,
    region: String,
    /// How long a window is.
    length: Duration,
    window: Window,
    /// Who sees what passes, by the number of the trail.
    trails: Vec<Option<Box<[Sighting]>>>,
    /// The first thing that went wrong.
    error: Option<io::Error>,
}

impl<W: Write + Send> FlowLogs<W> {
    /// Flow logs of a Region into a file.
    ///
    /// # Errors
    /// When the file cannot be begun.
    pub fn new(
        out: W,
        kind: FileKind,
        format: Format,
        region: &str,
        window: Duration,
    ) -> io::Result<FlowLogs<W>> {
        Ok(FlowLogs {
            output: Output::new(out, kind, &format)?,
            format,
            region: region.to_owned(),
            length: window,
            window: Window::new(Instant::ZERO, usize::MAX),
            trails: Vec::new(),
            error: None,
        })
    }

    /// Who sees the packets of a trail.
    fn sightings(
        &mut self,
        view: View<'_>,
        trail: &Trail,
        id: u32,
        stages: &Stages,
    ) -> Box<[Sighting]> {
        let id = id as usize;
        if self.trails.len() <= id {
            self.trails.resize_with(id + 1, || None);
        }
        let known = self.trails[id].take();
        known.unwrap_or_else(|| sightings(view.snapshot, trail, stages).into())
    }

    /// Writes the records of the window that ends.
    fn end_window(&mut self, snapshot: &Snapshot, at: Instant) {
        let interface = |eni: EniId| snapshot[eni].name.to_string();
        let about = About {
            snapshot,
            format: &self.format,
            account: "unknown",
            region: &self.region,
            epoch: EPOCH,
            interface: &interface,
        };
        let enis = (0..snapshot.enis.len() as u32).map(EniId);
        let records = self.window.end(&about, enis, at);
        if self.error.is_none() {
            self.error = self.output.write(&records).err();
        }
    }
}

impl<W: Write + Send> Watch for FlowLogs<W> {
    fn passed(&mut self, view: View<'_>, passed: &Passed<'_>) {
        let sightings = self.sightings(view, passed.trail, passed.trail_id, passed.stages);
        for sighting in &sightings {
            let more = Amount {
                packets: passed.packets as i64,
                bytes: passed.bytes as i64,
                first: passed.first,
                last: passed.last,
                tcp_flags: passed.tcp_flags,
            };
            self.window.add(view.snapshot, sighting, passed.stages, more);
        }
        self.trails[passed.trail_id as usize] = Some(sightings);
    }

    fn lost(&mut self, view: View<'_>, packet: &Passed<'_>, lost: Lost) {
        let sightings = self.sightings(view, packet.trail, packet.trail_id, packet.stages);
        for sighting in sightings.iter().filter(|seen| seen.hop >= usize::from(lost.before_hop)) {
            // It will be counted with all that passed.
            let less = Amount {
                packets: -1,
                bytes: -(packet.bytes as i64),
                first: Instant(u64::MAX),
                last: Instant::ZERO,
                tcp_flags: 0,
            };
            let sighting = Sighting { rule: None, ..*sighting };
            self.window.add(view.snapshot, &sighting, packet.stages, less);
        }
        self.trails[packet.trail_id as usize] = Some(sightings);
    }

    fn window_ends(&mut self, view: View<'_>, at: Instant, _: &Crew) {
        if at.0.is_multiple_of(self.length.0) && at > self.window.from {
            self.end_window(view.snapshot, at);
        }
    }

    fn ends(&mut self, view: View<'_>, at: Instant) {
        if at > self.window.from {
            self.end_window(view.snapshot, at);
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        match self.error.take() {
            Some(error) => Err(error),
            None => self.output.finish(),
        }
    }
}

/// TCP flags as flow logs have them: FIN 1, SYN 2, RST 4; ACK counts with SYN only (aws-facts §10.2).
pub fn tcp_flags(flags: u8) -> u8 {
    let syn_ack = flags & 0x12 == 0x12;
    (flags & 0x07) | if syn_ack { 0x10 } else { 0 }
}
