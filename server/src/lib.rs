//! An account that AWS clients talk to, and the running dataplane behind it: `egret serve`.
//!
//! | module | what becomes true there |
//! |---|---|
//! | [`serve`] | the account is read, the dataplane runs, the address is bound |
//! | [`http`] | a request is within limits, and reaches whom it is for |
//! | [`aws`] | bytes become a request for a service, and its answer becomes bytes |
//! | [`sigv4`] | a request is believed |
//! | [`protocol`], [`shapes`] | forms, XML and JSON become structures, and back |
//! | [`ec2`], [`app_runner`], [`sts`] | an action does what AWS's does, or says AWS's error |
//! | [`api`] | topology, counters, flows, explanations and live traffic, for people and their programs |
//! | [`control_plane`] | a change is accepted, durable and followed, in one order |
//! | [`account`] | the state: plain data, without a clock, chance or a socket |
//! | [`analyst`] | a path is found, or what is in its way, by the dataplane's own code |
//! | [`scribe`] | what flow logs saw is in files |
//! | [`store`] | what was accepted is on disk |
//! | [`engine`] | workers run on what the account has become, and traffic runs through them |
//! | [`events`], [`metrics`] | whoever watches is told |

pub mod account;
pub mod analyst;
pub mod api;
pub mod app_runner;
pub mod aws;
pub mod control_plane;
pub mod due;
pub mod ec2;
pub mod engine;
pub mod error;
pub mod events;
pub mod http;
pub mod metrics;
pub mod protocol;
pub mod scribe;
pub mod serve;
pub mod shapes;
pub mod sigv4;
pub mod store;
pub mod sts;
