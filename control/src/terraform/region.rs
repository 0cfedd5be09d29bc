//! The Region of a plan or a state.

use serde_json::value::RawValue;

use super::address::{Step, whole_references};
use super::json::Entries;
use super::plan::{Plan, text};

impl Plan<'_> {
    /// The Region of most resources: that of the aws provider, else that of the ARNs.
    pub(super) fn region(&self) -> Option<String> {
        self.configured_region().or_else(|| self.region_of_arns())
    }

    fn configured_region(&self) -> Option<String> {
        let configuration = self.show.configuration.as_ref()?;
        let provider = configuration.provider_config.get("aws")?;
        self.constant(provider.expressions.find("region")?)
    }

    /// The text of an expression that is a constant or a variable of the root module.
    fn constant(&self, expression: &RawValue) -> Option<String> {
        let entries: Entries<'_> = serde_json::from_str(expression.get()).ok()?;
        if let Some(constant) = entries.find("constant_value") {
            return serde_json::from_str(constant.get()).ok();
        }
        let references: Vec<String> =
            serde_json::from_str(entries.find("references")?.get()).ok()?;
        let whole = whole_references(references.iter().map(String::as_str));
        match &whole[..] {
            [steps] => match &steps[..] {
                [Step::Name(var), Step::Name(name)] if var == "var" => {
                    let variable = self.show.variables.as_ref()?.get(name.as_str())?;
                    serde_json::from_str(variable.value?.get()).ok()
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// `arn:aws:ec2:eu-central-1:111122223333:vpc/vpc-0abc` has it as its fourth part.
    fn region_of_arns(&self) -> Option<String> {
        let arns = self.instances.iter().filter_map(|instance| text(instance.at("arn")?));
        let regions = arns.filter_map(|arn| arn.split(':').nth(3));
        regions.filter(|region| !region.is_empty()).map(str::to_owned).next()
    }
}
