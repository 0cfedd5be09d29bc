//! The line of flows that give way to others when there is no room, in the order in which they came
//! to it. Joining, leaving and taking the first are O(1).

use super::session::{Cold, SessionId};

const NONE: u32 = u32::MAX;

/// A doubly linked list through the cold sides of its flows.
#[derive(Debug)]
pub(super) struct Line {
    first: u32,
    last: u32,
}

impl Default for Line {
    fn default() -> Self {
        Line { first: NONE, last: NONE }
    }
}

impl Line {
    /// Who is first, if anybody is in line.
    pub(super) fn first(&self) -> Option<SessionId> {
        (self.first != NONE).then(|| SessionId::new(self.first as usize))
    }

    /// Joins at the end.
    pub(super) fn join(&mut self, cold: &mut [Cold], id: SessionId) {
        let at = id.index() as u32;
        cold[id.index()].line = [self.last, NONE];
        match self.last {
            NONE => self.first = at,
            last => cold[last as usize].line[1] = at,
        }
        self.last = at;
    }

    /// Leaves. Whoever is not in line must not leave it.
    pub(super) fn leave(&mut self, cold: &mut [Cold], id: SessionId) {
        let [before, after] = cold[id.index()].line;
        match before {
            NONE => self.first = after,
            before => cold[before as usize].line[1] = after,
        }
        match after {
            NONE => self.last = before,
            after => cold[after as usize].line[0] = before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_line_is_a_queue_that_one_can_leave(steps in prop::collection::vec(0usize..12, 1..200)) {
            let mut cold = vec![Cold::default(); 12];
            let mut line = Line::default();
            let mut oracle: Vec<usize> = Vec::new();
            for n in steps {
                if let Some(at) = oracle.iter().position(|m| *m == n) {
                    oracle.remove(at);
                    line.leave(&mut cold, SessionId::new(n));
                } else {
                    oracle.push(n);
                    line.join(&mut cold, SessionId::new(n));
                }
                prop_assert_eq!(line.first().map(SessionId::index), oracle.first().copied());
            }
        }
    }
}
