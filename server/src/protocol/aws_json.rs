//! Reads requests of App Runner (awsJson 1.0), after a look at what its model demands of them.
//!
//! Clients check little of it themselves: boto3 looks at required members and minimum lengths only.
//! What is too long, in no pattern or of no known value is for the server to refuse.

use std::collections::HashMap;

use regex::Regex;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::AwsError;

/// What a service's model demands of its requests.
#[derive(Debug, Deserialize)]
pub struct Constraints {
    /// The shape of each action's request.
    actions: HashMap<String, String>,
    shapes: HashMap<String, Shape>,
}

/// One shape of a request.
#[derive(Debug, Deserialize)]
struct Shape {
    r#type: Type,
    #[serde(default)]
    required: Vec<String>,
    #[serde(default)]
    members: HashMap<String, String>,
    member: Option<String>,
    key: Option<String>,
    value: Option<String>,
    min: Option<i64>,
    max: Option<i64>,
    #[serde(default)]
    pattern: Option<Pattern>,
    #[serde(default, rename = "enum")]
    words: Vec<String>,
}

impl Shape {
    /// Any text.
    fn text() -> Shape {
        Shape {
            r#type: Type::String,
            required: Vec::new(),
            members: HashMap::new(),
            member: None,
            key: None,
            value: None,
            min: None,
            max: None,
            pattern: None,
            words: Vec::new(),
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Type {
    Structure,
    List,
    Map,
    String,
    Integer,
    Boolean,
}

/// A pattern that the whole text must have.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Pattern {
    /// As the model has it, for the message.
    written: String,
    /// What the text must not begin with: the one thing that this kind of expression cannot say.
    not: Option<String>,
    regex: Regex,
}

impl TryFrom<String> for Pattern {
    type Error = regex::Error;

    fn try_from(written: String) -> Result<Pattern, regex::Error> {
        let (not, rest) = match written.strip_prefix("^(?!aws:)") {
            Some(rest) => (Some("aws:".to_owned()), rest),
            None => (None, written.as_str()),
        };
        // AWS means ASCII; of all letters that there are, a thousand times, is too much to compile.
        let ascii = rest.replace(r"\w", "[0-9A-Za-z_]");
        let regex = Regex::new(&format!("^(?:{ascii})$"))?;
        Ok(Pattern { not, regex, written })
    }
}

impl Pattern {
    fn takes(&self, text: &str) -> bool {
        !self.not.as_deref().is_some_and(|not| text.starts_with(not)) && self.regex.is_match(text)
    }
}

impl Constraints {
    /// Reads what `server/shapes/generate.py` wrote, but for the patterns of `unjudged` members, each
    /// with its structure's name.
    ///
    /// # Panics
    /// When it is not what this build was made with.
    pub fn new(json: &str, unjudged: &[(&str, &str)]) -> Constraints {
        let mut constraints: Constraints = serde_json::from_str(json).expect("constraints");
        for (structure, member) in unjudged {
            let structure = constraints.shapes.get_mut(*structure).expect("a shape of that name");
            let shape = structure.members.get_mut(*member).expect("a member of that name");
            let free = format!("unjudged {shape}");
            let judged = std::mem::replace(shape, free.clone());
            let (min, max) = (constraints.shapes[&judged].min, constraints.shapes[&judged].max);
            constraints.shapes.insert(free, Shape { min, max, ..Shape::text() });
        }
        constraints
    }

    /// Whether there is an action of this name.
    pub fn knows(&self, action: &str) -> bool {
        self.actions.contains_key(action)
    }

    /// The request in a body.
    ///
    /// # Errors
    /// `SerializationException` for what is no such structure at all, `InvalidRequestException`
    /// with everything that the model does not allow.
    pub fn read<T: DeserializeOwned>(&self, action: &str, body: &[u8]) -> Result<T, AwsError> {
        let body = if body.is_empty() { b"{}" } else { body };
        let value: Value = serde_json::from_slice(body).map_err(|_| unreadable("no valid JSON"))?;
        let mut judge = Judge { shapes: &self.shapes, complaints: Vec::new() };
        judge.value(&self.actions[action], &value, "")?;
        if judge.complaints.is_empty() {
            return serde_json::from_value(value).map_err(|error| unreadable(&error.to_string()));
        }
        let count = judge.complaints.len();
        let errors = if count == 1 { "error" } else { "errors" };
        let text = format!("{count} validation {errors} detected: {}", judge.complaints.join("; "));
        Err(AwsError::new("InvalidRequestException", shortened(text)))
    }
}

/// The model's `ErrorMessage` has 600 characters at most.
fn shortened(mut text: String) -> String {
    if let Some((at, _)) = text.char_indices().nth(600) {
        text.truncate(at);
    }
    text
}

fn unreadable(what: &str) -> AwsError {
    AwsError::new("SerializationException", format!("The request cannot be read: {what}"))
}

/// A look at one request.
struct Judge<'a> {
    shapes: &'a HashMap<String, Shape>,
    complaints: Vec<String>,
}

impl Judge<'_> {
    /// A null is as good as nothing.
    fn value(&mut self, shape: &str, value: &Value, at: &str) -> Result<(), AwsError> {
        let shape = &self.shapes[shape];
        match (shape.r#type, value) {
            (Type::Structure, Value::Object(members)) => self.structure(shape, members, at),
            (Type::List, Value::Array(items)) => self.list(shape, items, at),
            (Type::Map, Value::Object(entries)) => self.map(shape, entries, at),
            (Type::String, Value::String(text)) => {
                self.text(shape, text, at);
                Ok(())
            }
            (Type::Integer, Value::Number(number)) if number.is_i64() => {
                self.number(shape, number.as_i64().unwrap_or(0), at);
                Ok(())
            }
            (Type::Boolean, Value::Bool(_)) | (_, Value::Null) => Ok(()),
            (expected, _) => Err(unreadable(&format!("{at} is no {}", noun(expected)))),
        }
    }

    fn structure(
        &mut self,
        shape: &Shape,
        members: &serde_json::Map<String, Value>,
        at: &str,
    ) -> Result<(), AwsError> {
        for name in &shape.required {
            if members.get(name).is_none_or(Value::is_null) {
                let at = within(at, name);
                self.complaints.push(format!(
                    "Value null at '{at}' failed to satisfy constraint: Member must not be null"
                ));
            }
        }
        for (name, value) in members {
            if let Some(member) = shape.members.get(name) {
                self.value(member, value, &within(at, name))?;
            }
        }
        Ok(())
    }

    fn list(&mut self, shape: &Shape, items: &[Value], at: &str) -> Result<(), AwsError> {
        let Some(member) = &shape.member else { return Ok(()) };
        for (number, item) in items.iter().enumerate() {
            self.value(member, item, &format!("{at}.{}.member", number + 1))?;
        }
        Ok(())
    }

    fn map(
        &mut self,
        shape: &Shape,
        entries: &serde_json::Map<String, Value>,
        at: &str,
    ) -> Result<(), AwsError> {
        let (Some(key), Some(value)) = (&shape.key, &shape.value) else { return Ok(()) };
        let key = &self.shapes[key];
        for (name, item) in entries {
            self.text(key, name, at);
            self.value(value, item, &format!("{at}.{name}"))?;
        }
        Ok(())
    }

    fn text(&mut self, shape: &Shape, text: &str, at: &str) {
        let length = text.chars().count() as i64;
        self.bounds(shape, length, text, at, "have length");
        if shape.pattern.as_ref().is_some_and(|pattern| !pattern.takes(text)) {
            let pattern = shape.pattern.as_ref().map_or("", |pattern| &pattern.written);
            let must = format!("satisfy regular expression pattern: {pattern}");
            self.complain(text, at, &must);
        }
        if !shape.words.is_empty() && !shape.words.iter().any(|word| word == text) {
            let must = format!("satisfy enum value set: [{}]", shape.words.join(", "));
            self.complain(text, at, &must);
        }
    }

    fn number(&mut self, shape: &Shape, number: i64, at: &str) {
        self.bounds(shape, number, &number.to_string(), at, "have value");
    }

    fn bounds(&mut self, shape: &Shape, measure: i64, said: &str, at: &str, must: &str) {
        if let Some(min) = shape.min.filter(|min| measure < *min) {
            self.complain(said, at, &format!("{must} greater than or equal to {min}"));
        }
        if let Some(max) = shape.max.filter(|max| measure > *max) {
            self.complain(said, at, &format!("{must} less than or equal to {max}"));
        }
    }

    fn complain(&mut self, said: &str, at: &str, must: &str) {
        self.complaints.push(format!(
            "Value '{said}' at '{at}' failed to satisfy constraint: Member must {must}"
        ));
    }
}

/// AWS writes members in messages with a small letter.
fn within(at: &str, name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    let name: String = first.into_iter().chain(letters).collect();
    if at.is_empty() { name } else { format!("{at}.{name}") }
}

fn noun(expected: Type) -> &'static str {
    match expected {
        Type::Structure | Type::Map => "object",
        Type::List => "list",
        Type::String => "text",
        Type::Integer => "integer",
        Type::Boolean => "truth value",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::{APP_RUNNER_CONSTRAINTS, app_runner};

    fn read<T: DeserializeOwned>(action: &str, body: &str) -> Result<T, AwsError> {
        Constraints::new(APP_RUNNER_CONSTRAINTS, &[]).read(action, body.as_bytes())
    }

    fn complaint(action: &str, body: &str) -> String {
        read::<Value>(action, body).unwrap_err().to_string()
    }

    #[test]
    fn a_good_request_is_read() {
        let body = r#"{"VpcConnectorName": "main", "Subnets": ["subnet-a"], "Tags": null}"#;
        let body = body.replace(r#", "Tags": null"#, "");
        let request: app_runner::CreateVpcConnectorRequest =
            read("CreateVpcConnector", &body).unwrap();
        assert_eq!(request.subnets, ["subnet-a"]);
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        insta::assert_snapshot!(
            complaint("CreateVpcConnector", r#"{"VpcConnectorName": "-a", "Tags": [{"Key": "aws:x"}]}"#),
            @"InvalidRequestException: 4 validation errors detected: Value null at 'subnets' failed to satisfy constraint: Member must not be null; Value '-a' at 'vpcConnectorName' failed to satisfy constraint: Member must have length greater than or equal to 4; Value '-a' at 'vpcConnectorName' failed to satisfy constraint: Member must satisfy regular expression pattern: [A-Za-z0-9][A-Za-z0-9\\-_]{3,39}; Value 'aws:x' at 'tags.1.member.key' failed to satisfy constraint: Member must satisfy regular expression pattern: ^(?!aws:).+"
        );
        insta::assert_snapshot!(
            complaint("ListServices", r#"{"MaxResults": 21}"#),
            @"InvalidRequestException: 1 validation error detected: Value '21' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 20"
        );
    }

    #[test]
    fn what_is_no_request_at_all_cannot_be_read() {
        for body in ["{", "[]", "\"\"", r#"{"MaxResults": "5"}"#, r#"{"MaxResults": 1.5}"#] {
            assert!(
                complaint("ListServices", body).starts_with("SerializationException"),
                "{body}"
            );
        }
    }
}
