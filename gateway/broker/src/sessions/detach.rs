//! The verb `disconnect`: detaches a connection from its session, which continues to exist or ends.

use std::sync::Arc;

use tidegate_session::{Cause, Traffic};

use crate::broker::Broker;
use crate::receipt::Receipt;
use crate::session_handle::Ownership;
use crate::turn::Turn;

use super::SideEffects;
use super::output::take_output;
use super::subscriptions::forget_subscriptions;

impl Broker {
    /// Detaches a connection that ended from its session. Appends the bytes that the connection still has to write to
    /// `rest`. The outcome is the traffic that was sent on the connection. The end of the connection, its will and, if
    /// the session ends too, the end of the session are stored together.
    pub fn disconnect(
        &self,
        turn: &mut Turn<'_>,
        owner: &Ownership,
        cause: Cause,
        rest: &mut Vec<u8>,
    ) -> Receipt<Traffic> {
        let _atomic = self.durability.atomic_scope();
        let handle = &owner.handle;
        turn.count_for(handle.tenant());
        let mut guard = self.guard(handle);
        let Some(detached) = guard.session.detach(owner.epoch, cause, turn.now) else {
            return Receipt::new(Traffic::default(), guard.finish(turn));
        };
        take_output(&mut guard, rest);
        let sent = guard.session.sent();
        guard.connection = None;
        handle.set_online(false);
        let effects = SideEffects {
            will: detached.will.map(|will| (will, Arc::clone(&guard.context))),
            unacknowledged: detached.unacknowledged,
            session_ended: detached.session_ended,
        };
        if effects.session_ended {
            forget_subscriptions(self.tenant_of(handle), handle, &mut guard);
        } else {
            self.schedule(turn, handle, &mut guard);
        }
        let commit = self.finish_change(turn, guard, effects.session_ended);
        Receipt::new(sent, commit.max(self.apply_side_effects(turn, handle, effects)))
    }
}
