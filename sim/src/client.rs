//! The side that opens TCP connections: requests and responses, with pauses between them.

use egret_dataplane::time::{Duration, Instant};
use smoltcp::socket::tcp::{Socket, State};

use crate::plan::{Behaviour, Connections};
use crate::stream::Stream;

/// What a client expects of the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wants {
    /// A response to each request.
    Response,
    /// What it sent.
    Echo,
    /// That everything is taken.
    Nothing,
    /// So many bytes without a request.
    Bytes(u64),
}

impl Wants {
    /// What a behaviour gives.
    fn of(behaviour: Behaviour) -> Wants {
        match behaviour {
            Behaviour::Echo => Wants::Echo,
            Behaviour::Sink => Wants::Nothing,
            Behaviour::Source(bytes) => Wants::Bytes(bytes),
            _ => Wants::Response,
        }
    }
}

/// The seed of what a source sends.
pub(crate) const SOURCE_SEED: u64 = 0x50_12ce;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Connecting,
    /// A request is on its way, or its response.
    Asking,
    /// Nothing is to be said until then.
    Idle(Instant),
    /// All is said. The connection stays, or is being closed.
    Done,
}

/// What happened at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The connection was established, so long after it was begun.
    Established(Duration),
    /// A response came whole, so long after its request was begun.
    Answered(Duration),
    /// Everything went as planned.
    Completed,
    /// It came to nothing.
    Failed(&'static str),
}

/// A client's connection.
#[derive(Debug)]
pub(crate) struct Client {
    wants: Wants,
    host: std::rc::Rc<str>,
    seed: u64,
    phase: Phase,
    /// Requests that were answered.
    answered: u32,
    began: Instant,
    /// It is given up when there was no progress until then.
    deadline: Instant,
    out: Stream,
    back: Stream,
    /// When it was established.
    pub(crate) established: Option<Instant>,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    /// Whether every byte that came was the one expected.
    pub(crate) intact: bool,
}

impl Client {
    pub(crate) fn new(
        now: Instant,
        plan: &Connections,
        host: std::rc::Rc<str>,
        seed: u64,
    ) -> Client {
        let nothing = Stream::new(String::new(), 0, 0);
        Client {
            wants: Wants::Response,
            host,
            seed,
            phase: Phase::Connecting,
            answered: 0,
            began: now,
            deadline: now + plan.timeout,
            out: nothing.clone(),
            back: nothing,
            established: None,
            sent: 0,
            received: 0,
            intact: true,
        }
    }

    /// Learns what the other end does.
    pub(crate) fn meets(&mut self, behaviour: Behaviour) {
        if self.phase == Phase::Connecting {
            self.wants = Wants::of(behaviour);
        }
    }

    /// Whether the connection has come to its end, good or bad, as far as the workload goes.
    pub(crate) fn is_done(&self) -> bool {
        self.phase == Phase::Done
    }

    /// When something is to be done without a packet.
    pub(crate) fn timer(&self) -> Option<Instant> {
        match self.phase {
            Phase::Connecting | Phase::Asking => Some(self.deadline),
            Phase::Idle(until) => Some(until),
            Phase::Done => None,
        }
    }

    /// Says and hears what there is to say and to hear; whether anything was heard.
    pub(crate) fn step(
        &mut self,
        now: Instant,
        plan: &Connections,
        socket: &mut Socket<'_>,
        mut tell: impl FnMut(Step),
    ) -> bool {
        let connecting = self.phase == Phase::Connecting;
        if connecting {
            match socket.state() {
                State::SynSent | State::SynReceived if now < self.deadline => return false,
                State::SynSent | State::SynReceived => {
                    self.fail("timeout", tell);
                    return false;
                }
                State::Closed => {
                    self.fail("refused", tell);
                    return false;
                }
                _ => {
                    self.established = Some(now);
                    tell(Step::Established(now.since(self.began)));
                    self.ask(now, plan);
                }
            }
        }
        if self.phase == Phase::Done {
            // Whatever still comes is of no use.
            while socket.can_recv() {
                let _ = socket.recv(|bytes| (bytes.len(), ()));
            }
            return false;
        }
        let heard = self.hear(socket);
        let said = if self.phase == Phase::Asking { self.say(socket) } else { 0 };
        if heard + said > 0 {
            self.deadline = now + plan.timeout;
        }
        self.go_on(now, plan, socket, tell);
        connecting || heard > 0
    }

    fn go_on(
        &mut self,
        now: Instant,
        plan: &Connections,
        socket: &mut Socket<'_>,
        mut tell: impl FnMut(Step),
    ) {
        match self.phase {
            Phase::Asking if self.is_answered(socket) => {
                tell(Step::Answered(now.since(self.began)));
                self.answered += 1;
                if self.answered >= plan.requests {
                    self.phase = Phase::Done;
                    tell(Step::Completed);
                    if plan.close {
                        socket.close();
                    }
                } else if plan.idle > Duration::ZERO {
                    self.phase = Phase::Idle(now + plan.idle);
                } else {
                    self.ask(now, plan);
                    self.say(socket);
                }
            }
            Phase::Idle(until) if now >= until && socket.may_send() => {
                self.ask(now, plan);
                self.say(socket);
            }
            _ => {}
        }
        if self.phase == Phase::Done {
            return;
        }
        let unfinished = self.back.left() > 0 || self.answered < plan.requests;
        match socket.state() {
            State::Closed => self.fail("reset", tell),
            // The other end has closed, and there was more to say.
            State::CloseWait if unfinished && !socket.can_recv() => {
                socket.close();
                self.fail("closed by the other end", tell);
            }
            _ if self.phase == Phase::Asking && now >= self.deadline => {
                socket.abort();
                self.fail("timeout", tell);
            }
            _ => {}
        }
    }

    fn fail(&mut self, why: &'static str, mut tell: impl FnMut(Step)) {
        self.phase = Phase::Done;
        tell(Step::Failed(why));
    }

    /// Begins the next request.
    fn ask(&mut self, now: Instant, plan: &Connections) {
        let seed = self.seed.wrapping_add(u64::from(self.answered) << 40);
        let nothing = Stream::new(String::new(), 0, 0);
        self.out = match self.wants {
            Wants::Bytes(_) => nothing.clone(),
            _ => Stream::request(&self.host, plan.response, seed, plan.request),
        };
        self.back = match self.wants {
            Wants::Response => Stream::response(seed, plan.response),
            Wants::Echo => self.out.clone(),
            Wants::Nothing => nothing,
            Wants::Bytes(bytes) => Stream::new(String::new(), SOURCE_SEED, bytes),
        };
        self.phase = Phase::Asking;
        self.began = now;
        self.deadline = now + plan.timeout;
    }

    fn is_answered(&self, socket: &Socket<'_>) -> bool {
        let taken = self.wants != Wants::Nothing || socket.send_queue() == 0;
        self.out.left() == 0 && self.back.left() == 0 && taken
    }

    fn say(&mut self, socket: &mut Socket<'_>) -> u64 {
        let said = write(socket, &mut self.out);
        self.sent += said;
        said
    }

    fn hear(&mut self, socket: &mut Socket<'_>) -> u64 {
        let mut heard = 0;
        while socket.can_recv() {
            let back = &mut self.back;
            let piece = socket.recv(|bytes| (bytes.len(), (bytes.len(), back.compare(bytes))));
            let Ok((count, same)) = piece else { break };
            self.intact &= same;
            heard += count as u64;
        }
        self.received += heard;
        heard
    }
}

/// Writes as much of a stream as there is room for; how much.
pub(crate) fn write(socket: &mut Socket<'_>, stream: &mut Stream) -> u64 {
    let mut written = 0;
    while stream.left() > 0 && socket.can_send() {
        let Ok(count) = socket.send(|room| {
            let count = stream.write(room);
            (count, count)
        }) else {
            break;
        };
        if count == 0 {
            break;
        }
        written += count as u64;
    }
    written
}
