//! Mutation, as it is printed: which changes of a configuration no expectation would notice.

use std::collections::BTreeMap;
use std::path::PathBuf;

use egret_control::explain::text::Style;
use egret_sim::suite::coverage::Ratio;
use egret_sim::suite::mutants::Mutant;
use egret_sim::suite::mutation::{Fate, Mutation};
use egret_sim::suite::{Case, Excuse, Outcome, Suite};
use serde_json::{Value, json};

use super::coverage::{identity, ratio_words};
use super::formats::{annotation, place, sarif_result};
use super::{File, count, side_by_side};
use crate::terminal;

/// A configuration, and what came of each of its mutants.
pub(super) struct Configuration {
    /// The scenario file, or the folder of JSON.
    path: PathBuf,
    mutants: Vec<(Mutant, Fate)>,
    excuses: Vec<Excuse>,
}

/// A suite, and what came of its cases.
type Judged<'a> = (&'a Suite, Vec<(&'a Case, &'a Outcome)>);

/// Judges the mutants of all configurations of these files, side by side.
pub(super) fn of(files: &[File]) -> Vec<Configuration> {
    let mut suites: BTreeMap<PathBuf, Vec<Judged<'_>>> = BTreeMap::new();
    for file in files {
        let Some(suite) = &file.suite else { continue };
        let outcomes = file.done.iter().map(|done| (&done.case, &done.outcome)).collect();
        suites.entry(identity(suite)).or_default().push((suite, outcomes));
    }
    let mutations: Vec<Mutation<'_>> = suites.values().map(|suites| Mutation::of(suites)).collect();
    let all = mutations.iter().enumerate();
    let all = all.flat_map(|(at, of)| of.mutants().into_iter().map(move |mutant| (at, mutant)));
    let all: Vec<(usize, Mutant)> = all.collect();
    let fates = side_by_side(&all, |(at, mutant)| Some(mutations[*at].judge(mutant)));
    let of_suites = |suites: &Vec<Judged<'_>>| Configuration {
        path: suites[0].0.about.clone(),
        mutants: Vec::new(),
        excuses: suites.iter().flat_map(|(suite, _)| suite.excuses.clone()).collect(),
    };
    let mut found: Vec<Configuration> = suites.values().map(of_suites).collect();
    for ((at, mutant), fate) in all.into_iter().zip(fates) {
        found[at].mutants.extend(fate.map(|fate| (mutant, fate)));
    }
    found
}

/// What came of a mutant, to who reads it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Came<'a> {
    Noticed,
    Same,
    Excused(&'a Excuse),
    Survived(&'a str),
}

impl Configuration {
    fn came<'a>(&'a self, mutant: &Mutant, fate: &'a Fate) -> Came<'a> {
        let words = mutant.words();
        match fate {
            // What does not compile is noticed before any test.
            Fate::Noticed(_) | Fate::Refused(_) => Came::Noticed,
            Fate::Same => Came::Same,
            Fate::Survived(example) => {
                let excuse = self.excuses.iter().find(|excuse| words.contains(&excuse.change));
                excuse.map_or(Came::Survived(example), Came::Excused)
            }
        }
    }

    fn all(&self) -> impl Iterator<Item = (&Mutant, Came<'_>)> {
        self.mutants.iter().map(|(mutant, fate)| (mutant, self.came(mutant, fate)))
    }

    fn count(&self, which: impl Fn(Came<'_>) -> bool) -> usize {
        self.all().filter(|(_, came)| which(*came)).count()
    }

    /// How many were noticed of those that should be.
    fn ratio(&self) -> Ratio {
        let noticed = self.count(|came| came == Came::Noticed);
        let survived = self.count(|came| matches!(came, Came::Survived(_)));
        Ratio { part: noticed, whole: noticed + survived }
    }

    /// Those that survived without an excuse.
    fn survivors(&self) -> impl Iterator<Item = (&Mutant, &str)> {
        self.all().filter_map(|(mutant, came)| match came {
            Came::Survived(example) => Some((mutant, example)),
            _ => None,
        })
    }

    /// Excuses for nothing.
    fn needless(&self) -> impl Iterator<Item = &Excuse> {
        self.excuses.iter().filter(|excuse| {
            !self.all().any(|(_, came)| matches!(came, Came::Excused(used) if used == *excuse))
        })
    }
}

pub(super) fn total(configurations: &[Configuration]) -> Ratio {
    configurations.iter().map(Configuration::ratio).sum()
}

pub(super) fn text(configurations: &[Configuration]) -> String {
    let mut out = String::from("\n");
    for configuration in configurations {
        let path = configuration.path.display().to_string();
        let path = terminal::paint(Style::Heading, &path);
        out += &format!("{path}  {} noticed\n", ratio_words(configuration.ratio()));
        for (mutant, example) in configuration.survivors() {
            let place = terminal::paint(Style::Faint, &format!("[{}]", mutant.spot));
            let survived = terminal::paint(Style::Bad, "unnoticed");
            out += &format!("  {survived}  {}  {place}\n", mutant.words());
            out += &terminal::paint(Style::Faint, &format!("             {example}\n"));
        }
        for (mutant, came) in configuration.all() {
            if let Came::Excused(excuse) = came {
                out += &format!("  excused    {}: {}\n", mutant.words(), excuse.because);
            }
        }
        for excuse in configuration.needless() {
            let needless = terminal::paint(Style::Bad, "needless");
            let place = terminal::paint(Style::Faint, &format!("[{}]", excuse.spot));
            out += &format!(
                "  {needless}   no such change goes unnoticed: {}  {place}\n",
                excuse.change
            );
        }
    }
    let sum = |which: fn(Came<'_>) -> bool| {
        configurations.iter().map(|one| one.count(which)).sum::<usize>()
    };
    let same = count(sum(|came| came == Came::Same), "change", "changes");
    let excused = sum(|came| matches!(came, Came::Excused(_)));
    out += &format!("\nmutation: {} changes noticed", ratio_words(total(configurations)));
    out + &format!("; {excused} excused, {same} that no packet can tell\n")
}

pub(super) fn json(configurations: &[Configuration]) -> Value {
    let configuration = |one: &Configuration| {
        let mutants = one.mutants.iter().map(|(mutant, fate)| mutant_json(one, mutant, fate));
        let mut of = figures(one.ratio());
        of["path"] = json!(one.path);
        of["changes"] = mutants.collect();
        of["needless_excuses"] = one.needless().map(|excuse| json!(excuse.change)).collect();
        of
    };
    let mut document = figures(total(configurations));
    document["configurations"] = configurations.iter().map(configuration).collect();
    document
}

fn figures(ratio: Ratio) -> Value {
    json!({ "noticed": ratio.part, "to_notice": ratio.whole, "percent": ratio.percent() })
}

fn mutant_json(of: &Configuration, mutant: &Mutant, fate: &Fate) -> Value {
    let (came, why) = match (of.came(mutant, fate), fate) {
        (Came::Excused(excuse), _) => ("excused", Some(&excuse.because)),
        (_, Fate::Noticed(by)) => ("noticed", Some(by)),
        (_, Fate::Refused(message)) => ("refused", Some(message)),
        (_, Fate::Same) => ("same", None),
        (_, Fate::Survived(example)) => ("survived", Some(example)),
    };
    json!({
        "kind": mutant.kind.name(),
        "name": mutant.name,
        "how": mutant.how,
        "place": place(&mutant.spot),
        "fate": came,
        "why": why,
    })
}

/// Workflow commands: a warning at each part of which a change goes unnoticed.
pub(super) fn github(configurations: &[Configuration]) -> String {
    let survivors = configurations.iter().flat_map(Configuration::survivors);
    let warning = |(mutant, example): (&Mutant, &str)| {
        let message = format!("No expectation notices: {} ({example})", mutant.words());
        annotation("warning", &mutant.spot, &message)
    };
    let warnings: String = survivors.map(warning).collect();
    format!("{warnings}mutation: {}\n", ratio_words(total(configurations)))
}

/// A warning for each change that goes unnoticed.
pub(super) fn sarif(configurations: &[Configuration]) -> Vec<Value> {
    let survivors = configurations.iter().flat_map(Configuration::survivors);
    let warning = |(mutant, example): (&Mutant, &str)| {
        let message = format!("No expectation notices: {} ({example})", mutant.words());
        sarif_result("not-noticed", "warning", &message, &mutant.spot)
    };
    survivors.map(warning).collect()
}
