//! Services: made, changed, paused, resumed and deleted by operations that take time.

use super::configuration::{Wanted, shown_network, shown_scaling};
use super::{errors, operations, pages, tags};
use crate::account::Account;
use crate::account::app_runner::{OperationKind, Service, ServiceConfiguration, ServiceStatus};
use crate::account::change::Change;
use crate::error::Result;
use crate::shapes::app_runner as shapes;

/// CreateService.
///
/// # Errors
/// `InvalidRequestException` for a configuration that cannot be, `ServiceQuotaExceededException`.
pub fn create(
    change: &mut Change<'_>,
    request: shapes::CreateServiceRequest,
) -> Result<shapes::CreateServiceResponse> {
    let name = request.service_name;
    if change.live_service(&name).is_some() {
        let message = format!("Service with the provided name already exists: {name}.");
        return Err(errors::invalid(message));
    }
    let limit = change.rules.quotas.services;
    // Counting is for those who come near it.
    if change.services.len() >= limit
        && change.services.values().filter(|service| is_live(service)).count() >= limit
    {
        return Err(errors::quota("services", limit));
    }
    let wanted = Wanted {
        source: Some(request.source_configuration),
        instance: request.instance_configuration,
        health_check: request.health_check_configuration,
        network: request.network_configuration,
        encryption: request.encryption_configuration,
        observability: request.observability_configuration,
        auto_scaling: request.auto_scaling_configuration_arn,
    };
    let nothing = ServiceConfiguration { public: true, ..Default::default() };
    let configuration = wanted.after(change, nothing)?;
    let arn = make(change, name, configuration.clone());
    tags::put(change, &arn, &request.tags)?;
    let operation_id =
        operations::begin(change, &arn, OperationKind::CreateService, Some(configuration));
    Ok(shapes::CreateServiceResponse {
        service: shown(change, service(change, &arn)?),
        operation_id,
    })
}

fn make(change: &mut Change<'_>, name: String, configuration: ServiceConfiguration) -> String {
    let id = change.ids.hex32();
    let service = Service {
        arn: change.identity.arn("apprunner", &format!("service/{name}/{id}")),
        name,
        id,
        status: ServiceStatus::OperationInProgress,
        configuration,
        created: change.now,
        updated: change.now,
        deleted: None,
        runs: false,
        tasks: 1,
        azs: Vec::new(),
    };
    let arn = service.arn.clone();
    change.services.insert(arn.as_str(), service);
    arn
}

/// UpdateService: what the request does not say stays as it is.
///
/// # Errors
/// `InvalidStateException` unless the service runs, and as [`create`].
pub fn update(
    change: &mut Change<'_>,
    request: shapes::UpdateServiceRequest,
) -> Result<shapes::UpdateServiceResponse> {
    let arn = request.service_arn;
    let before =
        in_state(change, &arn, "updated", &[ServiceStatus::Running])?.configuration.clone();
    let wanted = Wanted {
        source: request.source_configuration,
        instance: request.instance_configuration,
        health_check: request.health_check_configuration,
        network: request.network_configuration,
        observability: request.observability_configuration,
        auto_scaling: request.auto_scaling_configuration_arn,
        encryption: None,
    };
    let configuration = wanted.after(change, before)?;
    let operation_id =
        operations::begin(change, &arn, OperationKind::UpdateService, Some(configuration));
    Ok(shapes::UpdateServiceResponse {
        service: shown(change, service(change, &arn)?),
        operation_id,
    })
}

/// PauseService.
///
/// # Errors
/// `InvalidStateException` unless the service runs.
pub fn pause(
    change: &mut Change<'_>,
    request: shapes::PauseServiceRequest,
) -> Result<shapes::PauseServiceResponse> {
    let arn = request.service_arn;
    in_state(change, &arn, "paused", &[ServiceStatus::Running])?;
    let operation_id = Some(operations::begin(change, &arn, OperationKind::PauseService, None));
    Ok(shapes::PauseServiceResponse {
        service: shown(change, service(change, &arn)?),
        operation_id,
    })
}

/// ResumeService.
///
/// # Errors
/// `InvalidStateException` unless the service is paused.
pub fn resume(
    change: &mut Change<'_>,
    request: shapes::ResumeServiceRequest,
) -> Result<shapes::ResumeServiceResponse> {
    let arn = request.service_arn;
    in_state(change, &arn, "resumed", &[ServiceStatus::Paused])?;
    let operation_id = Some(operations::begin(change, &arn, OperationKind::ResumeService, None));
    Ok(shapes::ResumeServiceResponse {
        service: shown(change, service(change, &arn)?),
        operation_id,
    })
}

/// DeleteService.
///
/// # Errors
/// `InvalidStateException` while something else is done to it, or when it is deleted already.
pub fn delete(
    change: &mut Change<'_>,
    request: shapes::DeleteServiceRequest,
) -> Result<shapes::DeleteServiceResponse> {
    use ServiceStatus::{CreateFailed, DeleteFailed, Paused, Running};
    let arn = request.service_arn;
    in_state(change, &arn, "deleted", &[Running, Paused, CreateFailed, DeleteFailed])?;
    let operation_id = operations::begin(change, &arn, OperationKind::DeleteService, None);
    Ok(shapes::DeleteServiceResponse {
        service: shown(change, service(change, &arn)?),
        operation_id,
    })
}

/// DescribeService. One that was deleted is described for some time.
///
/// # Errors
/// `ResourceNotFoundException`.
pub fn describe(
    account: &Account,
    request: shapes::DescribeServiceRequest,
) -> Result<shapes::DescribeServiceResponse> {
    let service = shown(account, service(account, &request.service_arn)?);
    Ok(shapes::DescribeServiceResponse { service })
}

/// ListServices: those that are not deleted.
///
/// # Errors
/// `InvalidRequestException` for a token that is none.
pub fn list(
    account: &Account,
    request: shapes::ListServicesRequest,
) -> Result<shapes::ListServicesResponse> {
    let after = pages::after(request.next_token.as_deref())?;
    let live = account.services.after(&after).filter(|(_, service)| is_live(service));
    let shown = live.map(|(arn, service)| (arn, summary(account, service)));
    let (service_summary_list, next_token) = pages::page(shown, request.max_results);
    Ok(shapes::ListServicesResponse { service_summary_list, next_token })
}

/// A service that has to be there.
///
/// # Errors
/// `ResourceNotFoundException`.
pub fn service<'a>(account: &'a Account, arn: &str) -> Result<&'a Service> {
    account.services.get(arn).ok_or_else(|| errors::not_found("Service", arn))
}

fn in_state<'a>(
    account: &'a Account,
    arn: &str,
    done: &str,
    states: &[ServiceStatus],
) -> Result<&'a Service> {
    let service = service(account, arn)?;
    if states.contains(&service.status) {
        return Ok(service);
    }
    let status = service.status.word();
    let message = format!("Service cannot be {done} in the current state: {status}. ARN: {arn}");
    Err(errors::state(message))
}

fn is_live(service: &Service) -> bool {
    service.status != ServiceStatus::Deleted
}

fn shown(account: &Account, service: &Service) -> shapes::Service {
    // While an update is under way, what it leads to is shown.
    let coming = operations::coming(account, service);
    let configuration = coming.unwrap_or(&service.configuration);
    shapes::Service {
        service_name: service.name.clone(),
        service_id: service.id.clone(),
        service_arn: service.arn.clone(),
        service_url: Some(url(account, service)),
        created_at: service.created.into(),
        updated_at: service.updated.into(),
        deleted_at: service.deleted.map(Into::into),
        status: service.status.word().to_owned(),
        source_configuration: configuration.source.clone(),
        instance_configuration: configuration.instance.clone(),
        encryption_configuration: configuration.encryption.clone(),
        health_check_configuration: Some(configuration.health_check.clone()),
        auto_scaling_configuration_summary: shown_scaling(account),
        network_configuration: shown_network(configuration),
        observability_configuration: configuration.observability.clone(),
    }
}

fn summary(account: &Account, service: &Service) -> shapes::ServiceSummary {
    shapes::ServiceSummary {
        service_name: Some(service.name.clone()),
        service_id: Some(service.id.clone()),
        service_arn: Some(service.arn.clone()),
        service_url: Some(url(account, service)),
        created_at: Some(service.created.into()),
        updated_at: Some(service.updated.into()),
        status: Some(service.status.word().to_owned()),
    }
}

/// Where the service would be called: inbound requests do not pass here.
fn url(account: &Account, service: &Service) -> String {
    format!("{}.{}.awsapprunner.com", &service.id[..10], account.identity.region)
}
