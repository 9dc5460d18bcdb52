//! One ordered map of retained messages.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidegate_mqtt::Message;

use super::key::Key;

/// The retained messages of one shard, ordered by topic level by level.
pub(super) type Shard = BTreeMap<Key, Arc<Message>>;
