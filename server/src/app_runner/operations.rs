//! What is done to services, and takes time: an operation begins with a request, and ends by itself.
//!
//! An ENI is there from the beginning of the operation that needs it, and packets take the new way
//! from its end on. What an operation gives up it gives up at its end: until then the old way stands.

use super::{pages, services};
use crate::account::Account;
use crate::account::app_runner::{
    Operation, OperationKind, OperationStatus, Service, ServiceConfiguration, ServiceStatus,
};
use crate::account::change::Change;
use crate::account::timers::Due;
use crate::error::Result;
use crate::shapes::app_runner as shapes;

/// Begins an operation; with a configuration, the service comes to it in the end. The operation's id.
pub fn begin(
    change: &mut Change<'_>,
    service: &str,
    kind: OperationKind,
    configuration: Option<ServiceConfiguration>,
) -> String {
    let fails = configuration.as_ref().and_then(|wanted| hold(change, service, kind, wanted));
    let operation = Operation {
        id: change.ids.uuid(),
        service: service.to_owned(),
        kind,
        status: OperationStatus::InProgress,
        started: change.now,
        ended: None,
        updated: change.now,
        configuration,
        fails,
    };
    let (id, now) = (operation.id.clone(), change.now);
    // Later operations of a service come after earlier ones.
    let key = format!("{service}/{:020}", change.revision + 1);
    change.operations.insert(key.as_str(), operation);
    if let Some(service) = change.services.edit(service) {
        service.status = ServiceStatus::OperationInProgress;
        service.updated = now;
    }
    change.schedule(now + change.rules.operation_time, Due::Operation(key));
    id
}

/// Holds what a configuration needs and the service does not have yet; or why that cannot be.
fn hold(
    change: &mut Change<'_>,
    service: &str,
    kind: OperationKind,
    wanted: &ServiceConfiguration,
) -> Option<String> {
    let before = change.services.get(service).and_then(Service::connector).map(str::to_owned);
    if kind == OperationKind::UpdateService && before == wanted.connector {
        return None;
    }
    let connector = change.connectors.get(wanted.connector.as_deref()?)?.clone();
    change.count_user(Some(&connector.arn), true);
    let full = change.hold_enis(&connector).err()?;
    Some(format!("The subnet {} has no free address for a network interface.", full.0))
}

/// Gives up what a configuration held; `enis` says whether it came to have them.
fn release(change: &mut Change<'_>, configuration: &ServiceConfiguration, enis: bool) {
    let Some(arn) = configuration.connector.as_deref() else { return };
    change.count_user(Some(arn), false);
    if let Some(connector) = change.connectors.get(arn).filter(|_| enis).cloned() {
        change.release_enis(&connector);
    }
}

/// An operation's time has come.
pub fn finish(change: &mut Change<'_>, key: &str) {
    let Some(operation) = change.operations.get(key).cloned() else { return };
    let Some(mut service) = change.services.get(&operation.service).cloned() else { return };
    let failed = operation.fails.is_some();
    let (status, runs) = match operation.kind {
        OperationKind::CreateService if failed => (ServiceStatus::CreateFailed, false),
        OperationKind::PauseService => (ServiceStatus::Paused, false),
        OperationKind::DeleteService => (ServiceStatus::Deleted, false),
        OperationKind::CreateService
        | OperationKind::UpdateService
        | OperationKind::ResumeService => (ServiceStatus::Running, true),
    };
    settle(change, &operation, &mut service);
    (service.status, service.runs, service.updated) = (status, runs, change.now);
    change.services.insert(service.arn.clone(), service);
    let now = change.now;
    if let Some(row) = change.operations.edit(key) {
        row.status = match (operation.kind, failed) {
            (_, false) => OperationStatus::Succeeded,
            (OperationKind::UpdateService, true) => OperationStatus::RollbackSucceeded,
            (_, true) => OperationStatus::Failed,
        };
        (row.ended, row.updated) = (Some(now), now);
    }
}

/// What comes of the configurations that the service had and was to have.
fn settle(change: &mut Change<'_>, operation: &Operation, service: &mut Service) {
    let failed = operation.fails.is_some();
    match (operation.kind, &operation.configuration) {
        (OperationKind::UpdateService, Some(wanted)) => {
            let moves = wanted.connector != service.configuration.connector;
            let (stays, goes) = if failed {
                (&service.configuration, wanted)
            } else {
                (wanted, &service.configuration)
            };
            let (stays, goes) = (stays.clone(), goes.clone());
            if moves {
                // One that failed never came to have the interfaces.
                release(change, &goes, !failed);
            }
            service.configuration = stays;
        }
        (OperationKind::CreateService, Some(wanted)) if failed => {
            release(change, wanted, false);
            // It is shown as it was asked for, and holds nothing.
            service.configuration.connector = None;
        }
        (OperationKind::DeleteService, _) => {
            let configuration = service.configuration.clone();
            release(change, &configuration, true);
            service.deleted = Some(change.now);
            change.forget_tags(&service.arn);
            change.forget_later(&service.arn);
        }
        _ => {}
    }
}

/// What a service is to become by an update that is under way.
pub fn coming<'a>(account: &'a Account, service: &Service) -> Option<&'a ServiceConfiguration> {
    if service.status != ServiceStatus::OperationInProgress {
        return None;
    }
    let (_, last) = account.operations_of(&service.arn).last()?;
    last.configuration.as_ref().filter(|_| last.status == OperationStatus::InProgress)
}

/// ListOperations: the latest first.
///
/// # Errors
/// `ResourceNotFoundException`, and `InvalidRequestException` for a token that is none.
pub fn list(
    account: &Account,
    request: shapes::ListOperationsRequest,
) -> Result<shapes::ListOperationsResponse> {
    services::service(account, &request.service_arn)?;
    let after = pages::after(request.next_token.as_deref())?;
    let mut all: Vec<(&str, &Operation)> = account.operations_of(&request.service_arn).collect();
    all.reverse();
    let rest = all.into_iter().filter(|(key, _)| after.is_empty() || *key < after.as_str());
    let shown = rest.map(|(key, operation)| (key, shown(operation)));
    let (operation_summary_list, next_token) = pages::page(shown, request.max_results);
    Ok(shapes::ListOperationsResponse { operation_summary_list, next_token })
}

fn shown(operation: &Operation) -> shapes::OperationSummary {
    shapes::OperationSummary {
        id: Some(operation.id.clone()),
        r#type: Some(operation.kind.word().to_owned()),
        status: Some(operation.status.word().to_owned()),
        target_arn: Some(operation.service.clone()),
        started_at: Some(operation.started.into()),
        ended_at: operation.ended.map(Into::into),
        updated_at: Some(operation.updated.into()),
    }
}
