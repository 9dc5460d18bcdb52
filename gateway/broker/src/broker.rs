//! The broker, which consists of tenants, sessions, delivery and durability. Each part owns its fields; the verbs are
//! in the files of the parts.

use std::sync::Arc;
use std::time::Instant;

use tidegate_persistence::Commit;
use tidegate_routing::RetainedStore;

use crate::config::BrokerConfig;
use crate::context::ClientContext;
use crate::delivery::Delivery;
use crate::durability::{Durability, SessionStore};
use crate::end::End;
use crate::fabric::{Fabric, LocalFabric};
use crate::hooks::{HookChain, Hooks};
use crate::registry::Registry;
use crate::session_guard::SessionGuard;
use crate::session_handle::{Ownership, SessionHandle};
use crate::sessions::Sessions;
use crate::sinks::Sinks;
use crate::tenant::{Tenant, TenantId, Tenants};

/// The state that all connections share. See the crate's documentation for its verbs.
///
/// # Examples
///
/// One client subscribes and publishes to itself. There are no sockets; the caller passes bytes in and takes bytes out:
/// ```
/// use std::sync::Arc;
/// use std::time::Instant;
///
/// use tidegate_broker::{
///     Broker, BrokerConfig, ClientConnection, ConnectStep, CoreId, CoreCounters, LinkFacts, Workspace,
/// };
/// # use tidegate_mqtt::topic::{SubscriptionFilter, TopicError};
/// use tidegate_mqtt::{Connect, Packet, ProtocolVersion, Publish};
/// # use tidegate_mqtt::{PacketId, QoS, Subscribe, SubscribeEntry, SubscriptionOptions, UserProperties};
///
/// let (now, version) = (Instant::now(), ProtocolVersion::V5);
/// let broker = Arc::new(Broker::new(BrokerConfig::default(), None, now));
/// let mut workspace = Workspace::new(Arc::new(CoreCounters::new(1)), 1);
/// let mut turn = workspace.turn(now, BrokerConfig::TURN_BUDGET);
///
/// let client = Arc::clone(broker.tenant().internal_context());
/// let step = broker.begin_connect(&client.listener).connect(Connect::new(version, "sensor-7"), String::new);
/// let ConnectStep::Accept(negotiated) = step else { panic!("refused") };
/// let facts = LinkFacts { core: CoreId(0), writer: None, heartbeat: None };
/// let receipt = broker.connect(&mut turn, &negotiated, &client, facts).unwrap();
/// let mut connection = ClientConnection::new(Arc::clone(&broker), receipt);
///
/// # let filter = Ok(SubscriptionFilter::parse("rooms/#")?);
/// # let filters = vec![SubscribeEntry { filter, options: SubscriptionOptions::with_qos(QoS::AtMostOnce) }];
/// # let user_properties = UserProperties::new();
/// # let subscribe = Subscribe { packet_id: PacketId::MIN, identifier: None, user_properties, filters };
/// let mut input = Vec::new();
/// Packet::from(subscribe).encode(version, &mut input).unwrap(); // to `rooms/#`
/// Packet::from(Publish::new("rooms/1/temperature", "21.5")).encode(version, &mut input).unwrap();
/// let received = connection.receive(&mut turn, &input).unwrap();
/// assert_eq!(received.used, input.len());
///
/// // CONNACK, SUBACK and PUBLISH wait to be written to the client.
/// let mut output = Vec::new();
/// connection.take_output(&mut turn, Vec::new).unwrap().unwrap().copy_to(&mut output);
/// assert!(output.ends_with(b"21.5"));
/// # Ok::<(), TopicError>(())
/// ```
pub struct Broker {
    config: BrokerConfig,
    pub(crate) tenants: Tenants,
    pub(crate) hooks: HookChain,
    pub(crate) sessions: Sessions,
    pub(crate) delivery: Delivery,
    pub(crate) durability: Durability,
    pub(crate) sinks: Sinks,
    pub(crate) fabric: Arc<dyn Fabric>,
}

impl Broker {
    /// Creates a broker without sessions. `now` is the current time of the caller's clock. If there is a store,
    /// [`Broker::restore`] then restores its content.
    #[must_use]
    pub fn new(config: BrokerConfig, store: Option<SessionStore>, now: Instant) -> Self {
        let durability = Durability::new(store);
        Self {
            tenants: Tenants::new(config.tenants_max, tenant_factory(&config, &durability)),
            hooks: HookChain::default(),
            sessions: Sessions::new(now),
            delivery: Delivery::new(config.routing.shared_strategy),
            durability,
            sinks: Sinks::default(),
            fabric: Arc::new(LocalFabric),
            config,
        }
    }

    /// Adds hooks, which are called in this order in the phases in which they take part.
    #[must_use]
    pub fn with_hooks(self, hooks: Vec<Arc<dyn Hooks>>) -> Self {
        Self { hooks: HookChain::new(hooks), ..self }
    }

    /// Replaces the fabric, which carries messages to other nodes. A broker begins with [`LocalFabric`].
    #[must_use]
    pub fn with_fabric(self, fabric: Arc<dyn Fabric>) -> Self {
        Self { fabric, ..self }
    }

    /// Returns the settings.
    #[must_use]
    pub fn config(&self) -> &BrokerConfig {
        &self.config
    }

    /// Returns the registry of all sessions.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        self.sessions.registry()
    }

    /// Returns the part of the broker that stores its state.
    #[must_use]
    pub fn durability(&self) -> &Durability {
        &self.durability
    }

    /// Returns the tenant of clients that no rule assigns to another.
    #[must_use]
    pub fn tenant(&self) -> &Arc<Tenant> {
        self.tenants.default_tenant()
    }

    /// Returns all tenants, in the order of their creation.
    pub fn tenants(&self) -> impl Iterator<Item = &Arc<Tenant>> + Clone {
        self.tenants.iter()
    }

    /// Returns the tenant with this name, if it exists.
    #[must_use]
    pub fn find_tenant(&self, name: &str) -> Option<&Arc<Tenant>> {
        self.tenants.find(name)
    }

    /// Returns the tenant of a client.
    #[must_use]
    pub fn tenant_of_client(&self, client: &ClientContext) -> &Arc<Tenant> {
        self.tenants.get(client.tenant)
    }

    /// Returns the connection to other nodes.
    pub(crate) fn fabric(&self) -> &dyn Fabric {
        &*self.fabric
    }

    /// Returns the tenant of a session.
    pub(crate) fn tenant_of(&self, handle: &SessionHandle) -> &Arc<Tenant> {
        self.tenants.get(handle.tenant())
    }

    /// Returns the last commit that the store has reached. Without a store, every commit counts as reached.
    #[must_use]
    pub fn latest_commit(&self) -> Commit {
        self.durability.latest_commit()
    }

    /// Locks a session to change it.
    pub(crate) fn guard<'a>(&'a self, handle: &'a Arc<SessionHandle>) -> SessionGuard<'a> {
        SessionGuard::new(handle, &self.durability, handle.lock())
    }

    /// Locks a session on behalf of its connection.
    ///
    /// Invariant: a connection changes its session only through this guard.
    ///
    /// # Errors
    /// When another connection took the session over `[MQTT5-3.1.4-3]`.
    pub(crate) fn own<'a>(&'a self, owner: &'a Ownership) -> Result<SessionGuard<'a>, End> {
        let state = owner.lock()?;
        Ok(SessionGuard::new(&owner.handle, &self.durability, state))
    }
}

/// Returns the function that creates tenants.
fn tenant_factory(
    config: &BrokerConfig,
    durability: &Durability,
) -> impl Fn(TenantId, Arc<str>) -> Tenant + Send + Sync + 'static {
    let (routing, retained, limits) =
        (config.routing.clone(), config.retained.clone(), Arc::clone(&config.session));
    let forget = durability.store().map(SessionStore::retained_expiry_handler);
    move |id, name| {
        let retained = RetainedStore::new(retained.clone());
        let retained = match forget.clone() {
            Some(forget) => {
                let name = Arc::clone(&name);
                retained.with_expiry_handler(move |message| forget(&name, message))
            }
            None => retained,
        };
        Tenant::new(id, name, routing.clone(), retained, Arc::clone(&limits))
    }
}
