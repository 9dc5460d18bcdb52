//! Removes the subscriptions of sessions from the routing table.

use tidegate_mqtt::topic::SubscriptionFilter;

use crate::session_handle::{SessionHandle, State};
use crate::tenant::Tenant;

/// Removes the subscriptions of a session that ended from the routing table, and drops its replays.
pub(super) fn forget_subscriptions(tenant: &Tenant, handle: &SessionHandle, state: &mut State) {
    state.replays = None;
    let filters: Vec<_> = state.session.subscriptions().map(|(filter, _)| filter).collect();
    unsubscribe_all(tenant, handle, &filters);
}

pub(super) fn unsubscribe_all(tenant: &Tenant, handle: &SessionHandle, filters: &[SubscriptionFilter]) {
    for filter in filters {
        tenant.router.unsubscribe(filter, handle.id());
    }
}
