//! Reachability Analyzer's analyses: StartNetworkInsightsAnalysis, DescribeNetworkInsightsAnalyses,
//! DeleteNetworkInsightsAnalysis.
//!
//! They are made by the [`analyst`](crate::analyst), of what was accepted before they were asked for.

use std::ops::RangeInclusive;

use super::describe::Asked;
use super::filters::{self, Values};
use super::network_insights_paths::path;
use super::network_insights_paths::resources::arn;
use super::tags::{self, tag_new};
use super::{Action, actions, errors};
use crate::account::Account;
use crate::account::change::Change;
use crate::account::network_insights::{Analysis, Findings, Outcome, Status, UnderWay};
use crate::account::timers::Due;
use crate::error::{AwsError, Result};
use crate::protocol::time::Iso8601;
use crate::shapes::ec2;

mod components;

use components::{component, explanation};

pub(super) const ACTIONS: &[Action] = actions! {
    change DeleteNetworkInsightsAnalysis => delete;
    read DescribeNetworkInsightsAnalyses => describe;
    change StartNetworkInsightsAnalysis => start;
};

/// What Reachability Analyzer takes for `MaxResults`.
pub(super) const PAGE: RangeInclusive<i32> = 1..=100;

const FILTERS: &[&str] = &["path-found", "status"];

fn missing(id: &str) -> AwsError {
    let code = "InvalidNetworkInsightsAnalysisId.NotFound";
    errors::not_found(code, "network insights analysis ID", id)
}

fn start(
    change: &mut Change<'_>,
    request: ec2::StartNetworkInsightsAnalysisRequest,
) -> Result<ec2::StartNetworkInsightsAnalysisResult> {
    errors::refuse(&[("AdditionalAccounts", !request.additional_accounts.is_empty())])?;
    let path = path(change, &request.network_insights_path_id)?.id.clone();
    for arn in request.filter_in_arns.iter().chain(&request.filter_out_arns) {
        if !arn.starts_with("arn:aws:") {
            return Err(errors::invalid("filterArn", arn, "It is no ARN."));
        }
    }
    let id = change.ids.next("nia");
    let row = Analysis {
        id: id.clone(),
        path,
        started: change.now,
        filter_in: request.filter_in_arns,
        filter_out: request.filter_out_arns,
        status: Status::Running(None),
    };
    let answer = id.clone();
    change.network_insights_analyses.insert(id.as_str(), row);
    // What is accepted before this change is what the analysis is about.
    let revision = change.revision;
    change.analyses_under_way.insert(id, UnderWay { revision });
    tag_new(change, &answer, "network-insights-analysis", &request.tag_specifications)?;
    let row = change.network_insights_analyses.get(&answer).ok_or_else(|| missing(&answer))?;
    let network_insights_analysis = Some(shown(change, row));
    Ok(ec2::StartNetworkInsightsAnalysisResult { network_insights_analysis })
}

/// An analysis has been made; it is shown when its time is over.
pub(crate) fn end(change: &mut Change<'_>, id: &str, outcome: Outcome) {
    change.analyses_under_way.remove(id);
    let time = change.rules.operation_time;
    // It may have been deleted meanwhile.
    let Some(row) = change.network_insights_analyses.edit(id) else { return };
    row.status = Status::Running(Some(Box::new(outcome)));
    let at = row.started + time;
    change.schedule(at, Due::Analysis(id.to_owned()));
}

/// The time of an analysis is over.
pub(crate) fn show(change: &mut Change<'_>, id: &str) {
    let Some(row) = change.network_insights_analyses.edit(id) else { return };
    if let Status::Running(Some(outcome)) = &row.status {
        row.status = Status::Ended(outcome.clone());
    }
}

fn delete(
    change: &mut Change<'_>,
    request: ec2::DeleteNetworkInsightsAnalysisRequest,
) -> Result<ec2::DeleteNetworkInsightsAnalysisResult> {
    let id = request.network_insights_analysis_id;
    change.network_insights_analyses.remove(&id).ok_or_else(|| missing(&id))?;
    change.analyses_under_way.remove(&id);
    change.forget_tags(&id);
    Ok(ec2::DeleteNetworkInsightsAnalysisResult { network_insights_analysis_id: Some(id) })
}

fn describe(
    account: &Account,
    request: ec2::DescribeNetworkInsightsAnalysesRequest,
) -> Result<ec2::DescribeNetworkInsightsAnalysesResult> {
    if let Some(id) = &request.network_insights_path_id {
        path(account, id)?;
    }
    let ids = &request.network_insights_analysis_ids;
    let token = request.next_token.as_deref();
    let asked = Asked::new(ids, &request.filters, FILTERS, token, request.max_results);
    let asked = asked.within(PAGE);
    let (from, to) = (request.analysis_start_time, request.analysis_end_time);
    let table = &account.network_insights_analyses;
    let (analyses, next_token) = asked.of_those(account, table, missing, values, |row| {
        request.network_insights_path_id.as_ref().is_none_or(|path| row.path == *path)
            && from.is_none_or(|Iso8601(from)| row.started >= from)
            && to.is_none_or(|Iso8601(to)| row.started <= to)
    })?;
    let network_insights_analyses = analyses.into_iter().map(|row| shown(account, row)).collect();
    Ok(ec2::DescribeNetworkInsightsAnalysesResult { network_insights_analyses, next_token })
}

fn values(analysis: &Analysis, name: &str) -> Values {
    match name {
        "path-found" => filters::many(found(analysis).map(|found| found.network_path_found)),
        "status" => filters::one(status(analysis)),
        _ => None,
    }
}

fn found(analysis: &Analysis) -> Option<&Findings> {
    match &analysis.status {
        Status::Ended(outcome) => match &**outcome {
            Outcome::Succeeded(found) => Some(found),
            Outcome::Failed(_) => None,
        },
        Status::Running(_) => None,
    }
}

fn status(analysis: &Analysis) -> &'static str {
    match &analysis.status {
        Status::Running(_) => "running",
        Status::Ended(outcome) => match **outcome {
            Outcome::Succeeded(_) => "succeeded",
            Outcome::Failed(_) => "failed",
        },
    }
}

/// An analysis as answers have it.
fn shown(account: &Account, analysis: &Analysis) -> ec2::NetworkInsightsAnalysis {
    let mut shown = ec2::NetworkInsightsAnalysis {
        network_insights_analysis_id: Some(analysis.id.clone()),
        network_insights_analysis_arn: arn(account, &analysis.id),
        network_insights_path_id: Some(analysis.path.clone()),
        filter_in_arns: analysis.filter_in.clone(),
        filter_out_arns: analysis.filter_out.clone(),
        start_date: Some(analysis.started.into()),
        status: Some(status(analysis).to_owned()),
        tags: tags::shown(account, &analysis.id),
        ..Default::default()
    };
    if let Status::Ended(outcome) = &analysis.status
        && let Outcome::Failed(why) = &**outcome
    {
        shown.status_message = Some(why.clone());
    }
    if let Some(found) = found(analysis) {
        let components = |way: &[_]| way.iter().map(|c| component(account, c)).collect();
        shown.network_path_found = Some(found.network_path_found);
        shown.warning_message = found.warning_message.clone();
        shown.forward_path_components = components(&found.forward_path_components);
        shown.return_path_components = components(&found.return_path_components);
        shown.explanations = found.explanations.iter().map(|e| explanation(account, e)).collect();
    }
    shown
}
