//! What holds of all packets at once, and not of those alone that somebody thought of.
//!
//! A sender's packets are a space: destination, protocol, port or ICMP type, source port. It is cut
//! into [classes](mod@classes), boxes in which every packet fares alike. Nothing is evaluated here, either: the
//! dataplane's own path judges one packet of each class ([`egret_dataplane::judgement`]), and the
//! rules, entries and routes that it asked on its way, there and back, say how far around that packet
//! the same answers hold ([`cuts`]). So a class is exact, whatever rules there are, and the number
//! of judgements is the number of classes.
//!
//! | module | what is there |
//! |---|---|
//! | [`mod@space`] | boxes of packets |
//! | [`mod@cuts`] | how far the judgement of one packet holds |
//! | [`mod@open`] | verdicts that could be other ones with what a template leaves open |
//! | [`mod@classes`] | the space of a sender, cut into classes |
//! | [`mod@known`] | classes of single packets, remembered |
//! | [`mod@senders`] | who sends, by name: a service's tasks, a zone each |
//! | [`mod@targets`] | where to, by name: addresses, blocks, prefix lists, `internet` |
//! | [`mod@same`] | whether two configurations treat a sender's packets alike |
//! | [`mod@reach`] | everything that a sender reaches, and by which way |
//! | [`mod@fates`] | what becomes of packets, by names |
//! | [`mod@survey`] | the packets of several senders, cut at once and held beside each other |
//! | [`mod@diff`] | what two configurations do otherwise with a service's packets |
//! | [`mod@words`] | what a user calls destinations, ports and ways |

pub mod classes;
pub mod cuts;
pub mod diff;
pub mod fates;
pub mod known;
pub mod open;
pub mod reach;
mod rows;
pub mod same;
pub mod senders;
pub mod space;
pub mod survey;
pub mod targets;
pub mod words;
