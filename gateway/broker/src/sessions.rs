//! The sessions and their connections: attaching and detaching connections, and the timeouts and the end of sessions.

mod attach;
mod detach;
mod ended;
mod housekeeping;
mod output;
mod schedule;
mod stop;
mod subscriptions;
mod timeout;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use tidegate_mqtt::Will;
use tidegate_persistence::Commit;
use tidegate_session::{Session, Unacknowledged};

pub use attach::{Attachment, LinkFacts};
pub use stop::StopReport;

use crate::broker::Broker;
use crate::context::ClientContext;
use crate::durability::Durability;
use crate::registry::{HashedKey, Registry};
use crate::session_guard::SessionGuard;
use crate::session_handle::SessionHandle;
use crate::timer_queue::TimerGrid;
use crate::turn::Turn;

use ended::EndedSessions;

/// All sessions.
pub(crate) struct Sessions {
    registry: Registry,
    timers: TimerGrid,
    /// Sessions whose end is not committed yet.
    ended: EndedSessions,
    /// The next session id, if there is no store that assigns ids.
    ids: AtomicU64,
    /// The next number of [`Self::next_sequence`].
    sequence: AtomicU64,
    stopping: AtomicBool,
}

/// The side effects of attaching, detaching or ending a session, which are carried out after its lock was released.
#[derive(Default)]
struct SideEffects {
    /// The will to publish, with the client whose will it is.
    will: Option<(Will, Arc<ClientContext>)>,
    /// Messages of shared subscriptions that the session left unacknowledged, for other members of their groups.
    unacknowledged: Vec<Unacknowledged>,
    session_ended: bool,
}

impl Sessions {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            registry: Registry::default(),
            timers: TimerGrid::new(now),
            ended: EndedSessions::default(),
            ids: AtomicU64::new(1),
            sequence: AtomicU64::new(1),
            stopping: AtomicBool::new(false),
        }
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Returns a number greater than all numbers returned before. These numbers order the beginnings of sessions and of
    /// publishes that take several turns.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::Relaxed)
    }

    /// Creates a session without state under a new id.
    fn create(
        &self,
        durability: &Durability,
        key: HashedKey,
        context: &Arc<ClientContext>,
    ) -> Arc<SessionHandle> {
        let id = match durability.store() {
            Some(store) => store.next_session_id(),
            None => self.ids.fetch_add(1, Ordering::Relaxed),
        };
        let session = Session::new(id, Arc::clone(&context.listener.limits));
        Arc::new(SessionHandle::new(key, Arc::clone(context), session))
    }
}

impl Broker {
    /// Finishes a guard after its session was detached or timed out, and returns the commit that covers the change. If
    /// the session has ended, this commit is recorded while the session is still locked, because a later CONNACK
    /// without Session Present must wait for it.
    fn finish_change(&self, turn: &mut Turn<'_>, mut guard: SessionGuard<'_>, has_ended: bool) -> Commit {
        let commit = guard.save(turn, None).max(guard.stored_at_commit);
        if has_ended {
            guard.stored_at_commit = commit;
            self.sessions.ended.note(guard.handle().key(), commit, self.latest_commit());
        }
        commit.max(guard.finish(turn))
    }

    /// Carries out the side effects of a change, and returns the commit that covers them.
    fn apply_side_effects(
        &self,
        turn: &mut Turn<'_>,
        handle: &Arc<SessionHandle>,
        effects: SideEffects,
    ) -> Commit {
        if effects.session_ended {
            self.sessions.registry.remove_if(handle, |handle| handle.lock().connection.is_none());
        }
        let mut commit = Commit(0);
        if let Some((will, client)) = effects.will {
            commit = self.publish_will(turn, handle, &client, &will);
        }
        for message in effects.unacknowledged {
            commit = commit.max(self.redispatch(turn, handle, &message));
        }
        commit
    }
}
