//! Reachability Analyzer: whether a path is there, by the packet path itself.
//!
//! An analysis is of the network that was accepted when it was asked for: the analyst waits until the
//! workers run on it, and asks [`egret_control::explain`] what becomes of the packet. Nothing is
//! evaluated here. What is under way is a row, so that a restart does not lose it.

use std::sync::Arc;

use egret_control::explain::{Outcome as Fate, explain};

use crate::account::Account;
use crate::account::network_insights::{Analysis, Findings, Outcome, Path};
use crate::control_plane::ControlPlane;
use crate::ec2::network_insights_analyses;
use crate::engine::Running;

mod findings;
mod question;
mod verify;

/// Makes the analyses that were asked for, one after the other, for ever.
pub async fn work(plane: Arc<ControlPlane>) {
    let mut progress = plane.engine.progress();
    loop {
        while let Some((id, revision)) = plane.read(next) {
            make(&plane, &id, revision).await;
        }
        // Whatever is accepted is followed: an analysis that is asked for comes up here.
        if progress.changed().await.is_err() {
            return;
        }
    }
}

fn next(account: &Account) -> Option<(String, u64)> {
    let (id, under_way) = account.analyses_under_way.iter().next()?;
    Some((id.to_owned(), under_way.revision))
}

async fn make(plane: &Arc<ControlPlane>, id: &str, revision: u64) {
    let outcome = match plane.adopted(revision).await.problem {
        Some(problem) => {
            tracing::warn!(analysis = id, problem, "the network of an analysis does not compile");
            Outcome::Failed("The network as it was configured cannot be analyzed.".to_owned())
        }
        None => {
            let (plane, id) = (Arc::clone(plane), id.to_owned());
            // A large network takes milliseconds, and requests go on meanwhile.
            let found = tokio::task::spawn_blocking(move || outcome(&plane, &id)).await;
            found.unwrap_or_else(|_| Outcome::Failed("The analysis broke off.".to_owned()))
        }
    };
    let ended = plane.accept(|change| {
        network_insights_analyses::end(change, id, outcome);
        Ok(())
    });
    if let Err(error) = ended {
        tracing::error!(%error, analysis = id, "what an analysis came to is not kept");
    }
}

fn outcome(plane: &ControlPlane, id: &str) -> Outcome {
    let running = plane.engine.running();
    let Some((analysis, path)) = plane.read(|account| asked(account, id)) else {
        return Outcome::Failed("The analysis or its path was deleted.".to_owned());
    };
    Outcome::Succeeded(analyse(plane, &running, &analysis, &path))
}

/// What was asked; what stands for something else on the path is that.
fn asked(account: &Account, id: &str) -> Option<(Analysis, Path)> {
    let analysis = account.network_insights_analyses.get(id)?.clone();
    let mut path = account.network_insights_paths.get(&analysis.path)?.clone();
    path.source = question::stands_for(account, &path.source);
    path.destination = path.destination.map(|id| question::stands_for(account, &id));
    Some((analysis, path))
}

/// Sends the packet; where the path leaves its port open, one for each port at which rules differ,
/// until one gets through.
fn analyse(plane: &ControlPlane, running: &Running, analysis: &Analysis, path: &Path) -> Findings {
    let questions = match question::of(running, path) {
        Ok(questions) => questions,
        Err(missing) => return findings::nothing_there(&missing),
    };
    let mut first = None;
    for question in questions {
        let explanation = explain(running.world(), question);
        let gets_through = explanation.outcome == Fate::Delivered;
        if gets_through || first.is_none() {
            first = Some(explanation);
        }
        if gets_through {
            break;
        }
    }
    let Some(explanation) = first else { return Findings::default() };
    let mut found = plane.read(|account| findings::of(account, running, &explanation));
    verify::hold(running, path, analysis, &explanation, &mut found);
    found
}
