//! AWS's protocols: how a request is read and an answer is written. No socket and no state here.
//!
//! * [`aws_json`]: App Runner's awsJson 1.0, with what its model demands of a request.
//! * [`query`]: the form that EC2's and STS's requests are, read by serde.
//! * [`xml`]: the answers to those, written by serde.
//! * [`time`]: how each of them says a moment.

pub mod aws_json;
pub mod query;
pub mod time;
pub mod xml;
