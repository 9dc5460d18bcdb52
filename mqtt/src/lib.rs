//! The MQTT language: packets, properties, reason codes and topics, bytes to values and back (3.1, 3.1.1, 5.0).
//!
//! The way in is [`frame::next`], which cuts one packet off the bytes received, then `PublishView::parse` or
//! `Packet::decode`. Pure: no clock, no sockets, and nothing is allocated by a length that a peer merely claims.
#![cfg_attr(test, allow(clippy::as_conversions, clippy::string_slice))]

pub mod property;
pub mod topic;

mod packet_id;
mod qos;
mod reason;
mod version;

pub use packet_id::PacketId;
pub use qos::{InvalidQoS, QoS};
pub use reason::{InvalidReasonCode, ReasonCode};
pub use version::ProtocolVersion;
