//! The side that takes TCP connections: what a host's [`Behaviour`] means on one of them.

use egret_dataplane::time::{Duration, Instant};
use smoltcp::socket::tcp::{Socket, State};

use crate::client::{SOURCE_SEED, write};
use crate::plan::Behaviour;
use crate::stream::{Asked, LONGEST_HEAD, Stream, asked};

/// How long an end whose other one is silent tries to say what it has to say: about Linux's
/// `tcp_orphan_retries` and `tcp_syn_retries`.
const PATIENCE: Duration = Duration::from_secs(130);

/// A server's connection.
#[derive(Debug)]
pub(crate) struct Server {
    behaviour: Behaviour,
    /// A request's head, as far as it has come.
    head: Vec<u8>,
    asked: Option<Asked>,
    out: Option<Stream>,
    /// When the response may begin.
    due: Instant,
    /// When something last came.
    heard: Instant,
    begun: bool,
    /// Whether every byte that came was the one that the request's head announced.
    pub(crate) intact: bool,
    pub(crate) received: u64,
    pub(crate) sent: u64,
}

impl Server {
    pub(crate) fn new(now: Instant, behaviour: Behaviour) -> Server {
        Server {
            behaviour,
            head: Vec::new(),
            asked: None,
            out: None,
            due: now,
            heard: now,
            begun: false,
            intact: true,
            received: 0,
            sent: 0,
        }
    }

    /// What it does.
    pub(crate) fn behaviour(&self) -> Behaviour {
        self.behaviour
    }

    /// When something is to be done without a packet.
    pub(crate) fn timer(&self, now: Instant, state: State) -> Option<Instant> {
        match (self.behaviour, state) {
            _ if self.is_stuck(now, state) => Some(self.heard.max(self.due) + PATIENCE),
            _ if self.out.is_some() => Some(self.due),
            (Behaviour::IdleClose(after), State::Established) => Some(self.heard + after),
            _ => None,
        }
    }

    /// Whether the other end has been silent for too long for a connection that is being opened or
    /// closed, or on which something is being said.
    pub(crate) fn gives_up(&self, now: Instant, state: State) -> bool {
        let silent = now.since(self.heard.max(self.due)) >= PATIENCE;
        state == State::Closed || (silent && self.is_stuck(now, state))
    }

    /// Whether nothing goes on unless the other end is heard.
    fn is_stuck(&self, now: Instant, state: State) -> bool {
        match state {
            State::Established => self.out.is_some() && self.due <= now,
            State::Closed | State::Listen => false,
            _ => true,
        }
    }

    /// A packet came.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.heard = now;
    }

    /// Hears and says what there is.
    pub(crate) fn step(&mut self, now: Instant, socket: &mut Socket<'_>) {
        if let (false, Behaviour::Source(bytes), true) =
            (self.begun, self.behaviour, socket.may_send())
        {
            self.begun = true;
            self.out = Some(Stream::new(String::new(), SOURCE_SEED, bytes));
        }
        match self.behaviour {
            Behaviour::Echo => self.echo(socket),
            Behaviour::Sink | Behaviour::Source(_) => self.discard(socket),
            _ => self.hear(now, socket),
        }
        if now >= self.due
            && let Some(out) = &mut self.out
        {
            self.sent += write(socket, out);
            if out.left() == 0 {
                self.out = None;
                if matches!(self.behaviour, Behaviour::Source(_)) {
                    socket.close();
                }
            }
        }
        let idle_too_long = match self.behaviour {
            Behaviour::IdleClose(after) => now.since(self.heard) >= after,
            _ => false,
        };
        let left = socket.state() == State::CloseWait && !socket.can_recv();
        if self.out.is_none() && (left || idle_too_long && socket.state() == State::Established) {
            socket.close();
        }
    }

    fn hear(&mut self, now: Instant, socket: &mut Socket<'_>) {
        while socket.can_recv() && self.out.is_none() {
            let heard = match &mut self.asked {
                None => socket.recv(|bytes| {
                    let taken = take_head(&mut self.head, bytes);
                    (taken, taken as u64)
                }),
                Some(asked) => socket.recv(|bytes| {
                    let left = usize::try_from(asked.body.left()).unwrap_or(usize::MAX);
                    let taken = bytes.len().min(left);
                    self.intact &= asked.body.compare(&bytes[..taken]);
                    (taken, taken as u64)
                }),
            };
            self.received += heard.unwrap_or_default();
            if self.asked.is_none() && self.head.ends_with(b"\r\n\r\n") {
                self.asked = asked(&self.head);
                self.head.clear();
            }
            if self.head.len() >= LONGEST_HEAD {
                // Nobody who speaks here says that much before a request ends.
                self.intact = false;
                return socket.abort();
            }
            if let Some(Asked { response, seed, body }) = &self.asked
                && body.left() == 0
            {
                self.out = Some(Stream::response(*seed, *response));
                self.asked = None;
                self.due = match self.behaviour {
                    Behaviour::Slow(by) => now + by,
                    _ => now,
                };
            }
        }
    }

    fn echo(&mut self, socket: &mut Socket<'_>) {
        while socket.can_recv() && socket.can_send() {
            let room = socket.send_capacity() - socket.send_queue();
            let Ok(piece) = socket.recv(|bytes| {
                let count = bytes.len().min(room);
                (count, bytes[..count].to_vec())
            }) else {
                return;
            };
            self.received += piece.len() as u64;
            self.sent += socket.send_slice(&piece).unwrap_or_default() as u64;
        }
    }

    fn discard(&mut self, socket: &mut Socket<'_>) {
        while socket.can_recv() {
            let count = socket.recv(|bytes| (bytes.len(), bytes.len() as u64));
            self.received += count.unwrap_or_default();
        }
    }
}

/// Takes bytes up to the empty line that ends a head; how many.
fn take_head(head: &mut Vec<u8>, bytes: &[u8]) -> usize {
    for (at, byte) in bytes.iter().enumerate() {
        head.push(*byte);
        if head.ends_with(b"\r\n\r\n") || head.len() >= LONGEST_HEAD {
            return at + 1;
        }
    }
    bytes.len()
}
