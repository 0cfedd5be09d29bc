//! Where a connection stands: TCP after RFC 6146 §3.5.2, as RFC 7857 §2 recommends, in as many
//! states as the timers tell apart; UDP by how often it was answered, as AWS's timers do.

use super::Dir;
use crate::packet::{Headers, Protocol, TcpFlags, Transport};

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

    #[inline]
    pub(super) fn from_bits(bits: u8) -> State {
        Self::ALL[usize::from(bits) % Self::COUNT]
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
    #[inline]
    pub fn after(self, dir: Dir, packet: &Headers) -> State {
        match packet.transport {
            Transport::Tcp(flags) => self.after_segment(dir, flags),
            _ => self.after_datagram(dir),
        }
    }

    #[inline]
    fn after_segment(self, dir: Dir, flags: TcpFlags) -> State {
        use State::*;
        if flags.has(TcpFlags::RST) {
            return Closed;
        }
        match (self, dir) {
            (Opening, Dir::Return) if flags.has(TcpFlags::SYN) => Established,
            (Established, Dir::Forward) if flags.has(TcpFlags::FIN) => FinForward,
            (Established, Dir::Return) if flags.has(TcpFlags::FIN) => FinReturn,
            (FinForward, Dir::Return) | (FinReturn, Dir::Forward) if flags.has(TcpFlags::FIN) => {
                Closed
            }
            _ => self,
        }
    }

    #[inline]
    fn after_datagram(self, dir: Dir) -> State {
        match (self, dir) {
            (State::OneWay, Dir::Return) => State::Answered,
            (State::Answered, Dir::Forward) => State::AskedAgain,
            (State::AskedAgain, Dir::Return) => State::Stream,
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYN: TcpFlags = TcpFlags::SYN;
    const ACK: TcpFlags = TcpFlags::ACK;
    const FIN_ACK: TcpFlags = TcpFlags(0x11);
    const RST: TcpFlags = TcpFlags::RST;

    fn run(start: State, segments: &[(Dir, TcpFlags)]) -> State {
        segments.iter().fold(start, |state, (dir, flags)| state.after_segment(*dir, *flags))
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
                *state = state.after_datagram(*dir);
                Some(*state)
            })
            .collect::<Vec<_>>();
        assert_eq!(seen, [State::Answered, State::AskedAgain, State::Stream]);
        assert_eq!(State::OneWay.after_datagram(Forward), State::OneWay);
    }
}
