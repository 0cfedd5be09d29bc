//! Where a flow log writes to: a bucket of Amazon S3, and a folder in it.

use super::invalid;
use crate::account::rules::Rules;
use crate::error::{AwsError, Result};
use crate::shapes::ec2::CreateFlowLogsRequest;

/// The bucket and the prefix.
pub(super) fn read(rules: &Rules, request: &CreateFlowLogsRequest) -> Result<(String, String)> {
    let kind = request.log_destination_type.as_deref().unwrap_or("cloud-watch-logs");
    match kind {
        "s3" => {}
        "cloud-watch-logs" | "kinesis-data-firehose" => {
            let message = format!(
                "Egret delivers flow logs to Amazon S3 only, and not to {kind}: LogDestinationType is s3."
            );
            return Err(AwsError::new("UnsupportedOperation", message));
        }
        other => {
            let message = format!("LogDestinationType '{other}' is invalid: it is s3.");
            return Err(invalid(message));
        }
    }
    if request.log_group_name.is_some() || request.deliver_logs_permission_arn.is_some() {
        let message =
            "LogGroupName and DeliverLogsPermissionArn do not go with the destination s3.";
        return Err(invalid(message));
    }
    if rules.s3.is_none() {
        let message = "Egret has no folder that stands for Amazon S3: start it with --s3 DIR, or with \
                       --data DIR.";
        return Err(AwsError::new("UnsupportedOperation", message));
    }
    let Some(arn) = &request.log_destination else {
        return Err(super::errors::missing("LogDestination"));
    };
    parse(arn).map_err(|why| invalid(format!("LogDestination '{arn}' is invalid: {why}")))
}

/// `arn:aws:s3:::BUCKET/PREFIX/`. What it says becomes part of a path, so it names folders and nothing
/// else.
fn parse(arn: &str) -> Result<(String, String), &'static str> {
    let rest = arn.strip_prefix("arn:aws:s3:::").ok_or("it begins with arn:aws:s3:::")?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let ends = bucket.starts_with(letter) && bucket.ends_with(letter);
    let all = bucket.chars().all(|c| letter(c) || matches!(c, '-' | '.'));
    if !(3..=63).contains(&bucket.len()) || !ends || !all || bucket.contains("..") {
        return Err("a bucket's name has 3 to 63 small letters, digits, dots and hyphens.");
    }
    let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
    if !prefix.is_empty() {
        prefix.split('/').try_for_each(folder)?;
    }
    Ok((bucket.to_owned(), prefix.to_owned()))
}

fn folder(name: &str) -> Result<(), &'static str> {
    let letter = |c: char| c.is_ascii_alphanumeric() || "!-_.*'()= ".contains(c);
    if name == "AWSLogs" {
        return Err("AWSLogs is a folder that AWS makes itself.");
    }
    if name.is_empty() || name == "." || name == ".." || !name.chars().all(letter) {
        return Err("a folder's name has letters, digits and !-_.*'()=, and is not . or ..");
    }
    if name.len() > 255 {
        return Err("a folder's name is too long.");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_names_a_bucket_and_folders() {
        let parsed = |arn: &str| parse(arn).map(|(bucket, prefix)| format!("{bucket} {prefix}"));
        assert_eq!(parsed("arn:aws:s3:::my-logs"), Ok("my-logs ".to_owned()));
        assert_eq!(parsed("arn:aws:s3:::my-logs/a/b/"), Ok("my-logs a/b".to_owned()));
        for bad in [
            "my-logs",
            "arn:aws:s3:::",
            "arn:aws:s3:::..",
            "arn:aws:s3:::a..b",
            "arn:aws:s3:::../etc",
            "arn:aws:s3:::logs/../..",
            "arn:aws:s3:::logs/a//b",
            "arn:aws:s3:::logs//etc",
            "arn:aws:s3:::logs/a\\b",
            "arn:aws:s3:::logs/AWSLogs/",
            "arn:aws:s3:::Logs",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
