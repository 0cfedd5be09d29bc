//! What a permission says of traffic: a protocol, with ports or with an ICMP type and code.

use crate::ec2::errors;
use crate::error::{AwsError, Result};

/// A protocol with its ports, as they are kept: `tcp` for 6, and -1 where there are none.
pub(super) fn read(
    protocol: Option<&str>,
    from: Option<i32>,
    to: Option<i32>,
) -> Result<(String, i32, i32)> {
    let said = protocol.ok_or_else(|| errors::missing("ipProtocol"))?;
    let name = protocol_name(said)?;
    let (from, to) = match name.as_str() {
        "tcp" | "udp" => ports(from, to)?,
        "icmp" => icmp(from, to, "ICMP")?,
        "icmpv6" if from.is_none() && to.is_none() => (-1, -1),
        "icmpv6" => icmp(from, to, "ICMPv6")?,
        _ => (-1, -1),
    };
    Ok((name, from, to))
}

fn protocol_name(said: &str) -> Result<String> {
    let name = match said.to_ascii_lowercase().as_str() {
        "-1" | "all" => "-1".to_owned(),
        "tcp" | "6" => "tcp".to_owned(),
        "udp" | "17" => "udp".to_owned(),
        "icmp" | "1" => "icmp".to_owned(),
        "icmpv6" | "58" => "icmpv6".to_owned(),
        other => match other.parse::<u8>() {
            Ok(number) => number.to_string(),
            Err(_) => {
                let message = format!("Invalid value '{said}' for IP protocol. Unknown protocol.");
                return Err(AwsError::new("InvalidParameterValue", message));
            }
        },
    };
    Ok(name)
}

fn ports(from: Option<i32>, to: Option<i32>) -> Result<(i32, i32)> {
    let invalid = |message: String| Err(AwsError::new("InvalidParameterValue", message));
    let (Some(from), Some(to)) = (from, to) else {
        let why = "Must specify both from and to ports with TCP/UDP.";
        return invalid(format!("Invalid value '{why}' for portRange."));
    };
    if let Some(port) = [from, to].into_iter().find(|port| !(0..=65_535).contains(port)) {
        return invalid(format!("TCP/UDP port ({port}) out of range"));
    }
    if from > to {
        return invalid(format!("Invalid TCP/UDP port range ({from}:{to})"));
    }
    Ok((from, to))
}

fn icmp(kind: Option<i32>, code: Option<i32>, name: &str) -> Result<(i32, i32)> {
    let invalid = |message: String| Err(AwsError::new("InvalidParameterValue", message));
    let (Some(kind), Some(code)) = (kind, code) else {
        let why = format!("Must specify both from and to ports with {name}.");
        return invalid(format!("Invalid value '{why}' for portRange."));
    };
    if !(-1..=255).contains(&kind) {
        return invalid(format!("{name} type ({kind}) out of range"));
    }
    if !(-1..=255).contains(&code) || (kind == -1 && code != -1) {
        return invalid(format!("{name} code ({code}) out of range"));
    }
    Ok((kind, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_are_kept_by_the_names_that_have_ports() {
        let kept = |protocol, from, to| read(Some(protocol), from, to).unwrap();
        assert_eq!(kept("6", Some(80), Some(81)), ("tcp".to_owned(), 80, 81));
        assert_eq!(kept("-1", Some(80), Some(81)), ("-1".to_owned(), -1, -1));
        assert_eq!(kept("50", Some(80), Some(81)), ("50".to_owned(), -1, -1));
        assert_eq!(kept("1", Some(8), Some(-1)), ("icmp".to_owned(), 8, -1));
        assert_eq!(kept("58", None, None), ("icmpv6".to_owned(), -1, -1));
    }

    #[test]
    fn ports_that_are_none_are_refused_in_awss_words() {
        let message = |protocol, from, to| read(Some(protocol), from, to).unwrap_err().message;
        assert_eq!(message("tcp", Some(2), Some(1)), "Invalid TCP/UDP port range (2:1)");
        assert_eq!(message("tcp", Some(-1), Some(-1)), "TCP/UDP port (-1) out of range");
        assert_eq!(message("icmp", Some(-1), Some(0)), "ICMP code (0) out of range");
        assert!(message("udp", Some(1), None).contains("both from and to ports"));
        assert!(message("256", None, None).contains("Unknown protocol"));
    }
}
