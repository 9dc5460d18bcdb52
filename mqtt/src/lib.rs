//! The MQTT protocol: encodes and decodes packets, properties, reason codes and topics of MQTT 3.1, 3.1.1 and 5.0.
//!
//! Start with [`frame::next`], which splits one packet off the received bytes. Then use `PublishView::parse` or
//! `Packet::decode`. The crate is pure: no clock, no sockets. A length in a received packet alone never causes the
//! crate to allocate that much memory.
#![cfg_attr(test, allow(clippy::as_conversions, clippy::string_slice))]

pub mod frame;
pub mod property;
pub mod topic;

mod ack;
mod auth;
mod connack;
mod connect;
mod disconnect;
mod error;
mod message;
mod packet;
mod packet_id;
mod publish;
mod qos;
mod reader;
mod reason;
mod suback;
mod subscribe;
mod text;
mod unsubscribe;
mod variable;
mod version;
mod writer;

pub use ack::{Ack, AckKind, AckProperties};
pub use auth::Auth;
pub use connack::ConnAck;
pub use connect::{Connect, Will};
pub use disconnect::Disconnect;
pub use error::{DecodeError, EncodeError, Fault};
pub use frame::PacketType;
pub use message::{Message, MessageParts};
pub use packet::Packet;
pub use packet_id::PacketId;
pub use property::UserProperties;
pub use publish::{OutgoingAlias, OutgoingPublish, Publish, PublishProperties, PublishView};
pub use qos::{InvalidQoS, QoS};
pub use reason::{InvalidReasonCode, ReasonCode};
pub use suback::{SubAck, UnsubAck};
pub use subscribe::{InvalidFilter, RetainHandling, Subscribe, SubscribeEntry, SubscriptionOptions};
pub use unsubscribe::Unsubscribe;
pub use version::ProtocolVersion;
