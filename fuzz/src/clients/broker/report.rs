//! What the broker decided where MQTT leaves it a choice, so that the model need not guess: it checks instead.

use std::sync::Arc;

use tidegate_mqtt::Message;

/// A decision, at the moment it took effect.
#[derive(Clone, Debug)]
pub(in crate::clients) enum Report {
    /// The will of this client is published.
    Will(Arc<str>),
    /// The session of this client has expired.
    Ended(Arc<str>),
    /// A message went to one member of a shared subscription's group.
    Shared(Group),
}

/// The way of one message in one group.
#[derive(Clone, Debug)]
pub(in crate::clients) struct Group {
    /// The text of the shared filter.
    pub(in crate::clients) share: Arc<str>,
    /// The message.
    pub(in crate::clients) message: Arc<Message>,
    /// When it expires, in milliseconds since the beginning.
    pub(in crate::clients) expires_at: Option<u64>,
    /// Whose session got it; none without a member.
    pub(in crate::clients) member: Option<Arc<str>>,
}
