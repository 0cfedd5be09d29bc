//! Metrics as files: JSON, or the text that Prometheus reads.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::PERIOD;
use super::gateway::{Gateway, Metric, Stat};

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// One document, with the names of CloudWatch's `GetMetricData`.
    Json,
    /// OpenMetrics text: `promtool tsdb create-blocks-from openmetrics` takes it with its times.
    OpenMetrics,
}

/// Writes what was counted of gateways, those of a namespace together.
pub(super) fn write<'a>(
    out: &mut impl Write,
    kind: FileKind,
    gateways: impl Iterator<Item = &'a Gateway>,
) -> io::Result<()> {
    let mut gateways: Vec<&Gateway> = gateways.collect();
    gateways.sort_by_key(|gateway| gateway.namespace);
    match kind {
        FileKind::Json => {
            let results = gateways.iter().flat_map(|gateway| {
                gateway.metrics.iter().map(|metric| metric_data_result(gateway, metric))
            });
            let results: Vec<Value> = results.collect();
            let document = json!({ "schema_version": 1, "MetricDataResults": results });
            serde_json::to_writer_pretty(&mut *out, &document)?;
            writeln!(out)
        }
        FileKind::OpenMetrics => {
            for same in gateways.chunk_by(|one, other| one.namespace == other.namespace) {
                for metric in same[0].metrics {
                    family(out, same, metric)?;
                }
            }
            writeln!(out, "# EOF")
        }
    }
}

/// A metric of a gateway, as `GetMetricData` answers and as it is asked.
fn metric_data_result(gateway: &Gateway, metric: &Metric) -> Value {
    let dimensions = gateway.dimensions.iter();
    let dimensions = dimensions.map(|(name, value)| json!({ "Name": name, "Value": value }));
    let began: Vec<u64> = gateway.minutes.iter().map(|(began, _)| *began).collect();
    let values: Vec<i64> =
        gateway.minutes.iter().map(|(_, minute)| (metric.value)(minute)).collect();
    json!({
        "Namespace": gateway.namespace,
        "MetricName": metric.name,
        "Dimensions": dimensions.collect::<Vec<_>>(),
        "Stat": stat(metric.stat),
        "Unit": metric.unit,
        "Period": PERIOD.0 / 1_000_000_000,
        "Timestamps": began,
        "Values": values,
    })
}

/// A metric of all gateways that have it, named as Prometheus' CloudWatch exporter does.
fn family(out: &mut impl Write, gateways: &[&Gateway], metric: &Metric) -> io::Result<()> {
    let namespace = gateways[0].namespace.replace('/', "_").to_lowercase();
    let stat = stat(metric.stat);
    let name = format!("{namespace}_{}_{}", snake(metric.name), stat.to_lowercase());
    writeln!(out, "# TYPE {name} gauge")?;
    let period = PERIOD.0 / 1_000_000_000;
    writeln!(out, "# HELP {name} {stat} of {}, each {period} s.", metric.name)?;
    for gateway in gateways {
        let labels = gateway.dimensions.iter();
        let labels = labels.map(|(name, value)| format!("{}=\"{}\"", snake(name), quoted(value)));
        let labels = labels.collect::<Vec<_>>().join(",");
        for (began, minute) in &gateway.minutes {
            writeln!(out, "{name}{{{labels}}} {} {began}", (metric.value)(minute))?;
        }
    }
    Ok(())
}

const fn stat(stat: Stat) -> &'static str {
    match stat {
        Stat::Sum => "Sum",
        Stat::Maximum => "Maximum",
    }
}

/// `NatGatewayId` and `VPC Endpoint Id` as `nat_gateway_id` and `vpc_endpoint_id`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    let mut before = ' ';
    for letter in name.chars() {
        match letter {
            ' ' => snake.push('_'),
            _ if letter.is_uppercase() && before.is_lowercase() => {
                snake.extend(['_', letter.to_ascii_lowercase()]);
            }
            _ => snake.push(letter.to_ascii_lowercase()),
        }
        before = letter;
    }
    snake
}

/// A label's value, with what would end it escaped.
fn quoted(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_the_exporter_writes_them() {
        let names = ["NatGatewayId", "VPC Endpoint Id", "RstPacketsReceived"];
        assert_eq!(names.map(snake), ["nat_gateway_id", "vpc_endpoint_id", "rst_packets_received"]);
        assert_eq!(quoted("a\"b\\c"), r#"a\"b\\c"#);
    }
}
