//! The flows of a worker, a piece at a time: whoever lists them asks the worker, and no answer keeps
//! it from its packets for longer than a burst or two.

use egret_dataplane::flow::{Cold, Dir, Session, State};
use egret_dataplane::packet::{Protocol, Tuple};
use egret_dataplane::snapshot::{EniId, InterfaceId};
use egret_dataplane::time::Instant;
use egret_dataplane::worker::Worker;

/// Places of a table that are looked at for one question.
const LOOKS: usize = 1_024;

/// Which flows are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Those that begin or end at one of these places; all, where there is no list.
    pub interfaces: Option<Vec<InterfaceId>>,
    /// Or whose security groups, or whose translations, are those of this ENI.
    pub eni: Option<EniId>,
    /// Those of this protocol.
    pub protocol: Option<Protocol>,
}

/// A flow, as it is.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    /// Where its first packet entered, and where those of its answer do.
    pub interfaces: [InterfaceId; 2],
    /// Addresses and ports of its packets as sent, and of their answers as sent.
    pub tuples: [Tuple; 2],
    /// What only slow paths read: translations and ENIs.
    pub cold: Cold,
    /// Where the connection stands.
    pub state: State,
    /// Packets and bytes that were forwarded each way.
    pub passed: [[u64; 2]; 2],
    /// Whether packets of each way are dropped.
    pub blocked: [bool; 2],
    /// Milliseconds since the last packet.
    pub idle: u32,
}

/// Some of a worker's flows.
#[derive(Clone, Debug)]
pub struct Page {
    /// The flows.
    pub flows: Vec<Flow>,
    /// Where to go on; `None` when that was all.
    pub next: Option<usize>,
}

/// Up to `most` flows from that place of the table on.
pub(super) fn page(
    worker: &Worker,
    now: Instant,
    from: usize,
    most: usize,
    wanted: &Filter,
) -> Page {
    let flows = worker.flows();
    let mut page = Page { flows: Vec::new(), next: None };
    let end = from.saturating_add(LOOKS);
    for id in flows.among(from, LOOKS) {
        let (session, cold) = (flows.session(id), flows.cold(id));
        if !wanted.has(session, cold) {
            continue;
        }
        if page.flows.len() == most {
            page.next = Some(id.index());
            return page;
        }
        page.flows.push(Flow {
            interfaces: session.keys.map(|key| key.interface()),
            tuples: session.keys.map(|key| key.tuple()),
            cold: *cold,
            state: session.state(),
            passed: [Dir::Forward, Dir::Return].map(|dir| flows.passed(id, dir)),
            blocked: [Dir::Forward, Dir::Return].map(|dir| session.blocked(dir)),
            idle: now.tick().since(session.last),
        });
    }
    page.next = (end < flows.places()).then_some(end);
    page
}

impl Filter {
    fn has(&self, session: &Session, cold: &Cold) -> bool {
        let [from, to] = session.keys.map(|key| key.interface());
        let protocol = session.keys[0].tuple().protocol;
        let at = |eni: EniId| {
            use egret_dataplane::flow::Translator::Hyperplane;
            let by = |made: &egret_dataplane::flow::Translation| made.by == Hyperplane(eni);
            cold.enis().contains(&Some(eni)) || cold.translations().iter().flatten().any(by)
        };
        let by_place =
            self.interfaces.as_ref().map(|list| list.contains(&from) || list.contains(&to));
        let by_eni = self.eni.map(at);
        let here = match (by_place, by_eni) {
            (None, None) => true,
            (place, eni) => place == Some(true) || eni == Some(true),
        };
        here && self.protocol.is_none_or(|wanted| wanted == protocol)
    }
}
