//! What the flows of one way have in common: the largest packet that passes without more ado, and the
//! timers of everything on the way that keeps state.

use crate::flow::{Class, State, Translator};
use crate::path::Way;
use crate::snapshot::{EniOwner, Interface, Settings, Snapshot};
use crate::time::Duration;

/// How long a closed connection is remembered, for its last segments. AWS publishes no figure.
const CLOSED: Duration = Duration::from_secs(5);

/// What a flow's way, and the way back where there is one, have in common with others.
pub(super) fn class(snapshot: &Snapshot, way: &Way, back: Option<&Way>) -> Class {
    let timers = Timers::new(&snapshot.settings, snapshot, way);
    Class {
        mtu: [way.mtu, back.map_or(u16::MAX, |back| back.mtu)],
        ttl: [way.ttl, back.map_or(0, |back| back.ttl)],
        hard: timers.hard,
        soft: timers.soft,
        slow: way.metered.is_some(),
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
    fn new(settings: &Settings, snapshot: &Snapshot, way: &Way) -> Timers {
        let gateways = Self::of_gateways(settings, snapshot, way);
        let groups = Self::of_groups(settings);
        let per_state =
            |f: &dyn Fn(usize) -> Duration| std::array::from_fn(|state| f(state).ticks());
        match gateways {
            Some(gateways) => Timers {
                hard: per_state(&|state| gateways[state]),
                soft: per_state(&|state| groups[state]),
            },
            None => {
                Timers { hard: per_state(&|state| groups[state]), soft: [u32::MAX; State::COUNT] }
            }
        }
    }

    /// The shortest timer of the translators and endpoints on the way, if there are any.
    fn of_gateways(
        settings: &Settings,
        snapshot: &Snapshot,
        way: &Way,
    ) -> Option<[Duration; State::COUNT]> {
        let endpoint = match snapshot[way.to] {
            Interface::Eni(eni) => matches!(snapshot[eni].owner, EniOwner::Endpoint(..)),
            _ => false,
        };
        let translators = way.translations.iter().flatten().map(|made| match made.by {
            Translator::Hyperplane(_) => {
                (settings.hyperplane_tcp_idle, settings.hyperplane_udp_idle)
            }
            Translator::Nat(_) | Translator::Provider => (settings.nat_idle, settings.nat_idle),
        });
        let endpoint = endpoint.then_some((settings.endpoint_idle, settings.endpoint_idle));
        let (tcp, other) = translators
            .chain(endpoint)
            .reduce(|(tcp, other), (t, o)| (tcp.min(t), other.min(o)))?;
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
