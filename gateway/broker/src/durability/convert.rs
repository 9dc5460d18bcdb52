//! Converts the changes of a session to operations of the store.

use std::sync::Arc;

use tidegate_mqtt::{PacketId, ProtocolVersion};
use tidegate_persistence::{
    Clock, EntryKey, EntryRecord, EntryState, MessageId, Operation, SessionId, SessionRecord, SessionState,
};
use tidegate_session::{Change, Queued, Session, SessionMetadata};

use crate::session_handle::SessionHandle;

/// Appends the operations for one change to `operations`, in order.
pub(super) fn change_to_operations(
    clock: &Clock,
    handle: &SessionHandle,
    session: &Session,
    change: Change,
    operations: &mut Vec<Operation>,
) {
    let id = SessionId(handle.id());
    let key = |message_id| EntryKey { session: id, message: MessageId(message_id), ordinal: 0 };
    let operation = match change {
        Change::Created => {
            operations.push(Operation::CloseSession { session: id });
            open(clock, handle, session)
        }
        Change::MetadataChanged => open(clock, handle, session),
        Change::Ended => Operation::CloseSession { session: id },
        Change::Queued(queued, sent) => enqueue(clock, key(queued.message_id), queued, sent),
        Change::Sent { message_id, packet_id } => Operation::Send { key: key(message_id), packet_id },
        Change::Released { message_id, packet_id, order } => {
            Operation::Release { key: key(message_id), packet_id, order: order.into() }
        }
        Change::Completed { message_id } => Operation::Complete { key: key(message_id) },
        Change::Received(packet_id) => Operation::Receive { session: id, packet_id },
        Change::ReceivedReleased(packet_id) => Operation::ReleaseReceived { session: id, packet_id },
        _ => unreachable!("every kind of change is converted"),
    };
    operations.push(operation);
}

fn enqueue(clock: &Clock, key: EntryKey, queued: Queued, sent: Option<PacketId>) -> Operation {
    let Queued { message, qos, retain, subscription_identifiers, shared_filter, .. } = queued;
    let expires_at = message.expires_at().map(|at| clock.store_time(at));
    let state = sent.map_or(EntryState::Queued, |packet_id| EntryState::Sent { packet_id });
    let record = EntryRecord { qos, retain, subscription_identifiers, shared_filter, state };
    Operation::Enqueue { key, message, expires_at, record }
}

/// Returns the operation that stores a session's current metadata.
pub(super) fn open(clock: &Clock, handle: &SessionHandle, session: &Session) -> Operation {
    let SessionMetadata { session_expiry, will, will_at, expires_at, attached } = session.metadata();
    let state = if attached {
        SessionState::Attached
    } else {
        let stored = |at| clock.store_time(at);
        SessionState::Waiting { will_at: will_at.map(stored), ends_at: expires_at.map(stored) }
    };
    let record = SessionRecord {
        tenant: Arc::clone(&handle.key().tenant),
        client_id: Arc::clone(&handle.key().client_id),
        version: session.version().unwrap_or(ProtocolVersion::V5),
        session_expiry,
        state,
        will: will.map(Box::new),
    };
    Operation::OpenSession { session: SessionId(handle.id()), record: Box::new(record) }
}
