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
//! | [`mod@classes`] | the space of a sender, cut into classes |
//! | [`mod@known`] | classes of single packets, remembered |
//! | [`mod@senders`] | who sends, by name: a service's tasks, a zone each |
//! | [`mod@targets`] | where to, by name: addresses, blocks, prefix lists, `internet` |
//! | [`mod@reach`] | everything that a sender reaches, and by which way |

pub mod classes;
pub mod cuts;
pub mod known;
pub mod reach;
pub mod senders;
pub mod space;
pub mod targets;
