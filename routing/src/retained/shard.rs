//! One ordered map.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidegate_mqtt::Message;

use super::key::Key;

/// Topics in the order of their levels.
pub(super) type Shard = BTreeMap<Key, Arc<Message>>;
