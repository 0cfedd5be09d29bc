//! EC2's actions: a file a resource kind, each with a table of its actions.
//!
//! A handler is a function of the account and a request: [`Run`] has its three forms. It knows
//! neither the protocol nor the store; an error that it gives back undoes what it did. `DryRun` and
//! `ClientToken` are seen to here, for all of them.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::pin::Pin;
use std::sync::{Arc, LazyLock};

use foldhash::fast::FixedState;
use serde::Serialize;

use crate::account::Account;
use crate::account::change::Change;
use crate::control_plane::ControlPlane;
use crate::error::{AwsError, Result};
use crate::protocol::query::Parameters;
use crate::protocol::xml;

pub mod errors;
pub mod filters;
pub mod pages;
pub mod tags;

mod account_attributes;
mod address_attributes;
mod addresses;
mod describe;
pub(crate) mod flow_logs;
mod internet_gateways;
pub(crate) mod nat_gateways;
mod network_acls;
pub(crate) mod network_insights_analyses;
mod network_insights_paths;
mod network_interfaces;
pub(crate) mod peerings;
mod permissions;
mod prefix_lists;
mod route_table_associations;
mod route_tables;
mod routes;
mod security_group_rules;
mod security_groups;
mod subnets;
pub(crate) mod transit_attachments;
pub(crate) mod transit_gateways;
mod transit_route_tables;
mod transit_routes;
mod vpc_attributes;
mod vpc_cidrs;
pub(crate) mod vpc_endpoints;
mod vpcs;
mod zones;

/// The XML namespace of answers.
pub const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";

/// Every resource kind's actions: one line a file.
static TABLES: &[&[Action]] = &[
    account_attributes::ACTIONS,
    address_attributes::ACTIONS,
    addresses::ACTIONS,
    flow_logs::ACTIONS,
    internet_gateways::ACTIONS,
    nat_gateways::ACTIONS,
    nat_gateways::addresses::ACTIONS,
    network_acls::ACTIONS,
    network_insights_analyses::ACTIONS,
    network_insights_paths::ACTIONS,
    network_interfaces::ACTIONS,
    network_interfaces::private_addresses::ACTIONS,
    peerings::ACTIONS,
    prefix_lists::ACTIONS,
    route_table_associations::ACTIONS,
    route_tables::ACTIONS,
    routes::ACTIONS,
    security_group_rules::ACTIONS,
    security_group_rules::descriptions::ACTIONS,
    security_groups::ACTIONS,
    subnets::ACTIONS,
    tags::ACTIONS,
    transit_attachments::ACTIONS,
    transit_gateways::ACTIONS,
    transit_route_tables::ACTIONS,
    transit_routes::ACTIONS,
    vpc_attributes::ACTIONS,
    vpc_cidrs::ACTIONS,
    vpc_endpoints::ACTIONS,
    vpc_endpoints::services::ACTIONS,
    vpcs::ACTIONS,
    zones::ACTIONS,
];

static ACTIONS: LazyLock<HashMap<&'static str, &'static Action>> = LazyLock::new(|| {
    TABLES.iter().flat_map(|table| table.iter()).map(|action| (action.name, action)).collect()
});

/// An action that is implemented.
pub struct Action {
    /// Its name in AWS.
    pub name: &'static str,
    /// What it does.
    pub run: Run,
}

/// What an action does, from a request's parameters to the members of its answer as XML.
pub enum Run {
    /// It reads.
    Read(fn(&Account, Parameters) -> Result<String>),
    /// It changes.
    Change(fn(&mut Change<'_>, Parameters) -> Result<String>),
    /// It needs more than the account: the running dataplane, or time.
    Wait(fn(Arc<ControlPlane>, Parameters) -> Pending),
}

/// The answer that an action comes to, and the revision of the account that has what it did.
pub type Pending = Pin<Box<dyn Future<Output = Result<(String, u64)>> + Send>>;

/// A table of actions:
///
/// * `read DescribeVpcs => describe;` with `fn describe(&Account, Request) -> Result<Answer>`
/// * `change CreateVpc => create;` with `fn create(&mut Change<'_>, Request) -> Result<Answer>`
/// * `wait StartAnalysis => start;` with
///   `async fn start(Arc<ControlPlane>, Request) -> Result<(Answer, u64)>`
///
/// Requests and answers are generated shapes; the answer of an action that has none is `()`.
macro_rules! actions {
    ($($form:ident $action:ident => $handler:path;)*) => {
        &[$($crate::ec2::Action {
            name: stringify!($action),
            run: $crate::ec2::actions!(@$form $handler),
        }),*]
    };
    (@read $handler:path) => {
        $crate::ec2::Run::Read(|account, parameters| {
            $crate::ec2::members(&$handler(account, parameters.read()?)?)
        })
    };
    (@change $handler:path) => {
        $crate::ec2::Run::Change(|change, parameters| {
            $crate::ec2::members(&$handler(change, parameters.read()?)?)
        })
    };
    (@wait $handler:path) => {
        $crate::ec2::Run::Wait(|plane, parameters| {
            Box::pin(async move {
                let (answer, revision) = $handler(plane, parameters.read()?).await?;
                Ok(($crate::ec2::members(&answer)?, revision))
            })
        })
    };
}
pub(crate) use actions;

/// An answer's members as XML.
pub(crate) fn members(answer: &impl Serialize) -> Result<String> {
    let mut out = String::new();
    match xml::write_members(&mut out, answer) {
        Ok(()) => Ok(out),
        Err(error) => Err(AwsError::internal("InternalError", error.to_string())),
    }
}

/// Does what a request asks for: the members of its answer, and the account's revision after it.
///
/// # Errors
/// AWS's, `InvalidAction` for an action that is not implemented among them.
pub async fn run(
    plane: &Arc<ControlPlane>,
    name: &str,
    parameters: Parameters,
) -> Result<(String, u64)> {
    let Some(action) = ACTIONS.get(name) else {
        tracing::warn!(action = name, "this action of EC2 is not implemented");
        let message = format!("The action {name} is not valid for this web service.");
        return Err(AwsError::new("InvalidAction", message));
    };
    let dry = parameters.value("DryRun").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    match action.run {
        _ if dry => {
            Err(dry_run(plane, &action.run, parameters).err().unwrap_or_else(errors::dry_run))
        }
        Run::Read(run) => plane.read(|account| Ok((run(account, parameters)?, account.revision))),
        Run::Change(run) => {
            let token = parameters.value("ClientToken").map(str::to_owned);
            let once =
                |change: &mut Change<'_>| once(change, name, token.as_deref(), parameters, run);
            plane.durable(plane.accept(once)?).await
        }
        Run::Wait(run) => run(Arc::clone(plane), parameters).await,
    }
}

/// Whether the request would have succeeded.
fn dry_run(plane: &ControlPlane, run: &Run, parameters: Parameters) -> Result<()> {
    match run {
        Run::Read(run) => plane.read(|account| run(account, parameters)).map(drop),
        Run::Change(run) => plane.try_out(|change| run(change, parameters)).map(drop),
        // There is nothing that could be tried and taken back.
        Run::Wait(_) => Ok(()),
    }
}

/// Runs a change, or answers as the last time where the same request comes again.
fn once(
    change: &mut Change<'_>,
    name: &str,
    token: Option<&str>,
    parameters: Parameters,
    run: fn(&mut Change<'_>, Parameters) -> Result<String>,
) -> Result<String> {
    let Some(token) = token else { return run(change, parameters) };
    let (key, request) = (format!("{name}/{token}"), hash(&parameters));
    match change.client_tokens.get(&key) {
        Some(known) if known.request == request => return Ok(known.answer.clone()),
        Some(_) => return Err(errors::token_mismatch(token)),
        None => {}
    }
    let answer = run(change, parameters)?;
    change.remember(&key, request, &answer);
    Ok(answer)
}

fn hash(parameters: &Parameters) -> u64 {
    let mut hasher = FixedState::with_seed(0).build_hasher();
    hasher.write(format!("{parameters:?}").as_bytes());
    hasher.finish()
}
