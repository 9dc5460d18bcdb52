//! The verb `disconnect`: a connection goes, its session stays or ends.

use tidegate_session::Cause;

use crate::broker::Broker;
use crate::receipt::Receipt;
use crate::session_handle::Ownership;
use crate::turn::Turn;

use super::SideEffects;
use super::output::take_output;
use super::subscriptions::forget_subscriptions;

impl Broker {
    /// Takes the session from a connection that ended. What the connection still had to write is appended to `rest`. The end of
    /// the connection, its will, and what becomes of the session are stored together.
    pub fn disconnect(
        &self,
        turn: &mut Turn<'_>,
        owner: &Ownership,
        cause: Cause,
        rest: &mut Vec<u8>,
    ) -> Receipt<()> {
        let _atomic = self.durability.atomic_scope();
        let handle = &owner.handle;
        let mut guard = self.guard(handle);
        let Some(detached) = guard.session.detach(owner.epoch, cause, turn.now) else {
            return Receipt::new((), guard.finish(turn));
        };
        take_output(&mut guard, rest);
        guard.connection = None;
        handle.set_online(false);
        let effects = SideEffects {
            will: detached.will,
            unacknowledged: detached.unacknowledged,
            ended: detached.ended,
        };
        if effects.ended {
            forget_subscriptions(self.tenant_of(handle), handle, &mut guard);
        } else {
            self.schedule(turn, handle, &mut guard);
        }
        let commit = self.finish_change(turn, guard, effects.ended);
        Receipt::new((), commit.max(self.apply_side_effects(turn, handle, effects)))
    }
}
