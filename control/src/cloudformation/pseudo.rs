//! Pseudo parameters, and what follows from the Region.

use super::*;

/// Names that a template may refer to without declaring them.
pub(super) const PSEUDO: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// How many zones of a Region have names here. Every Region has three, the largest has six.
const ZONES: usize = 6;

impl Evaluator<'_> {
    /// The value of a pseudo parameter; `None` for what is none.
    pub(super) fn pseudo(&self, name: &str) -> Option<Data> {
        if let Some(given) = self.given.get(name).filter(|_| PSEUDO.contains(&name)) {
            return Some(Data::Text(given.value.clone()));
        }
        let text = |text: &str| Data::Text(text.to_owned());
        Some(match name {
            "AWS::NoValue" => Data::Null,
            "AWS::Region" => text(self.region),
            "AWS::Partition" => text(partition(self.region)),
            "AWS::URLSuffix" if self.region.starts_with("cn-") => text("amazonaws.com.cn"),
            "AWS::URLSuffix" => text("amazonaws.com"),
            "AWS::AccountId" => Data::Unknown("the account's id".to_owned()),
            "AWS::StackName" => Data::Unknown("the stack's name".to_owned()),
            "AWS::StackId" | "AWS::NotificationARNs" => Data::Unknown(format!("`{name}`")),
            _ => return None,
        })
    }

    /// The names of a Region's zones, in order.
    pub(super) fn zones(&self, region: &str, place: Place) -> Data {
        let region = if region.is_empty() { self.region } else { region };
        let zones = ('a'..='z').take(ZONES).map(|letter| Data::Text(format!("{region}{letter}")));
        Data::List(zones.map(|data| Value { data, place }).collect())
    }
}

fn partition(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}
