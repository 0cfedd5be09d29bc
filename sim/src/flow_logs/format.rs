//! The fields of a flow log record.

use std::fmt;

use egret_control::written::nearest;
use thiserror::Error;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Int,
    Long,
}

/// Declares the fields once: name, the version of the format that has it first, and its type in
/// Parquet (VPC guide, "flow log records").
macro_rules! fields {
    ($($field:ident $name:literal $version:literal $kind:ident,)*) => {
        /// A field of a record.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Field {
            $(#[doc = concat!("`", $name, "`")] $field,)*
        }

        impl Field {
            /// All of them.
            pub const ALL: &'static [Field] = &[$(Field::$field),*];

            /// Its name in a format.
            pub const fn name(self) -> &'static str {
                match self { $(Field::$field => $name,)* }
            }

            const fn version(self) -> u8 {
                match self { $(Field::$field => $version,)* }
            }

            pub(super) const fn kind(self) -> Kind {
                match self { $(Field::$field => Kind::$kind,)* }
            }
        }
    };
}

fields! {
    Version "version" 2 Int,
    AccountId "account-id" 2 Text,
    InterfaceId "interface-id" 2 Text,
    SrcAddr "srcaddr" 2 Text,
    DstAddr "dstaddr" 2 Text,
    SrcPort "srcport" 2 Int,
    DstPort "dstport" 2 Int,
    Protocol "protocol" 2 Int,
    Packets "packets" 2 Long,
    Bytes "bytes" 2 Long,
    Start "start" 2 Long,
    End "end" 2 Long,
    Action "action" 2 Text,
    LogStatus "log-status" 2 Text,
    VpcId "vpc-id" 3 Text,
    SubnetId "subnet-id" 3 Text,
    InstanceId "instance-id" 3 Text,
    TcpFlags "tcp-flags" 3 Int,
    Type "type" 3 Text,
    PktSrcAddr "pkt-srcaddr" 3 Text,
    PktDstAddr "pkt-dstaddr" 3 Text,
    Region "region" 4 Text,
    AzId "az-id" 4 Text,
    SublocationType "sublocation-type" 4 Text,
    SublocationId "sublocation-id" 4 Text,
    PktSrcAwsService "pkt-src-aws-service" 5 Text,
    PktDstAwsService "pkt-dst-aws-service" 5 Text,
    FlowDirection "flow-direction" 5 Text,
    TrafficPath "traffic-path" 5 Int,
    EcsClusterArn "ecs-cluster-arn" 7 Text,
    EcsClusterName "ecs-cluster-name" 7 Text,
    EcsContainerInstanceArn "ecs-container-instance-arn" 7 Text,
    EcsContainerInstanceId "ecs-container-instance-id" 7 Text,
    EcsContainerId "ecs-container-id" 7 Text,
    EcsSecondContainerId "ecs-second-container-id" 7 Text,
    EcsServiceName "ecs-service-name" 7 Text,
    EcsTaskDefinitionArn "ecs-task-definition-arn" 7 Text,
    EcsTaskArn "ecs-task-arn" 7 Text,
    EcsTaskId "ecs-task-id" 7 Text,
    RejectReason "reject-reason" 8 Text,
    EgretRule "egret-rule" 0 Text,
}

/// The fields of each record, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format(Vec<Field>);

impl Default for Format {
    /// Version 2: what AWS logs unless told otherwise.
    fn default() -> Self {
        Format(Field::ALL.iter().copied().filter(|field| field.version() == 2).collect())
    }
}

/// Why a text is no format.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FormatError {
    /// It has no field.
    #[error("there is no field in it: write fields as `${{srcaddr}} ${{dstaddr}}`")]
    Empty,
    /// Something in it is not `${field}`.
    #[error("`{0}` is no field: write it as `${{{0}}}`")]
    Bare(String),
    /// A field is written that does not exist.
    #[error("there is no field `{name}`{}", near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    Unknown {
        /// What is written.
        name: String,
        /// The field whose name is like it.
        near: Option<String>,
    },
    /// A field is written twice.
    #[error("the field `{0}` is written twice")]
    Twice(&'static str),
}

impl std::str::FromStr for Format {
    type Err = FormatError;

    /// Reads `${field} ${field}`, as CreateFlowLogs takes it, or `default`.
    fn from_str(text: &str) -> Result<Self, FormatError> {
        if text == "default" {
            return Ok(Format::default());
        }
        let mut fields = Vec::new();
        for word in text.split_whitespace() {
            let name = word.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
            let name = name.ok_or_else(|| FormatError::Bare(word.to_owned()))?;
            let field = Field::ALL.iter().find(|field| field.name() == name).copied();
            let field = field.ok_or_else(|| unknown(name))?;
            if fields.contains(&field) {
                return Err(FormatError::Twice(field.name()));
            }
            fields.push(field);
        }
        if fields.is_empty() { Err(FormatError::Empty) } else { Ok(Format(fields)) }
    }
}

fn unknown(name: &str) -> FormatError {
    let names: Vec<&str> = Field::ALL.iter().map(|field| field.name()).collect();
    FormatError::Unknown { name: name.to_owned(), near: nearest(name, &names).map(str::to_owned) }
}

impl fmt::Display for Format {
    /// The header line of a file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, field) in self.0.iter().enumerate() {
            write!(f, "{}{}", if at > 0 { " " } else { "" }, field.name())?;
        }
        Ok(())
    }
}

impl Format {
    pub(super) fn fields(&self) -> &[Field] {
        &self.0
    }

    /// The version of records with these fields: the highest of any.
    pub(super) fn version(&self) -> u8 {
        self.0.iter().map(|field| field.version()).max().unwrap_or(0).max(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_read_as_create_flow_logs_takes_them() {
        let format: Format = "${srcaddr} ${pkt-dstaddr}  ${traffic-path}".parse().expect("fields");
        assert_eq!(format.fields(), [Field::SrcAddr, Field::PktDstAddr, Field::TrafficPath]);
        assert_eq!(
            (format.version(), format.to_string().as_str()),
            (5, "srcaddr pkt-dstaddr traffic-path")
        );
        let default: Format = "default".parse().expect("the default");
        assert_eq!((default.fields().len(), default.version()), (14, 2));
    }

    #[test]
    fn what_is_no_format_says_why() {
        let error = |text: &str| text.parse::<Format>().expect_err("no format").to_string();
        assert_eq!(error("${srcadr}"), "there is no field `srcadr`; did you mean `srcaddr`?");
        assert_eq!(error("${zzz}"), "there is no field `zzz`");
        assert_eq!(error("srcaddr"), "`srcaddr` is no field: write it as `${srcaddr}`");
        assert_eq!(error("${end} ${end}"), "the field `end` is written twice");
        assert!(error(" ").starts_with("there is no field in it"));
    }
}
