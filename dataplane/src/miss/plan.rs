//! What the flows of one way have in common: the largest packet that passes without more ado, and the
//! timers of everything on the way that keeps state.

use crate::flow::{Class, State, Translator};
use crate::path::Way;
use crate::snapshot::{EniOwner, Interface, Settings, Snapshot};
use crate::time::Duration;

/// How long a closed connection is remembered, for its last segments. AWS publishes no figure.
const CLOSED: Duration = Duration::from_secs(5);

/// All of a flow's way, and of the way back where there is one, from which its class follows under
/// one configuration: few bytes to compare for every new flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    mtu: [u16; 2],
    mss: [u16; 2],
    ttl: [u8; 2],
    keeper: Keeper,
    metered: bool,
}

/// Which gateways on a way keep connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Keeper {
    hyperplane: bool,
    nat: bool,
    endpoint: bool,
}

impl Kind {
    pub(super) fn new(snapshot: &Snapshot, way: &Way, back: Option<&Way>) -> Kind {
        Kind {
            mtu: [way.mtu, back.map_or(u16::MAX, |back| back.mtu)],
            mss: [way.mss, back.map_or(u16::MAX, |back| back.mss)],
            ttl: [way.ttl, back.map_or(0, |back| back.ttl)],
            keeper: Keeper::on(snapshot, way),
            metered: way.metered.is_some(),
        }
    }

    /// The class of such flows.
    pub(super) fn class(&self, settings: &Settings) -> Class {
        let Timers { hard, soft } = Timers::new(settings, self.keeper);
        Class { mtu: self.mtu, mss: self.mss, ttl: self.ttl, hard, soft, slow: self.metered }
    }
}

impl Keeper {
    fn on(snapshot: &Snapshot, way: &Way) -> Keeper {
        let endpoint = match snapshot[way.to] {
            Interface::Eni(eni) => matches!(snapshot[eni].owner, EniOwner::Endpoint(..)),
            _ => false,
        };
        let mut keeper = Keeper { endpoint, ..Keeper::default() };
        for made in way.translations.iter().flatten() {
            match made.by {
                Translator::Hyperplane(_) => keeper.hyperplane = true,
                Translator::Nat(_) | Translator::Provider => keeper.nat = true,
            }
        }
        keeper
    }

    /// The shortest timers of TCP and of everything else, if there is a gateway.
    fn idle(self, settings: &Settings) -> Option<(Duration, Duration)> {
        let hyperplane = (settings.hyperplane_tcp_idle, settings.hyperplane_udp_idle);
        [
            self.hyperplane.then_some(hyperplane),
            self.nat.then_some((settings.nat_idle, settings.nat_idle)),
            self.endpoint.then_some((settings.endpoint_idle, settings.endpoint_idle)),
        ]
        .into_iter()
        .flatten()
        .reduce(|(tcp, other), (t, o)| (tcp.min(t), other.min(o)))
    }
}

/// Idle times by state, in milliseconds.
struct Timers {
    hard: [u32; State::COUNT],
    soft: [u32; State::COUNT],
}

impl Timers {
    /// The shortest timer of all that keep state on the way ends the flow. Security groups may
    /// forget it before that, and then ask their rules again.
    fn new(settings: &Settings, keeper: Keeper) -> Timers {
        let groups = Self::of_groups(settings);
        let per_state =
            |f: &dyn Fn(usize) -> Duration| std::array::from_fn(|state| f(state).ticks());
        match Self::of_gateways(settings, keeper) {
            Some(gateways) => Timers {
                hard: per_state(&|state| gateways[state]),
                soft: per_state(&|state| groups[state]),
            },
            None => {
                Timers { hard: per_state(&|state| groups[state]), soft: [u32::MAX; State::COUNT] }
            }
        }
    }

    fn of_gateways(settings: &Settings, keeper: Keeper) -> Option<[Duration; State::COUNT]> {
        let (tcp, other) = keeper.idle(settings)?;
        Some(by_state(tcp, settings.sg_tcp_transitory.min(tcp), [other; 2], other))
    }

    fn of_groups(settings: &Settings) -> [Duration; State::COUNT] {
        let udp = [settings.sg_udp, settings.sg_udp_stream];
        by_state(settings.sg_tcp_established, settings.sg_tcp_transitory, udp, settings.sg_other)
    }
}

fn by_state(
    established: Duration,
    transitory: Duration,
    [udp, stream]: [Duration; 2],
    other: Duration,
) -> [Duration; State::COUNT] {
    let mut timers = [other; State::COUNT];
    timers[State::Established as usize] = established;
    for state in [State::Opening, State::FinForward, State::FinReturn] {
        timers[state as usize] = transitory;
    }
    timers[State::Closed as usize] = CLOSED.min(transitory);
    for state in [State::OneWay, State::Answered, State::AskedAgain] {
        timers[state as usize] = udp;
    }
    timers[State::Stream as usize] = stream;
    timers
}
