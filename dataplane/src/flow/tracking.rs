//! Where a connection stands: TCP after RFC 6146 §3.5.2, as RFC 7857 §2 recommends, in as many
//! states as the timers tell apart; UDP by how often it was answered, as AWS's timers do.

use super::Dir;
use crate::packet::{Headers, Protocol, TcpFlags, Transport};

/// What a packet says to connection tracking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Event {
    /// A TCP segment that neither opens nor ends anything.
    Data,
    /// TCP: SYN alone.
    Open,
    /// TCP: SYN with ACK.
    Accept,
    /// TCP: FIN.
    Finish,
    /// TCP: RST.
    Reset,
    /// No TCP segment.
    Datagram,
}

impl Event {
    const COUNT: usize = 8;
    const ALL: [Event; 6] =
        [Event::Data, Event::Open, Event::Accept, Event::Finish, Event::Reset, Event::Datagram];

    /// What a packet says.
    pub fn of(packet: &Headers) -> Event {
        packet.tcp().map_or(Event::Datagram, Event::of_flags)
    }

    /// What a TCP segment with these flags says: RST most, and SYN more than FIN.
    #[inline(always)]
    pub(crate) fn of_flags(flags: TcpFlags) -> Event {
        EVENTS[usize::from(flags.0 & (FLAGS - 1))]
    }

    /// Whether the segment announces how large segments may be, which a gateway may lower. A SYN may
    /// also begin anew between the ends of a connection that was closed.
    pub(crate) const fn announces_size(self) -> bool {
        matches!(self, Event::Open | Event::Accept)
    }

    const fn said_by(flags: TcpFlags) -> Event {
        if flags.has(TcpFlags::RST) {
            Event::Reset
        } else if flags.opens() {
            Event::Open
        } else if flags.has(TcpFlags::SYN) {
            Event::Accept
        } else if flags.has(TcpFlags::FIN) {
            Event::Finish
        } else {
            Event::Data
        }
    }
}

/// How many combinations of the flags up to ACK there are.
const FLAGS: u8 = 32;

/// [`Event::said_by`] as a table.
static EVENTS: [Event; FLAGS as usize] = {
    let mut table = [Event::Data; FLAGS as usize];
    let mut flags = 0;
    while flags < FLAGS {
        table[flags as usize] = Event::said_by(TcpFlags(flags));
        flags += 1;
    }
    table
};

/// The state of a flow. Each has timers of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// TCP: a SYN went out, none came back.
    Opening,
    /// TCP: both sides have synchronised, or the flow was picked up in its midst.
    Established,
    /// TCP: the side that opened has sent FIN.
    FinForward,
    /// TCP: the other side has sent FIN.
    FinReturn,
    /// TCP: both have sent FIN, or one has sent RST.
    Closed,
    /// UDP in one direction only.
    OneWay,
    /// UDP: one request, one answer.
    Answered,
    /// UDP: a second request.
    AskedAgain,
    /// UDP: more than one request and answer.
    Stream,
    /// Anything else.
    Other,
}

impl State {
    /// How many states there are.
    pub const COUNT: usize = 10;
    const ALL: [State; Self::COUNT] = [
        State::Opening,
        State::Established,
        State::FinForward,
        State::FinReturn,
        State::Closed,
        State::OneWay,
        State::Answered,
        State::AskedAgain,
        State::Stream,
        State::Other,
    ];

    #[inline(always)]
    pub(crate) const fn from_bits(bits: u8) -> State {
        Self::ALL[bits as usize % Self::COUNT]
    }

    /// Its name, for people and programs.
    pub const fn name(self) -> &'static str {
        match self {
            State::Opening => "opening",
            State::Established => "established",
            State::FinForward => "fin-forward",
            State::FinReturn => "fin-return",
            State::Closed => "closed",
            State::OneWay => "one-way",
            State::Answered => "answered",
            State::AskedAgain => "asked-again",
            State::Stream => "stream",
            State::Other => "other",
        }
    }

    /// The state that the first packet of a flow brings about.
    pub fn first(packet: &Headers) -> State {
        match packet.transport {
            Transport::Tcp(flags) if flags.opens() => State::Opening,
            Transport::Tcp(flags) if flags.has(TcpFlags::RST) => State::Closed,
            Transport::Tcp(_) => State::Established,
            _ if packet.protocol == Protocol::UDP => State::OneWay,
            _ => State::Other,
        }
    }

    /// The state after a packet of that direction.
    pub const fn after(self, dir: Dir, event: Event) -> State {
        use State::*;
        match (self, dir, event) {
            (_, _, Event::Reset) => Closed,
            (Opening, Dir::Return, Event::Open | Event::Accept) => Established,
            (Established, Dir::Forward, Event::Finish) => FinForward,
            (Established, Dir::Return, Event::Finish) => FinReturn,
            (FinForward, Dir::Return, Event::Finish) | (FinReturn, Dir::Forward, Event::Finish) => {
                Closed
            }
            (OneWay, Dir::Return, Event::Datagram) => Answered,
            (Answered, Dir::Forward, Event::Datagram) => AskedAgain,
            (AskedAgain, Dir::Return, Event::Datagram) => Stream,
            _ => self,
        }
    }

    /// Whether the flow is one that gives way to others when there is no room: half open, not yet
    /// answered, or closing.
    pub(super) const fn gives_way(self) -> bool {
        use State::*;
        matches!(self, Opening | FinForward | FinReturn | Closed | OneWay)
    }
}

/// A state in a table, or the word that the slow path must look.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Next(u8);

impl Next {
    /// The packet may not be replayed.
    pub(crate) const SLOW: Next = Next(u8::MAX);

    /// The state after a packet, from the low 4 bits of a session's status.
    #[inline(always)]
    pub(crate) fn after(state: u8, dir: Dir, event: Event) -> Next {
        AFTER[usize::from(state & 0x0f)][dir as usize][event as usize]
    }

    /// The state, where it is one.
    #[inline(always)]
    pub(crate) fn bits(self) -> u8 {
        self.0
    }
}

/// [`State::after`] as a table.
static AFTER: [[[Next; Event::COUNT]; 2]; 16] = {
    let mut table = [[[Next::SLOW; Event::COUNT]; 2]; 16];
    let mut at = 0;
    while at < State::COUNT * 2 * Event::ALL.len() {
        let state = State::ALL[at % State::COUNT];
        let dir = if (at / State::COUNT).is_multiple_of(2) { Dir::Forward } else { Dir::Return };
        let event = Event::ALL[at / State::COUNT / 2];
        if !event.announces_size() {
            table[state as usize][dir as usize][event as usize] =
                Next(state.after(dir, event) as u8);
        }
        at += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    const SYN: TcpFlags = TcpFlags::SYN;
    const ACK: TcpFlags = TcpFlags::ACK;
    const FIN_ACK: TcpFlags = TcpFlags(0x11);
    const RST: TcpFlags = TcpFlags::RST;

    fn run(start: State, segments: &[(Dir, TcpFlags)]) -> State {
        segments
            .iter()
            .fold(start, |state, (dir, flags)| state.after(*dir, Event::of_flags(*flags)))
    }

    #[test]
    fn tcp_opens_by_both_syns_and_closes_by_both_fins() {
        use Dir::*;
        assert_eq!(run(State::Opening, &[(Forward, SYN)]), State::Opening);
        assert_eq!(run(State::Opening, &[(Forward, ACK)]), State::Opening);
        let open = run(State::Opening, &[(Return, TcpFlags(0x12)), (Forward, ACK)]);
        assert_eq!(open, State::Established);
        assert_eq!(run(open, &[(Forward, FIN_ACK), (Return, ACK)]), State::FinForward);
        assert_eq!(run(open, &[(Forward, FIN_ACK), (Return, FIN_ACK)]), State::Closed);
        assert_eq!(run(open, &[(Return, FIN_ACK), (Forward, FIN_ACK)]), State::Closed);
        assert_eq!(run(open, &[(Return, RST)]), State::Closed);
    }

    #[test]
    fn udp_is_a_stream_after_its_second_answer() {
        use Dir::*;
        let seen = [Return, Forward, Return]
            .iter()
            .scan(State::OneWay, |state, dir| {
                *state = state.after(*dir, Event::Datagram);
                Some(*state)
            })
            .collect::<Vec<_>>();
        assert_eq!(seen, [State::Answered, State::AskedAgain, State::Stream]);
        assert_eq!(State::OneWay.after(Forward, Event::Datagram), State::OneWay);
    }
}
