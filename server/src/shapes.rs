//! The types of requests and answers, as the services' own models have them.
//!
//! `server/shapes/generate.py` writes them. Wire names are serde attributes: one name is what a
//! request calls a member, another what an answer does. What the model demands of App Runner's
//! requests, which its clients do not all check, is beside them in `apprunner.json`.

use std::collections::BTreeMap;

#[allow(missing_docs)]
pub mod app_runner;
#[allow(missing_docs)]
pub mod ec2;
#[allow(missing_docs)]
pub mod sts;

/// What App Runner's model demands of requests.
pub(crate) const APP_RUNNER_CONSTRAINTS: &str = include_str!("shapes/apprunner.json");

/// A list or a map without anything in it.
trait Many {
    fn is_empty(&self) -> bool;
}

impl<T> Many for Vec<T> {
    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

impl<T> Many for BTreeMap<String, T> {
    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

fn is_empty(many: &impl Many) -> bool {
    many.is_empty()
}
