//! Frees memory that no other operation frees: expired messages in the queues of sessions without a connection.

use crate::broker::Broker;
use crate::turn::Turn;

impl Broker {
    /// Drops expired messages from the queues of sessions without a connection, in the shards of the registry from
    /// `shard` on, until the budget is spent. Returns the shard to continue with; `None` after the last shard.
    pub fn sweep_sessions(&self, turn: &mut Turn<'_>, shard: usize) -> Option<usize> {
        for shard in shard.. {
            let handles = self.sessions.registry.sessions_of_shard(shard)?;
            for handle in &handles {
                let mut guard = self.guard(handle);
                if guard.connection.is_none() {
                    guard.session.sweep(turn.now);
                }
                let _ = guard.finish(turn);
                turn.budget.charge(1);
            }
            if turn.budget.is_spent() {
                return Some(shard + 1);
            }
        }
        None
    }
}
