//! The broker core: sessions, topics, and the rules by which messages pass between them. The broker core has no
//! sockets, no clock and no runtime, so that any kind of caller can use it: a client's connection, an administrator, a
//! bridge, a test in virtual time.
//!
//! Callers act through the verbs of [`Broker`]. In the order of a client's life:
//!
//! | verb | caused by |
//! |---|---|
//! | [`Broker::begin_connect`], [`PendingConnect::connect`], [`PendingConnect::authenticate`] | CONNECT and AUTH, until the client is accepted or refused |
//! | [`Broker::admit`] | a valid CONNECT: who the client is, whether it may connect |
//! | [`Broker::connect`] | the admission of the client: the session gets its connection, CONNACK is sent or waits |
//! | [`Broker::subscribe`], [`Broker::unsubscribe`] | one entry of SUBSCRIBE or UNSUBSCRIBE |
//! | [`Broker::publish`] | PUBLISH packets of one topic |
//! | [`Broker::receive`], [`Broker::release`] | the QoS 2 identifier of an incoming PUBLISH, and its PUBREL |
//! | [`Broker::acknowledge`] | PUBACK, PUBREC and PUBCOMP from the client |
//! | [`Broker::commit_reached`] | a commit of the store that messages waited for |
//! | [`Broker::disconnect`] | the end of the connection |
//! | [`Broker::timeout`] | keep alive, delayed will, session expiry |
//!
//! Not only sessions are subscribers. [`Broker::add_sink`] subscribes a [`Sink`] of this process, for example a bridge,
//! and [`Broker::subscribe_node`] another node, to which a [`Fabric`] carries the messages.
//!
//! Each verb takes a [`Turn`], which has the time, a budget of work and the scratch space of the calling core, and
//! returns a [`Receipt`]: the outcome, and the commit that an answer to the client must wait for. Further actions
//! (write to a connection, wake it, call a verb at a certain time) are collected in [`Effects`]; the caller carries
//! them out when the turn is over.
//!
//! [`ClientConnection`] turns the packets of one network connection into verbs, and their receipts into answers.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests need one moment to begin with"))]

mod acknowledgements;
mod admission;
mod broker;
mod config;
mod connection;
mod connection_handle;
mod context;
mod counters;
mod delivery;
mod durability;
mod end;
mod fabric;
mod hooks;
mod pending_connect;
mod publish_batch;
mod queries;
mod receipt;
mod registry;
mod replays;
mod retained;
mod route_cache;
mod session_guard;
mod session_handle;
mod sessions;
mod signals;
mod sinks;
mod subscriber;
mod subscriptions;
mod tenant;
mod timer_queue;
mod turn;
mod write;

pub use acknowledgements::Recognised;
pub use admission::connack_reason;
pub use broker::Broker;
pub use config::BrokerConfig;
pub use connection::{ClientConnection, ConnectionSummary, InputProgress};
pub use connection_handle::{ConnectionHandle, CoreId, DirectWrite};
pub use context::{ClientContext, ListenerContext, Principal};
pub use counters::{CoreCounters, Counter, Counters, Totals};
pub use delivery::{PublishProgress, PublishRequest, Published, UnfinishedPublish};
pub use durability::{Durability, RestoreError, SessionStore};
pub use end::{End, EndKind, EndedBy};
pub use fabric::{Fabric, LocalFabric, NodeId, SubscribeNodeError};
pub use hooks::{Action, Authenticating, ConnectAttempt, Hooks, Identity, Phases, Publication};
pub use pending_connect::{ConnectStep, PendingConnect};
pub use publish_batch::{BatchLists, PublishBatch, RawFrames, emptied};
pub use queries::{Page, RetainedInfo, SessionCursor, SessionInfo, SubscriptionInfo};
pub use receipt::Receipt;
pub use registry::{HashedKey, Registry};
pub use replays::ReplayProgress;
pub use route_cache::RouteCache;
pub use session_guard::SessionGuard;
pub use session_handle::{Ownership, SessionHandle, SessionKey, State};
pub use sessions::{Attachment, LinkFacts, StopReport};
pub use signals::{Leftover, Signal, SignalSet, Signals};
pub use sinks::{Forwarded, Sink, SinkHandle, SinkId};
pub use subscriber::Subscriber;
pub use subscriptions::Subscribed;
pub use tenant::{Tenant, TenantId};
pub use timer_queue::{Timer, TimerQueue};
pub use turn::{Backlog, Budget, Effects, Random, Scratch, Turn, Workspace};
pub use write::{BeginWrite, WriteInProgress, Written};

#[cfg(test)]
mod tests;
