//! Lists that are empty between uses and keep their memory: to grow them anew for each read would cost more than what is
//! put in them.

use std::sync::Arc;

use tidegate_mqtt::Message;
use tidegate_persistence::Operation;
use tidegate_session::Change;

use crate::connection::ReadBatchLists;

/// A core's lists for reuse.
#[derive(Default)]
pub struct Scratch {
    /// For frames that some subscriber takes as messages.
    pub(crate) messages: Vec<Arc<Message>>,
    /// For what one read brings. `None` while a read uses them, so that nothing is dropped when they come back.
    pub(crate) read_batch: Option<ReadBatchLists>,
    /// For a session's changes on their way to the store.
    pub(crate) changes: Vec<Change>,
    /// For the operations they become.
    pub(crate) operations: Vec<Operation>,
}

impl Scratch {
    /// Empties the lists of a session's changes; keeps their memory, within bounds.
    pub(crate) fn recycle_changes(&mut self) {
        // A store that refused left the operations as they were.
        self.operations.clear();
        self.changes.clear();
        if self.operations.capacity() > OPERATIONS_KEPT_MAX {
            self.operations = Vec::new();
            self.changes = Vec::new();
        }
    }
}

/// Operations whose memory a core keeps.
const OPERATIONS_KEPT_MAX: usize = 4096;
