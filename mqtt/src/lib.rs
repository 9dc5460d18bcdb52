//! The MQTT language: packets, properties, reason codes and topics, bytes to values and back (3.1, 3.1.1, 5.0).
//!
//! The way in is [`frame::next`], which cuts one packet off the bytes received, then `PublishView::parse` or
//! `Packet::decode`. Pure: no clock, no sockets, and nothing is allocated by a length that a peer merely claims.
#![cfg_attr(test, allow(clippy::as_conversions, clippy::string_slice))]

pub mod frame;
pub mod property;
pub mod topic;

mod ack;
mod connect;
mod error;
mod message;
mod packet_id;
mod publish;
mod qos;
mod reader;
mod reason;
mod text;
mod variable;
mod version;
mod writer;

pub use ack::{Ack, AckKind, AckProperties};
pub use connect::{Connect, Will};
pub use error::{DecodeError, EncodeError, Fault};
pub use frame::PacketType;
pub use message::{Message, MessageParts};
pub use packet_id::PacketId;
pub use property::UserProperties;
pub use publish::{Outgoing, OutgoingAlias, PublishView};
pub use qos::{InvalidQoS, QoS};
pub use reason::{InvalidReasonCode, ReasonCode};
pub use version::ProtocolVersion;
