//! Which parts of a configuration the expectations about it exercised.
//!
//! A part is exercised where it decided about a packet that an expectation judged, or about its
//! answer: a rule that allows, an entry that allows or denies, the route that was taken, an endpoint
//! that was passed. What was asked and had nothing to say does not count. What AWS adds by itself
//! (local routes, the last entry of each network ACL, what a default group or ACL has) is listed
//! apart, as nobody wrote it. Runs count for nothing: what becomes of them depends on timers, ports
//! and links as well.

use super::parts::{Kind, Part, is_local};
use super::{Outcome, Spot, Suite, spot};

/// The parts of one configuration, in the order of its elements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Those that somebody wrote.
    pub written: Vec<Covered>,
    /// Those that AWS adds by itself.
    pub implicit: Vec<Covered>,
}

/// A part, and whether it was exercised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    /// The part.
    pub part: Part,
    /// Its name.
    pub name: String,
    /// What it does, where its name does not say that.
    pub does: Option<String>,
    /// Where it was written.
    pub spot: Option<Spot>,
    /// How many expectations exercised it.
    pub expectations: usize,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ratio {
    /// How many.
    pub part: usize,
    /// Of how many.
    pub whole: usize,
}

impl Ratio {
    /// In percent; of nothing, everything.
    pub fn percent(self) -> f64 {
        match self.whole {
            0 => 100.0,
            whole => 100.0 * self.part as f64 / whole as f64,
        }
    }
}

impl std::ops::Add for Ratio {
    type Output = Ratio;
    fn add(self, other: Ratio) -> Ratio {
        Ratio { part: self.part + other.part, whole: self.whole + other.whole }
    }
}

impl std::iter::Sum for Ratio {
    fn sum<I: Iterator<Item = Ratio>>(ratios: I) -> Ratio {
        ratios.fold(Ratio::default(), |sum, ratio| sum + ratio)
    }
}

impl Coverage {
    /// The parts of what a suite is about, none of them exercised.
    pub fn of(suite: &Suite) -> Coverage {
        let Some(compilation) = &suite.compilation else { return Coverage::default() };
        let model = &suite.scenario.model;
        let snapshot = &compilation.snapshot;
        let (mut written, mut implicit) = (Vec::new(), Vec::new());
        for part in Part::all(snapshot) {
            let place = part.place(model, compilation).filter(|_| !is_local(snapshot, part));
            let covered = Covered {
                part,
                name: part.name(snapshot),
                does: part.does(snapshot),
                spot: place.map(|place| spot(&model.sources, place)),
                expectations: 0,
            };
            if place.is_some() { &mut written } else { &mut implicit }.push(covered);
        }
        Coverage { written, implicit }
    }

    /// Counts what an expectation about the configuration exercised.
    pub fn count(&mut self, outcome: &Outcome) {
        for covered in self.written.iter_mut().chain(&mut self.implicit) {
            covered.expectations += usize::from(outcome.seen.decided.contains(&covered.part));
        }
    }

    /// How many of the written parts were exercised; of one kind, if one is given.
    pub fn ratio(&self, kind: Option<Kind>) -> Ratio {
        let counts = |covered: &&Covered| kind.is_none_or(|kind| covered.part.kind() == kind);
        let all = || self.written.iter().filter(counts);
        Ratio {
            part: all().filter(|covered| covered.expectations > 0).count(),
            whole: all().count(),
        }
    }

    /// Written parts that no expectation exercised.
    pub fn idle(&self) -> impl Iterator<Item = &Covered> {
        self.written.iter().filter(|covered| covered.expectations == 0)
    }
}

impl Covered {
    /// Its name and what it does.
    pub fn words(&self) -> String {
        match &self.does {
            Some(does) => format!("{} {does}", self.name),
            None => self.name.clone(),
        }
    }
}
