//! Lists that are empty between uses and keep their memory, because allocating them again for each read would cost more
//! than filling them.

use std::sync::Arc;

use tidegate_mqtt::Message;
use tidegate_persistence::Operation;
use tidegate_session::Change;

use crate::connection::ReadBatchLists;

/// The lists of one core whose memory is reused.
#[derive(Default)]
pub struct Scratch {
    /// The messages decoded from frames, for subscribers that cannot take the frames.
    pub(crate) messages: Vec<Arc<Message>>,
    /// The lists of a read batch; `None` while a read uses them.
    pub(crate) read_batch: Option<ReadBatchLists>,
    /// The changes of a session that are being passed to the store.
    pub(crate) changes: Vec<Change>,
    /// The store operations made from these changes.
    pub(crate) operations: Vec<Operation>,
}

impl Scratch {
    /// Empties `changes` and `operations`. The two lists keep their memory, up to a limit.
    pub(crate) fn recycle_changes(&mut self) {
        // If the store refused the operations, they are still in the list.
        self.operations.clear();
        self.changes.clear();
        if self.operations.capacity() > OPERATIONS_KEPT_MAX {
            self.operations = Vec::new();
            self.changes = Vec::new();
        }
    }
}

/// Maximum number of operations for which an emptied list keeps its memory. A longer list is freed, so that one large
/// publish does not hold memory for ever.
const OPERATIONS_KEPT_MAX: usize = 4096;
