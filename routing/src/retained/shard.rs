//! One ordered map of retained messages.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidegate_mqtt::Message;

use super::key::Key;

/// The messages by topic, in the order of the levels.
pub(super) type Shard = BTreeMap<Key, Arc<Message>>;
