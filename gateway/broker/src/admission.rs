//! Admits a client between CONNECT and the verb `connect`: runs the phases connect and authenticate, finds the client's
//! tenant, and checks that the store has room.

use std::sync::Arc;

use tidegate_limits::{Peer, Refusal, SessionInStore, StoreCondition};
use tidegate_mqtt::ReasonCode;
use tidegate_session::Negotiated;

use crate::broker::Broker;
use crate::context::{ClientContext, ListenerContext};
use crate::hooks::{ConnectAttempt, Identity, Phases};
use crate::session_handle::SessionKey;
use crate::tenant::{Tenant, TenantId};

impl Broker {
    /// Decides whether a client is admitted, and as whom. Waits only for hooks that authenticate; without such hooks,
    /// the returned future is ready at once. The caller must limit the time.
    ///
    /// # Errors
    /// The reason of the refusal; [`connack_reason`] converts it to the reason code for CONNACK.
    pub async fn admit(
        &self,
        negotiated: &Negotiated,
        listener: &Arc<ListenerContext>,
        peer: Option<Peer>,
    ) -> Result<Arc<ClientContext>, Refusal> {
        let attempt = ConnectAttempt { negotiated, peer: peer.as_ref(), listener };
        self.hooks.of(Phases::CONNECT).try_for_each(|hook| hook.connect(&attempt))?;
        let mut identity = Identity::default();
        for hook in self.hooks.of(Phases::AUTHENTICATE) {
            let Identity { principal, tenant } = hook.authenticate(&attempt).await?;
            identity.tenant = identity.tenant.or(tenant);
            if principal.is_some() {
                identity.principal = principal;
                break;
            }
        }
        // Fail closed: hooks that authenticate exist, but none knows the client.
        if identity.principal.is_none() && self.hooks.uses(Phases::AUTHENTICATE) {
            return Err(Refusal::BadCredentials);
        }
        let Identity { principal, tenant } = identity;
        let tenant = self.tenant_named(tenant.as_deref())?;
        let client_id = Arc::clone(&negotiated.client_id);
        let context = ClientContext { tenant, client_id, principal, peer, listener: Arc::clone(listener) };
        self.check_store(negotiated, &context)?;
        Ok(Arc::new(context))
    }

    /// Returns the id of the tenant with this name, or of the default tenant if there is no name. Creates a tenant that
    /// does not exist.
    fn tenant_named(&self, name: Option<&str>) -> Result<TenantId, Refusal> {
        match name {
            None => Ok(self.tenant().id()),
            Some(name) => self.tenants.get_or_create(name).map(|tenant| tenant.id()),
        }
    }

    /// Refuses a connection because of the store: it failed, or it has no room to record a new session or the end of an
    /// existing one.
    fn check_store(&self, negotiated: &Negotiated, context: &ClientContext) -> Result<(), Refusal> {
        let condition = self.durability.condition();
        if condition == StoreCondition::Working {
            return Ok(());
        }
        let handle = self.sessions.registry().get(&self.session_key(negotiated, context));
        let session = SessionInStore {
            is_stored: handle.is_some_and(|handle| handle.lock().session.is_persistent()),
            is_to_store: negotiated.session_expiry > 0,
            clean_start: negotiated.clean_start,
        };
        condition.admit_connection(session).refusal().map_or(Ok(()), Err)
    }

    /// Returns the context of a restored session, until its client connects again. If hooks decide about publishes,
    /// wills or deliveries, the context names the client; otherwise all restored sessions of a tenant share one
    /// context.
    pub(crate) fn restored_context(&self, tenant: &Tenant, key: &SessionKey) -> Arc<ClientContext> {
        let internal = tenant.internal_context();
        if !self.hooks.uses(Phases::AUTHORISE | Phases::PUBLISH | Phases::DELIVER) {
            return Arc::clone(internal);
        }
        Arc::new(ClientContext {
            tenant: tenant.id(),
            client_id: Arc::clone(&key.client_id),
            principal: None,
            peer: None,
            listener: Arc::clone(&internal.listener),
        })
    }

    /// Returns the key of the session of a client.
    pub(crate) fn session_key(&self, negotiated: &Negotiated, context: &ClientContext) -> SessionKey {
        let tenant = Arc::clone(self.tenant_of_client(context).name());
        SessionKey { tenant, client_id: Arc::clone(&negotiated.client_id) }
    }
}

/// Returns the reason code of the CONNACK that refuses a client `[MQTT5-3.2.2-7]`.
#[must_use]
pub fn connack_reason(refusal: Refusal) -> ReasonCode {
    match refusal {
        Refusal::BadCredentials => ReasonCode::BadUserNameOrPassword,
        Refusal::NotAuthorized => ReasonCode::NotAuthorized,
        Refusal::Banned => ReasonCode::Banned,
        Refusal::RateExceeded => ReasonCode::ConnectionRateExceeded,
        Refusal::QuotaExceeded | Refusal::StoreFull => ReasonCode::QuotaExceeded,
        _ => ReasonCode::ServerUnavailable,
    }
}
