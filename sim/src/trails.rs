//! The hops that packets pass, kept once for all that go the same way ([`Trails`]), and for each
//! direction of a flow which way its packets go, with the addresses on it ([`Passages`]).

use std::collections::HashMap;

use egret_dataplane::packet::{Headers, TcpFlags, Tuple};
use egret_dataplane::snapshot::{InterfaceId, Snapshot};
use egret_dataplane::time::{Duration, Instant};
use egret_dataplane::trace::Hop;
use foldhash::fast::FixedState;

use crate::flow_logs::tcp_flags;
use crate::links::{Stop, Wires, legs};
use crate::observe::{End, Stages, Trail};

/// What is known of a trail besides its hops.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) trail: Trail,
    /// How long packets take to the end.
    pub(crate) delay: Duration,
    /// The links that must be asked for each packet.
    pub(crate) stops: Vec<Stop>,
    /// Packets and bytes in all.
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    /// Packets that links lost before each hop, and after the last, and their bytes.
    pub(crate) lost: Vec<(u64, u64)>,
}

/// All trails of a run.
#[derive(Debug, Default)]
pub(crate) struct Trails {
    known: Vec<Known>,
    index: HashMap<Trail, u32, FixedState>,
}

impl Trails {
    /// The trail of packets with these hops, and the addresses on it.
    pub(crate) fn of(
        &mut self,
        snapshot: &Snapshot,
        wires: &mut Wires,
        from: InterfaceId,
        sent: Tuple,
        hops: &[Hop],
        end: End,
    ) -> (u32, Stages) {
        let legs = legs(snapshot, from, hops);
        let (delays, stops) = wires.plan(&legs, hops.len());
        let (trail, stages) = Trail::of(snapshot.epoch, from, sent, hops, &delays, end);
        let delay = *delays.last().expect("an end");
        (self.intern(trail, delay, stops), stages)
    }

    fn intern(&mut self, trail: Trail, delay: Duration, stops: Vec<Stop>) -> u32 {
        if let Some(id) = self.index.get(&trail) {
            return *id;
        }
        let id = self.known.len() as u32;
        self.index.insert(trail.clone(), id);
        let lost = vec![(0, 0); trail.hops.len() + 1];
        self.known.push(Known { trail, delay, stops, packets: 0, bytes: 0, lost });
        id
    }

    pub(crate) fn get(&self, id: u32) -> &Known {
        &self.known[id as usize]
    }

    pub(crate) fn get_mut(&mut self, id: u32) -> &mut Known {
        &mut self.known[id as usize]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Known> {
        self.known.iter()
    }
}

/// Packets of one direction of one flow, on their way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passage {
    key: (InterfaceId, Tuple),
    pub(crate) trail: u32,
    pub(crate) stages: Stages,
    /// When the last packet arrives: later ones do not overtake it.
    pub(crate) arrives: Instant,
    pub(crate) window: Window,
}

/// What passed in the present window.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Window {
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) first: Instant,
    pub(crate) last: Instant,
    pub(crate) tcp_flags: u8,
    pub(crate) syns: u64,
    pub(crate) syn_acks: u64,
    pub(crate) rsts: u64,
    pub(crate) lost: u64,
}

impl Window {
    /// Counts a packet.
    pub(crate) fn add(&mut self, now: Instant, headers: Option<&Headers>, len: u64) {
        if self.packets == 0 {
            self.first = now;
        }
        self.last = now;
        self.packets += 1;
        self.bytes += len;
        let Some(TcpFlags(flags)) = headers.and_then(Headers::tcp) else { return };
        let (syn, ack) = (flags & 0x02 != 0, flags & 0x10 != 0);
        self.tcp_flags |= tcp_flags(flags);
        self.syns += u64::from(syn && !ack);
        self.syn_acks += u64::from(syn && ack);
        self.rsts += u64::from(flags & 0x04 != 0);
    }
}

/// All passages of a run that are of use still.
#[derive(Debug, Default)]
pub(crate) struct Passages {
    index: HashMap<(InterfaceId, Tuple), u32, FixedState>,
    all: Vec<Passage>,
    /// Those with packets in the present window, in the order of their first one.
    active: Vec<u32>,
    /// Those that went another way within the window.
    retired: Vec<Passage>,
}

/// So many passages are kept without looking whether they are of use.
const ENOUGH: usize = 1 << 16;

impl Passages {
    /// The passage of a flow's direction, if it is known.
    pub(crate) fn find(&self, key: (InterfaceId, Tuple)) -> Option<usize> {
        self.index.get(&key).map(|at| *at as usize)
    }

    /// Sets which way the packets of a flow's direction go from now on.
    pub(crate) fn set(
        &mut self,
        key: (InterfaceId, Tuple),
        (trail, stages): (u32, Stages),
    ) -> usize {
        let next = self.all.len() as u32;
        let at = *self.index.entry(key).or_insert(next) as usize;
        if at == next as usize {
            let window = Window::default();
            self.all.push(Passage { key, trail, stages, arrives: Instant::ZERO, window });
            return at;
        }
        let passage = &mut self.all[at];
        if (passage.trail, &passage.stages) != (trail, &stages) {
            if passage.window.packets > 0 {
                self.retired.push(*passage);
                passage.window = Window::default();
            }
            (passage.trail, passage.stages) = (trail, stages);
        }
        at
    }

    pub(crate) fn get(&self, at: usize) -> &Passage {
        &self.all[at]
    }

    pub(crate) fn at(&mut self, at: usize) -> &mut Passage {
        &mut self.all[at]
    }

    /// Notes that a passage has its first packet of the window.
    pub(crate) fn is_active(&mut self, at: usize) {
        self.active.push(at as u32);
    }

    /// Tells of everything that passed in the window, and begins another one.
    pub(crate) fn end_window(&mut self, mut tell: impl FnMut(&Passage)) {
        self.retired.drain(..).for_each(|passage| tell(&passage));
        let mut active = std::mem::take(&mut self.active);
        for at in active.drain(..) {
            let passage = &mut self.all[at as usize];
            if passage.window.packets > 0 {
                tell(passage);
                passage.window = Window::default();
            }
        }
        self.active = active;
    }

    /// Forgets what had no packet since `before`, where there are many: whoever comes again is
    /// looked up again. Only between two windows.
    pub(crate) fn forget(&mut self, before: Instant) {
        if self.all.len() < ENOUGH {
            return;
        }
        self.all.retain(|passage| passage.arrives >= before);
        self.index.clear();
        let keys = self.all.iter().zip(0..).map(|(passage, at)| (passage.key, at));
        self.index.extend(keys);
    }
}
