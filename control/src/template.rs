//! Infrastructure as code: resources as a template declares them, before any of them exists.
//!
//! Readers of templates (CloudFormation, Terraform) come down to one list of
//! [`Resource`]s in CloudFormation's words, whose values are known, refer to other resources, or are
//! unknown; one mapper makes a [`crate::model::Model`] of that list. What is not known never becomes a
//! guess: it is noted in [`crate::model::Unknowns`], and verdicts that depend on it are inconclusive.

use indexmap::IndexMap;

use crate::source::{Place, Sourced};

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
