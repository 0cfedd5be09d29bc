//! Infrastructure as code: resources as a template declares them, before any of them exists.
//!
//! Readers of templates (CloudFormation, Terraform) come down to one list of
//! [`Resource`]s in CloudFormation's words, whose values are known, refer to other resources, or are
//! unknown; one mapper, [`into_model`], makes a [`Model`] of that list. What is not known never becomes
//! a guess: it is noted in [`crate::model::Unknowns`], and verdicts that depend on it are inconclusive.
//!
//! CloudFormation has no words for some things that Terraform says. The mapper reads these beside
//! CloudFormation's own:
//!
//! | kind | property | what it says |
//! |---|---|---|
//! | `AWS::EC2::SecurityGroup` | `NoDefaultEgress` | without rules, it lets nothing out |
//! | `AWS::EC2::SecurityGroup`, `AWS::EC2::NetworkAcl` | `Default` | it is its VPC's default one |
//! | `AWS::EC2::VPC` | `Account`, `Region` | whose and where it is |
//! | `AWS::EC2::RouteTable` | `Main` | it is its VPC's main one |
//! | `Egret::MainRouteTable` | `VpcId`, `RouteTableId` | which table is a VPC's main one |
//! | `AWS::EC2::EIP`, `AWS::EC2::NatGateway`, `AWS::EC2::Instance` | `PublicIp` | its public address |
//! | `AWS::EC2::NatGateway` | `SecondaryPublicIps` | its further public addresses |
//!
//! What AWS makes with a VPC goes by attributes of it: `DefaultSecurityGroup`, `DefaultNetworkAcl`,
//! `MainRouteTable`. The default table of a transit gateway is its `AssociationDefaultRouteTableId` or
//! `PropagationDefaultRouteTableId`, the list of a gateway endpoint its `PrefixListId`.

use indexmap::IndexMap;

use crate::finding::Finding;
use crate::model::Model;
use crate::source::{Place, Sourced};

mod acls;
mod gateways;
mod groups;
mod interfaces;
mod joins;
mod mapper;
mod parameters;
mod reading;
mod references;
mod routes;
mod services;
mod vpcs;

pub use parameters::Parameters;

/// Adds resources to a model that may hold something already, and notes what of them is not known.
/// What the model has no place for is passed over with a warning for each type.
///
/// Everything that AWS makes by itself in a VPC (its main route table, its default network ACL and
/// security group) is added as AWS makes it.
pub fn into_model(
    resources: &[Resource],
    region: &str,
    model: &mut Model,
    findings: &mut Vec<Finding>,
) {
    mapper::Mapper::new(resources, region, model, findings).run();
}

/// A resource as declared.
#[derive(Clone, Debug)]
pub struct Resource {
    /// How the template calls it, which becomes its id in the model: a logical id, or an address such
    /// as `module.vpc.aws_subnet.private[0]`.
    pub id: Sourced<String>,
    /// CloudFormation's name of its type: `AWS::EC2::Subnet`.
    pub kind: String,
    /// Its properties, by CloudFormation's names.
    pub properties: Value,
    /// What decides whether it exists, where that is not known.
    pub exists_if: Option<String>,
}

/// A value of a template, and its place.
#[derive(Clone, Debug)]
pub struct Value {
    /// What is said.
    pub data: Data,
    /// Where.
    pub place: Place,
}

/// What a template says.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Nothing (`AWS::NoValue`, `null`).
    Null,
    /// A truth value.
    Bool(bool),
    /// A text, or a number as written.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// A map, in order.
    Map(IndexMap<String, Value>),
    /// Another resource, or an attribute of it: `Ref`, `Fn::GetAtt`, or a reference of Terraform's.
    Of {
        /// The resource's [`Resource::id`].
        resource: String,
        /// The attribute, by CloudFormation's name (`AllocationId`, `GroupId`); `None` for its `Ref`.
        attribute: Option<String>,
    },
    /// What is not known, by the name of why: ``parameter `DbCidr` ``.
    Unknown(String),
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.data == other.data
    }
}
