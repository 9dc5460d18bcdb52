//! The verbs `subscribe` and `unsubscribe`. Each call handles one filter, and changes the session, the routing table
//! and the store together, or none of them.

use std::num::NonZeroU32;
use std::sync::Arc;

use tidegate_limits::{Decision, Refusal};
use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{ReasonCode, RetainHandling};
use tidegate_persistence::Commit;
use tidegate_routing::{Grant, SubscribeError};
use tidegate_session::GrantedOptions;

use crate::broker::Broker;
use crate::end::End;
use crate::hooks::Action;
use crate::receipt::Receipt;
use crate::session_handle::{Ownership, SessionHandle, State};
use crate::subscriber::Subscriber;
use crate::turn::Turn;

/// The result of one entry of a SUBSCRIBE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subscribed {
    /// The subscription is in effect.
    Granted {
        /// Whether retained messages follow, see [`Broker::replay`].
        has_retained: bool,
    },
    /// The subscription exceeds a limit, which the reason code names.
    Refused(ReasonCode),
}

impl Broker {
    /// Makes a subscription, or replaces the subscription with the same filter. The subscription is in effect when this
    /// function returns.
    ///
    /// # Errors
    /// When another connection took the session over.
    pub fn subscribe(
        &self,
        turn: &mut Turn<'_>,
        owner: &Ownership,
        filter: &SubscriptionFilter,
        granted: &GrantedOptions,
    ) -> Result<Receipt<Subscribed>, End> {
        turn.budget.charge(1);
        let mut session = self.own(owner)?;
        if let Err(refusal) = self.hooks.authorise(&session.context, Action::Subscribe(filter)) {
            turn.counters.refused_unauthorized.add(1);
            let refused = Subscribed::Refused(subscribe_reason(refusal));
            return Ok(Receipt::new(refused, session.finish(turn)));
        }
        let added = self.add_subscription(turn, &owner.handle, &mut session, filter, granted);
        let (outcome, commit) = match added {
            Err(reason) => (Subscribed::Refused(reason), Commit(0)),
            Ok(Receipt { outcome: existed, commit }) => {
                self.hooks.subscribe(&session.context, filter, granted);
                let has_retained = self.begin_replay(&owner.handle, &mut session, filter, granted, existed);
                (Subscribed::Granted { has_retained }, commit)
            }
        };
        Ok(Receipt::new(outcome, commit.max(session.finish(turn))))
    }

    /// Removes a subscription; the outcome is whether it existed. Deliveries that have begun are completed
    /// `[MQTT5-3.10.4-3]`.
    ///
    /// # Errors
    /// When another connection took the session over.
    pub fn unsubscribe(
        &self,
        turn: &mut Turn<'_>,
        owner: &Ownership,
        filter: &SubscriptionFilter,
    ) -> Result<Receipt<bool>, End> {
        turn.budget.charge(1);
        let mut session = self.own(owner)?;
        let existed = session.session.unsubscribe(filter);
        self.tenant_of(&owner.handle).router.unsubscribe(filter, owner.handle.id());
        let mut commit = Commit(0);
        if let Some(store) = self.durability.store().filter(|_| existed && session.session.is_persistent()) {
            commit = store.unsubscribe(turn, &owner.handle, filter);
        }
        if let Some(replays) = &mut session.replays {
            replays.cancel(filter);
        }
        Ok(Receipt::new(existed, commit.max(session.finish(turn))))
    }

    /// Adds a subscription to the session, the routing table and the store, or to none of them. The outcome is whether
    /// the session already had a subscription with this filter.
    fn add_subscription(
        &self,
        turn: &mut Turn<'_>,
        handle: &Arc<SessionHandle>,
        state: &mut State,
        filter: &SubscriptionFilter,
        granted: &GrantedOptions,
    ) -> Result<Receipt<bool>, ReasonCode> {
        let store = self.durability.store().filter(|_| state.session.is_persistent());
        if store.is_some() && self.durability.condition().admit_data() != Decision::Admit {
            turn.counters.refused_store.add(1);
            return Err(ReasonCode::QuotaExceeded);
        }
        let existed = state.session.subscribe(filter.clone(), granted.options, granted.identifier);
        let existed = existed.map_err(|_| ReasonCode::QuotaExceeded)?;
        if let Err(error) = self.route(handle, filter, granted) {
            state.session.unsubscribe(filter);
            return Err(error.reason());
        }
        let commit = store.map_or(Commit(0), |store| store.subscribe(turn, handle, filter, granted));
        Ok(Receipt::new(existed, commit))
    }

    /// Puts a subscription into the routing table.
    pub(crate) fn route(
        &self,
        handle: &Arc<SessionHandle>,
        filter: &SubscriptionFilter,
        granted: &GrantedOptions,
    ) -> Result<(), SubscribeError> {
        let grant = Grant {
            qos: granted.options.qos,
            no_local: granted.options.no_local,
            retain_as_published: granted.options.retain_as_published,
            identifier: granted.identifier.and_then(NonZeroU32::new),
        };
        let subscriber = Subscriber::Session(Arc::clone(handle));
        self.tenant_of(handle).router.subscribe(filter, subscriber, grant).map(|_| ())
    }

    /// Begins a replay if the SUBSCRIBE requests retained messages and some may match, and returns whether it does. If
    /// a replay of an earlier SUBSCRIBE to the same filter is still running, it continues with the new options, or ends
    /// if the new SUBSCRIBE requests retained messages and none match.
    fn begin_replay(
        &self,
        handle: &SessionHandle,
        state: &mut State,
        filter: &SubscriptionFilter,
        granted: &GrantedOptions,
        existed: bool,
    ) -> bool {
        let is_wanted = is_replay_wanted(granted.options.retain_handling, existed) && filter.share.is_none();
        // Most new subscriptions match no retained message, and need no replay.
        if is_wanted && self.tenant_of(handle).retained.may_match(&filter.filter) {
            state.replays.get_or_insert_default().begin(filter, granted);
            return true;
        }
        if let Some(replays) = state.replays.as_mut().filter(|_| existed) {
            if is_wanted { replays.cancel(filter) } else { replays.alter(filter, granted) }
        }
        false
    }
}

/// Returns the reason code of a refused entry of a SUBSCRIBE.
fn subscribe_reason(refusal: Refusal) -> ReasonCode {
    match refusal {
        Refusal::QuotaExceeded | Refusal::RateExceeded | Refusal::StoreFull => ReasonCode::QuotaExceeded,
        Refusal::Unavailable | Refusal::StoreFailed => ReasonCode::UnspecifiedError,
        _ => ReasonCode::NotAuthorized,
    }
}

/// Whether a SUBSCRIBE requests retained messages `[MQTT5-3.3.1-9]` `[MQTT5-3.3.1-10]` `[MQTT5-3.3.1-11]`. Shared
/// subscriptions, which never get any `[MQTT5-4.8.2]`, must be checked by the caller.
fn is_replay_wanted(handling: RetainHandling, existed: bool) -> bool {
    match handling {
        RetainHandling::Send => true,
        RetainHandling::SendIfNew => !existed,
        RetainHandling::Never => false,
    }
}
