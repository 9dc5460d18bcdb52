//! TCP, TLS, WebSocket, QUIC and Unix sockets behind one byte-stream type, [`Link`].
//!
//! This crate does not parse MQTT. The name `mqtt` appears only in ALPN and `Sec-WebSocket-Protocol`. The entry point
//! for servers is [`listener`], for clients [`client`].
#![cfg_attr(test, allow(clippy::as_conversions))]

pub mod client;
pub mod link;
pub mod listener;
pub mod quic;
pub mod tls;
pub mod websocket;

pub use link::{CloseReason, DirectWriter, Link};
pub use listener::{
    BindError, CertificateHandle, Endpoint, EstablishError, Incoming, Limits, Listener, ListenerConfig,
    LocalAddress, bind,
};
pub use tidegate_limits::{Peer, TlsFacts, Transport};
