//! The phases of a client's life, and the hooks that take part in them: authentication, access control, audit, tracing.

use std::future::Future;
use std::ops::BitOr;
use std::pin::Pin;
use std::sync::Arc;

use tidegate_limits::{Peer, Refusal};
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{Message, QoS};
use tidegate_session::{GrantedOptions, Negotiated};

use crate::context::{ClientContext, ListenerContext, Principal};
use crate::end::End;

/// Takes part in phases of a client's life.
///
/// | phase | called | may |
/// |---|---|---|
/// | [`Self::connect`] | when CONNECT is valid, before authentication | refuse |
/// | [`Self::authenticate`] | after `connect`; may wait | name the client and its tenant, or refuse |
/// | [`Self::authorise`] | before a publish, a will or a subscription | refuse |
/// | [`Self::publish`] | when a publish is accepted, before it is delivered | watch |
/// | [`Self::deliver`] | for each recipient of a publish | drop the copies |
/// | [`Self::subscribe`] | when a subscription is in effect | watch |
/// | [`Self::disconnect`] | when a connection has ended, once for each that was admitted | watch |
///
/// All methods except `authenticate` run on the cores that carry connections, `deliver` under the lock of a session.
/// They must neither wait nor call the broker.
pub trait Hooks: Send + Sync {
    /// Returns the phases in which this hook takes part. Asked once. The methods of other phases are never called.
    fn phases(&self) -> Phases;

    /// Refuses a connection by what CONNECT says and where it comes from.
    ///
    /// # Errors
    /// The reason of the refusal.
    fn connect(&self, _attempt: &ConnectAttempt<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    /// Finds out who the client is. The time limit for CONNECT covers this phase.
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
    /// The authenticated client; `None` leaves the decision to the next hook.
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
    /// Whether the message is the will of the client.
    pub is_will: bool,
}

impl<'a> Publication<'a> {
    /// Describes one message, delivered with `qos`.
    pub(crate) fn of(message: &'a Message, qos: QoS) -> Self {
        Self { topic: message.topic(), count: 1, qos, is_will: false }
    }
}

/// A set of phases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases(u8);

/// All hooks of a broker, in the order in which they are called. The first refusal counts.
#[derive(Default)]
pub(crate) struct HookChain {
    hooks: Vec<(Phases, Arc<dyn Hooks>)>,
    used: Phases,
}

impl Phases {
    /// The connect phase.
    pub const CONNECT: Self = Self(1);
    /// The authenticate phase.
    pub const AUTHENTICATE: Self = Self(1 << 1);
    /// The authorise phase.
    pub const AUTHORISE: Self = Self(1 << 2);
    /// The publish phase.
    pub const PUBLISH: Self = Self(1 << 3);
    /// The deliver phase.
    pub const DELIVER: Self = Self(1 << 4);
    /// The subscribe phase.
    pub const SUBSCRIBE: Self = Self(1 << 5);
    /// The disconnect phase.
    pub const DISCONNECT: Self = Self(1 << 6);
    /// All phases.
    pub const ALL: Self = Self(0x7f);

    /// Whether a phase of `other` is in this set.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Phases {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl HookChain {
    pub(crate) fn new(hooks: Vec<Arc<dyn Hooks>>) -> Self {
        let hooks: Vec<_> = hooks.into_iter().map(|hook| (hook.phases(), hook)).collect();
        let used = hooks.iter().fold(Phases::default(), |used, (phases, _)| used | *phases);
        Self { hooks, used }
    }

    /// Whether a hook takes part in one of these phases. Inlined, so that unused phases cost one test.
    #[inline]
    pub(crate) fn uses(&self, phases: Phases) -> bool {
        self.used.intersects(phases)
    }

    /// Returns the hooks that take part in one of these phases.
    pub(crate) fn of(&self, phase: Phases) -> impl Iterator<Item = &Arc<dyn Hooks>> {
        self.hooks.iter().filter(move |(phases, _)| phases.intersects(phase)).map(|(_, hook)| hook)
    }

    /// Runs the authorise and publish phases of a publish.
    #[cold]
    pub(crate) fn publish(
        &self,
        client: &ClientContext,
        publication: Publication<'_>,
    ) -> Result<(), Refusal> {
        self.authorise(client, Action::Publish(publication))?;
        self.of(Phases::PUBLISH).for_each(|hook| hook.publish(client, publication));
        Ok(())
    }

    /// Runs the authorise phase.
    #[cold]
    pub(crate) fn authorise(&self, client: &ClientContext, action: Action<'_>) -> Result<(), Refusal> {
        self.of(Phases::AUTHORISE).try_for_each(|hook| hook.authorise(client, action))
    }

    /// Runs the deliver phase.
    #[cold]
    pub(crate) fn deliver(
        &self,
        client: &ClientContext,
        publication: Publication<'_>,
    ) -> Result<(), Refusal> {
        self.of(Phases::DELIVER).try_for_each(|hook| hook.deliver(client, publication))
    }

    /// Runs the subscribe phase.
    pub(crate) fn subscribe(
        &self,
        client: &ClientContext,
        filter: &SubscriptionFilter,
        granted: &GrantedOptions,
    ) {
        self.of(Phases::SUBSCRIBE).for_each(|hook| hook.subscribe(client, filter, granted));
    }

    /// Runs the disconnect phase.
    pub(crate) fn disconnect(&self, client: &ClientContext, end: &End) {
        self.of(Phases::DISCONNECT).for_each(|hook| hook.disconnect(client, end));
    }
}
