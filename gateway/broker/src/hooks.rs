//! The phases of a client's life, and the hooks that take part in them: authentication, access control, audit, tracing.

mod chain;

use std::future::Future;
use std::pin::Pin;

use tidegate_limits::{Peer, Refusal};
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{Message, QoS};
use tidegate_session::{GrantedOptions, Negotiated};

pub(crate) use chain::HookChain;
pub use chain::Phases;

use crate::context::{ClientContext, ListenerContext, Principal};
use crate::end::End;

/// Takes part in phases of a client's life.
///
/// | phase | called | may |
/// |---|---|---|
/// | [`Self::connect`] | when CONNECT is valid, before authentication | refuse |
/// | [`Self::authenticate`] | after `connect`; may wait | name the client and its tenant, or refuse |
/// | [`Self::authorise`] | before a publish, a will or a subscription | refuse |
/// | [`Self::publish`] | when a publish is authorised, before it is delivered | watch |
/// | [`Self::deliver`] | for each recipient of a publish | drop the copies |
/// | [`Self::subscribe`] | when a subscription is in effect | watch |
/// | [`Self::disconnect`] | when a connection has ended, once for each that was admitted | watch |
///
/// All methods except `authenticate` run on the cores that carry connections; `authorise`, `publish`, `deliver` and
/// `subscribe` also run under the lock of a session. They must neither wait nor call the broker. `deliver` is not
/// called for sinks and other nodes, because they are not clients.
pub trait Hooks: Send + Sync {
    /// Returns the phases in which this hook takes part. Called once, when the hook is added to the broker. The methods
    /// of other phases are never called.
    fn phases(&self) -> Phases;

    /// Decides whether a connection is refused because of its CONNECT, its peer or its listener.
    ///
    /// # Errors
    /// The reason of the refusal.
    fn connect(&self, _attempt: &ConnectAttempt<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    /// Finds out who the client is. The default implementation leaves the decision to the next hook. The time limit for
    /// CONNECT covers this phase.
    fn authenticate<'a>(&'a self, _attempt: &'a ConnectAttempt<'a>) -> Authenticating<'a> {
        Box::pin(std::future::ready(Ok(Identity::default())))
    }

    /// Decides whether a client may do something.
    ///
    /// # Errors
    /// The reason of the refusal.
    fn authorise(&self, _client: &ClientContext, _action: Action<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    /// Watches an accepted publish or will.
    fn publish(&self, _client: &ClientContext, _publication: Publication<'_>) {}

    /// Decides whether the session of `client` gets its copies of a publish.
    ///
    /// # Errors
    /// The reason why the copies are dropped.
    fn deliver(&self, _client: &ClientContext, _publication: Publication<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    /// Watches a new or replaced subscription.
    fn subscribe(&self, _client: &ClientContext, _filter: &SubscriptionFilter, _granted: &GrantedOptions) {}

    /// Watches the end of a connection.
    fn disconnect(&self, _client: &ClientContext, _end: &End) {}
}

/// The future of [`Hooks::authenticate`].
pub type Authenticating<'a> = Pin<Box<dyn Future<Output = Result<Identity, Refusal>> + Send + 'a>>;

/// A CONNECT that is not admitted yet.
#[derive(Clone, Copy, Debug)]
pub struct ConnectAttempt<'a> {
    /// The parameters in CONNECT, with user name and password.
    pub negotiated: &'a Negotiated,
    /// The other side of the network connection.
    pub peer: Option<&'a Peer>,
    /// The listener that accepted the connection.
    pub listener: &'a ListenerContext,
}

/// Who a client is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The authenticated client; if it is set, no further hook is called. `None` leaves the decision to the next hook;
    /// if no hook names the client, the client is refused. A hook that admits anonymous clients gives them a name.
    pub principal: Option<Box<Principal>>,
    /// The name of the client's tenant; `None` leaves the decision to the next hook, and finally selects the default
    /// tenant.
    pub tenant: Option<Box<str>>,
}

/// An action of a client that needs permission.
#[derive(Clone, Copy, Debug)]
pub enum Action<'a> {
    /// Publish to a topic. All messages of a batch have the same topic.
    Publish(Publication<'a>),
    /// Make a subscription.
    Subscribe(&'a SubscriptionFilter),
}

/// Messages of one topic that are published or delivered together.
#[derive(Clone, Copy, Debug)]
pub struct Publication<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The number of messages.
    pub count: u64,
    /// The highest QoS among the messages.
    pub qos: QoS,
    /// Whether one of the messages has RETAIN set. Always false in the deliver phase.
    pub retain: bool,
    /// Whether the message is the will of the client. Always false in the deliver phase.
    pub is_will: bool,
}

impl<'a> Publication<'a> {
    /// Describes one message, delivered with `qos`.
    pub(crate) fn of(message: &'a Message, qos: QoS) -> Self {
        Self { topic: message.topic(), count: 1, qos, retain: false, is_will: false }
    }
}
