//! Expectations as a file of them.

use std::fmt::Write;

use crate::scenario::{Expectation, Outcome, Protocol};

/// So wide a line may be that has an expectation in braces.
const WIDTH: usize = 100;

/// What a file begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Comments, a line each.
    pub comments: Vec<String>,
    /// The scenario that it is about, as seen from the file's folder; none for the folder's own.
    pub scenario: Option<String>,
}

/// The text of a file of expectations.
pub fn yaml(header: &Header, expectations: &[Expectation]) -> String {
    let mut out = String::new();
    for comment in &header.comments {
        // Writing to a text does not fail.
        let _ = writeln!(out, "# {comment}");
    }
    if let Some(scenario) = &header.scenario {
        let _ = writeln!(out, "scenario: {}", scalar(scenario));
    }
    out += if expectations.is_empty() { "expect: []\n" } else { "expect:\n" };
    for expectation in expectations {
        out += &item(&fields(expectation));
    }
    out
}

/// What an expectation says, key by key.
fn fields(expectation: &Expectation) -> Vec<(&'static str, String)> {
    let Expectation { from, to, except, via, .. } = expectation;
    let texts = |list: Vec<String>| if list.is_empty() { None } else { Some(one_or_many(&list)) };
    let protocol = match expectation.protocol {
        Protocol::Tcp => None,
        Protocol::Udp => Some("udp".to_owned()),
        Protocol::Icmp(Some(8), Some(0)) => Some("icmp".to_owned()),
        Protocol::Icmp(..) => None,
        Protocol::Other(number) => Some(number.to_string()),
        Protocol::All => Some("all".to_owned()),
    };
    let icmp = match expectation.protocol {
        Protocol::Icmp(Some(8), Some(0)) => None,
        Protocol::Icmp(Some(kind), Some(code)) => Some(format!("{kind}/{code}")),
        Protocol::Icmp(Some(kind), None) => Some(kind.to_string()),
        Protocol::Icmp(None, _) => Some("all".to_owned()),
        _ => None,
    };
    let outcome = match *expectation.outcome {
        Outcome::Delivered => "delivered",
        Outcome::NoReply => "no-reply",
        Outcome::Dropped => "dropped",
        Outcome::Any => "any",
    };
    let fields = [
        ("from", texts(from.iter().map(|from| from.value.clone()).collect())),
        ("to", texts(to.iter().map(|to| to.to_string()).collect())),
        ("except", texts(except.iter().map(|except| except.value.clone()).collect())),
        ("protocol", protocol),
        ("icmp", icmp),
        ("outcome", Some(outcome.to_owned())),
        ("by", expectation.by.as_ref().map(|by| scalar(by))),
        ("reason", expectation.reason.as_ref().map(|reason| reason.name().to_owned())),
        ("via", texts(via.iter().map(|via| via.value.clone()).collect())),
        ("source", expectation.source.as_ref().map(|source| source.value.to_string())),
    ];
    fields.into_iter().filter_map(|(key, value)| value.map(|value| (key, value))).collect()
}

/// In braces where it is short, else a line a key.
fn item(fields: &[(&'static str, String)]) -> String {
    let words: Vec<String> = fields.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    let short = format!("  - {{ {} }}\n", words.join(", "));
    match short.len() <= WIDTH {
        true => short,
        false => format!("  - {}\n", words.join("\n    ")),
    }
}

fn one_or_many(list: &[String]) -> String {
    let scalars: Vec<String> = list.iter().map(|text| scalar(text)).collect();
    match &scalars[..] {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    }
}

/// A text that is read as just this text.
fn scalar(text: &str) -> String {
    let begins = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.' || c == '/';
    let goes_on = |c: char| begins(c) || "-:@+".contains(c);
    let is_plain = text.starts_with(begins) && text.chars().all(goes_on) && !text.ends_with(':');
    const WORDS: [&str; 7] = ["true", "false", "null", "yes", "no", "on", "off"];
    let is_other = text.parse::<f64>().is_ok() || WORDS.contains(&text.to_lowercase().as_str());
    match is_plain && !is_other {
        true => text.to_owned(),
        // A text of JSON is one of YAML.
        false => serde_json::Value::from(text).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_would_be_read_as_something_else_is_quoted() {
        for plain in ["web", "web/0", "internet:443", "10.0.0.0/8:1-1023", "../scenario.yaml"] {
            assert_eq!(scalar(plain), plain);
        }
        for other in ["*", "no", "12", "1e3", "a b", "a: b", "- a", "a #b", "", "{a}", "é"] {
            assert_eq!(scalar(other), format!("\"{other}\""));
        }
    }
}
