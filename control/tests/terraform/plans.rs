//! Plans: what will be there once they are applied.

use super::described::described;
use super::{imported, lines};

#[test]
fn a_plan_of_a_new_vpc_is_read_whole() {
    let plan = imported("terraform/three-zones/plan.json");
    insta::assert_snapshot!("three_zones_plan", described(&plan.model));
    insta::assert_snapshot!(
        "three_zones_warnings",
        lines(&plan.warnings, &plan.model.sources).join("\n")
    );
}

#[test]
fn modules_outputs_and_locals_are_followed() {
    let plan = imported("terraform/modules/plan.json");
    insta::assert_snapshot!("modules_plan", described(&plan.model));
}

/// Terraform still reports the rule that goes within its group, and the one that moves to another
/// port at its old one.
#[test]
fn a_change_is_read_as_it_will_be() {
    let plan = imported("terraform/three-zones/change/plan.json");
    insta::assert_snapshot!("three_zones_change", described(&plan.model));
}
