//! What a service is configured to: read from requests with App Runner's defaults, and shown.

use super::errors;
use crate::account::Account;
use crate::account::app_runner::{Connector, ServiceConfiguration};
use crate::error::Result;
use crate::shapes::app_runner as shapes;

/// The sizes of instances: CPU units with the memory in MB that each goes with (App Runner guide,
/// "architecture").
const SIZES: [(u32, &[u32]); 5] = [
    (256, &[512, 1_024]),
    (512, &[1_024]),
    (1_024, &[2_048, 3_072, 4_096]),
    (2_048, &[4_096, 6_144]),
    (4_096, &[8_192, 10_240, 12_288]),
];

/// The only auto scaling configuration that there is.
const DEFAULT_SCALING: &str = "DefaultConfiguration";
const DEFAULT_SCALING_ID: &str = "00000000000000000000000000000001";

/// What a request says of a service; what it does not say stays as it was.
#[derive(Debug, Default)]
pub struct Wanted {
    /// `SourceConfiguration`.
    pub source: Option<shapes::SourceConfiguration>,
    /// `InstanceConfiguration`.
    pub instance: Option<shapes::InstanceConfiguration>,
    /// `HealthCheckConfiguration`.
    pub health_check: Option<shapes::HealthCheckConfiguration>,
    /// `NetworkConfiguration`.
    pub network: Option<shapes::NetworkConfiguration>,
    /// `EncryptionConfiguration`.
    pub encryption: Option<shapes::EncryptionConfiguration>,
    /// `ObservabilityConfiguration`.
    pub observability: Option<shapes::ServiceObservabilityConfiguration>,
    /// `AutoScalingConfigurationArn`.
    pub auto_scaling: Option<String>,
}

impl Wanted {
    /// What a service comes to that was `before`.
    ///
    /// # Errors
    /// `InvalidRequestException` for what does not go together.
    pub fn after(
        self,
        account: &Account,
        before: ServiceConfiguration,
    ) -> Result<ServiceConfiguration> {
        check_scaling(account, self.auto_scaling.as_deref())?;
        check_observability(self.observability.as_ref())?;
        let mut now = before;
        if let Some(source) = self.source {
            now.source = checked_source(source, &now.source)?;
        }
        now.instance = instance(self.instance.unwrap_or_default(), now.instance)?;
        now.health_check = health_check(self.health_check.unwrap_or_default(), now.health_check);
        if let Some(network) = self.network {
            network_of(account, network, &mut now)?;
        }
        now.encryption = self.encryption.or(now.encryption);
        now.observability = self.observability.or(now.observability);
        Ok(now)
    }
}

/// Code or an image, and never the other one later.
fn checked_source(
    mut source: shapes::SourceConfiguration,
    before: &shapes::SourceConfiguration,
) -> Result<shapes::SourceConfiguration> {
    let has = |of: &shapes::SourceConfiguration| {
        (of.code_repository.is_some(), of.image_repository.is_some())
    };
    match (has(&source), has(before)) {
        ((true, true), _) => {
            let message = "Exactly one of CodeRepository and ImageRepository must be provided.";
            return Err(errors::invalid(message));
        }
        ((true, false), (_, true)) | ((false, true), (true, _)) => {
            let message = "A service's source cannot be changed between code and image.";
            return Err(errors::invalid(message));
        }
        ((false, false), (false, false)) => {
            let message = "One of CodeRepository and ImageRepository must be provided.";
            return Err(errors::invalid(message));
        }
        ((false, false), _) => {
            source.code_repository.clone_from(&before.code_repository);
            source.image_repository.clone_from(&before.image_repository);
        }
        _ => {}
    }
    source.auto_deployments_enabled.get_or_insert(false);
    Ok(source)
}

/// Sizes are said in units or in words, and shown in units.
fn instance(
    asked: shapes::InstanceConfiguration,
    before: shapes::InstanceConfiguration,
) -> Result<shapes::InstanceConfiguration> {
    let units = |said: Option<String>, before: Option<String>, default: u32, unit: &str| {
        said.or(before).map_or(Some(default), |text| in_units(&text, unit)).unwrap_or(0)
    };
    let cpu = units(asked.cpu, before.cpu, 1_024, " vCPU");
    let memory = units(asked.memory, before.memory, 2_048, " GB");
    if !SIZES.iter().any(|(size, memories)| *size == cpu && memories.contains(&memory)) {
        let message = format!("Cpu {cpu} and Memory {memory} are not a supported combination.");
        return Err(errors::invalid(message));
    }
    Ok(shapes::InstanceConfiguration {
        cpu: Some(cpu.to_string()),
        memory: Some(memory.to_string()),
        instance_role_arn: asked.instance_role_arn.or(before.instance_role_arn),
    })
}

/// `1024` of `1024` and of `1 GB`.
fn in_units(text: &str, unit: &str) -> Option<u32> {
    match text.strip_suffix(unit) {
        Some(whole) => whole.parse::<f32>().ok().map(|whole| (whole * 1_024.0) as u32),
        None => text.parse().ok(),
    }
}

fn health_check(
    asked: shapes::HealthCheckConfiguration,
    before: shapes::HealthCheckConfiguration,
) -> shapes::HealthCheckConfiguration {
    let or = |asked: Option<i32>, before: Option<i32>, default| asked.or(before).or(Some(default));
    let text = |asked: Option<String>, before: Option<String>, default: &str| {
        asked.or(before).or_else(|| Some(default.to_owned()))
    };
    shapes::HealthCheckConfiguration {
        protocol: text(asked.protocol, before.protocol, "TCP"),
        path: text(asked.path, before.path, "/"),
        interval: or(asked.interval, before.interval, 5),
        timeout: or(asked.timeout, before.timeout, 2),
        healthy_threshold: or(asked.healthy_threshold, before.healthy_threshold, 1),
        unhealthy_threshold: or(asked.unhealthy_threshold, before.unhealthy_threshold, 5),
    }
}

fn network_of(
    account: &Account,
    network: shapes::NetworkConfiguration,
    now: &mut ServiceConfiguration,
) -> Result<()> {
    if network.ip_address_type.as_deref() == Some("DUAL_STACK") {
        let message = "Egret does not implement IpAddressType DUAL_STACK: its packets are IPv4.";
        return Err(errors::invalid(message));
    }
    if let Some(egress) = network.egress_configuration {
        now.connector = connector_of(account, egress)?;
    }
    let public = network.ingress_configuration.and_then(|ingress| ingress.is_publicly_accessible);
    now.public = public.unwrap_or(now.public);
    Ok(())
}

/// The ARN of the connector that an egress configuration names.
fn connector_of(account: &Account, egress: shapes::EgressConfiguration) -> Result<Option<String>> {
    match (egress.egress_type.as_deref().unwrap_or("DEFAULT"), egress.vpc_connector_arn) {
        ("VPC", Some(arn)) => named(account, &arn).map(|connector| Some(connector.arn.clone())),
        ("VPC", None) => Err(errors::invalid("EgressType VPC requires a VpcConnectorArn.")),
        (_, Some(_)) => {
            Err(errors::invalid("VpcConnectorArn is only valid when EgressType is VPC."))
        }
        (_, None) => Ok(None),
    }
}

/// A connector by its ARN, or by one that is cut short as in App Runner's guide
/// (`arn:aws:apprunner:..../my-vpc-connector`).
fn named<'a>(account: &'a Account, arn: &str) -> Result<&'a Connector> {
    let cut_short = arn.contains("....").then(|| arn.rsplit('/').next()).flatten();
    let found = match cut_short {
        Some(name) => account.active_connector(name),
        None => account.connectors.get(arn),
    };
    match found {
        Some(connector) if connector.is_active() => Ok(connector),
        Some(_) => Err(errors::invalid(format!("The VPC connector is INACTIVE. ARN: {arn}"))),
        None => Err(errors::invalid(format!("The VPC connector does not exist. ARN: {arn}"))),
    }
}

fn check_scaling(account: &Account, arn: Option<&str>) -> Result<()> {
    let Some(arn) = arn else { return Ok(()) };
    let prefix = account.identity.arn("apprunner", "autoscalingconfiguration/");
    match arn.strip_prefix(&prefix).and_then(|rest| rest.split('/').next()) {
        Some(DEFAULT_SCALING) => Ok(()),
        _ => Err(errors::invalid(format!(
            "The auto scaling configuration does not exist. ARN: {arn}"
        ))),
    }
}

fn check_observability(asked: Option<&shapes::ServiceObservabilityConfiguration>) -> Result<()> {
    let Some(asked) = asked else { return Ok(()) };
    if asked.observability_enabled && asked.observability_configuration_arn.is_none() {
        let message =
            "ObservabilityConfigurationArn is required when ObservabilityEnabled is true.";
        return Err(errors::invalid(message));
    }
    Ok(())
}

/// `NetworkConfiguration` with everything that a request may leave out.
pub fn shown_network(configuration: &ServiceConfiguration) -> shapes::NetworkConfiguration {
    let kind = if configuration.connector.is_some() { "VPC" } else { "DEFAULT" };
    shapes::NetworkConfiguration {
        egress_configuration: Some(shapes::EgressConfiguration {
            egress_type: Some(kind.to_owned()),
            vpc_connector_arn: configuration.connector.clone(),
        }),
        ingress_configuration: Some(shapes::IngressConfiguration {
            is_publicly_accessible: Some(configuration.public),
        }),
        ip_address_type: Some("IPV4".to_owned()),
    }
}

/// The auto scaling configuration that every service has.
pub fn shown_scaling(account: &Account) -> shapes::AutoScalingConfigurationSummary {
    let resource = format!("autoscalingconfiguration/{DEFAULT_SCALING}/1/{DEFAULT_SCALING_ID}");
    shapes::AutoScalingConfigurationSummary {
        auto_scaling_configuration_arn: Some(account.identity.arn("apprunner", &resource)),
        auto_scaling_configuration_name: Some(DEFAULT_SCALING.to_owned()),
        auto_scaling_configuration_revision: Some(1),
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(cpu: &str, memory: &str) -> Result<(String, String)> {
        let asked = shapes::InstanceConfiguration {
            cpu: Some(cpu.to_owned()),
            memory: Some(memory.to_owned()),
            ..Default::default()
        };
        let made = instance(asked, Default::default())?;
        Ok((made.cpu.unwrap(), made.memory.unwrap()))
    }

    #[test]
    fn sizes_are_shown_in_units_whatever_they_were_said_in() {
        let units = |cpu: &str, memory: &str| Ok((cpu.to_owned(), memory.to_owned()));
        assert_eq!(size("0.25 vCPU", "0.5 GB"), units("256", "512"));
        assert_eq!(size("4096", "12 GB"), units("4096", "12288"));
        assert!(size("256", "12 GB").is_err());
    }
}
