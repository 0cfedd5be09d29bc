//! An explanation as text, made to be read aloud: one line a hop, there and back, then what is in
//! the way and how to mend it.

use std::fmt::Write;

use egret_dataplane::trace::Direction;

use super::{Denial, Explanation, Outcome, Step, World};
use crate::model::Unknown;

/// What a stretch of the text is, for whoever wants to colour it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Headings.
    Heading,
    /// An element's name.
    Name,
    /// What went well.
    Good,
    /// What did not.
    Bad,
    /// Places and other small print.
    Faint,
}

/// The text, each stretch passed through `paint`.
pub fn render(
    world: World<'_>,
    explanation: &Explanation,
    paint: impl Fn(Style, &str) -> String,
) -> String {
    let mut page = Page { world, paint, out: String::new() };
    page.explanation(explanation);
    page.out
}

/// The text without colours.
pub fn plain(world: World<'_>, explanation: &Explanation) -> String {
    render(world, explanation, |_, text| text.to_owned())
}

struct Page<'a, P> {
    world: World<'a>,
    paint: P,
    out: String,
}

impl<P: Fn(Style, &str) -> String> Page<'_, P> {
    fn explanation(&mut self, explanation: &Explanation) {
        let question = &explanation.question;
        let title = format!(
            "{} to {}, {}",
            question.from_label,
            question.to_label,
            super::traffic_of(question)
        );
        self.line(Style::Heading, &title);
        for note in &explanation.question.notes {
            self.line(Style::Faint, note);
        }
        self.way(
            "Forward",
            &explanation.forward,
            explanation.forward.iter().chain(&explanation.back),
        );
        if !explanation.back.is_empty() {
            self.way(
                "Return",
                &explanation.back,
                explanation.forward.iter().chain(&explanation.back),
            );
        }
        self.out.push('\n');
        self.outcome(explanation);
        let own = explanation.question.notes.len();
        for note in &explanation.notes[own..] {
            self.line(Style::Faint, note);
        }
        for (number, denial) in explanation.denials.iter().enumerate() {
            self.out.push('\n');
            if explanation.denials.len() > 1 {
                let _ = write!(self.out, "{}. ", number + 1);
            }
            self.denial(denial);
        }
    }

    fn way<'s>(&mut self, title: &str, steps: &[Step], all: impl Iterator<Item = &'s Step>) {
        self.out.push('\n');
        self.line(Style::Heading, title);
        let width = all.map(|step| label(step.kind, &step.name).chars().count()).max().unwrap_or(0);
        for (number, step) in steps.iter().enumerate() {
            self.step(number + 1, step, width);
        }
    }

    fn step(&mut self, number: usize, step: &Step, width: usize) {
        let label = label(step.kind, &step.name);
        let gap = " ".repeat(width - label.chars().count());
        let label = (self.paint)(Style::Name, &label);
        let style = if step.denial.is_some() { Style::Bad } else { Style::Good };
        let text = match style {
            Style::Bad => (self.paint)(style, &step.text),
            _ => step.text.clone(),
        };
        let place = step.place.and_then(|place| self.world.sources.display(place));
        let place = place.map_or(String::new(), |place| {
            format!("  {}", (self.paint)(Style::Faint, &format!("[{place}]")))
        });
        let _ = writeln!(self.out, "{number:>3}  {label}{gap}  {text}{place}");
    }

    fn outcome(&mut self, explanation: &Explanation) {
        if let Some(Unknown { name, place }) = &explanation.waits_for {
            let place = self.world.sources.display(*place);
            let place = place.map_or(String::new(), |place| format!(" [{place}]"));
            let text = format!("Inconclusive: this depends on {name}{place}. Without it:");
            self.line(Style::Name, &text);
        }
        match explanation.outcome {
            Outcome::Delivered => {
                let seen = explanation.source().map(|source| source.to_string());
                let text = format!(
                    "Delivered, and the answer comes back. The destination sees {}.",
                    seen.unwrap_or_default()
                );
                self.line(Style::Good, &text);
            }
            Outcome::NoReply => {
                self.line(Style::Bad, "Delivered, but the answer is dropped on its way back.");
            }
            Outcome::Dropped => self.line(Style::Bad, "Dropped."),
        }
    }

    fn denial(&mut self, denial: &Denial) {
        let way = match denial.direction {
            Direction::Forward => "on the way there",
            Direction::Return => "on the way back",
        };
        let reason = denial.drop.reason;
        let at = label(denial.kind, &denial.name);
        let text = format!("At {at}, {way}: {}", reason.sentence());
        self.line(Style::Bad, &text);
        let names = format!("Reason {}, code {}.", reason.name(), reason.code());
        self.line(Style::Faint, &names);
        if !denial.tried.is_empty() {
            self.out.push_str("Tried:\n");
            for tried in &denial.tried {
                let _ = writeln!(self.out, "  - {tried}");
            }
        }
        let heading = (self.paint)(Style::Heading, "To mend it:");
        let _ = writeln!(self.out, "{heading} {}", denial.mend);
    }

    fn line(&mut self, style: Style, text: &str) {
        let text = (self.paint)(style, text);
        let _ = writeln!(self.out, "{text}");
    }
}

/// Kind and name; what is the only one of its kind has no name besides.
fn label(kind: &str, name: &str) -> String {
    if kind == name { kind.to_owned() } else { format!("{kind} {name}") }
}
