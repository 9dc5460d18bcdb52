//! Combines the settings for all listeners with those of one listener: the stricter setting applies.

use super::{Config, ListenerSession};

impl Config {
    /// Returns these settings, each replaced by the setting of `listener` if that is stricter: the lower number, the
    /// capability that is not available, the stricter rule for client identifiers, and of the overflow policies the one
    /// that comes last in [`super::Overflow`]. The Response Information of `listener` replaces the general one.
    #[must_use]
    pub fn restricted_by(&self, listener: &ListenerSession) -> Self {
        Self {
            session_expiry_max: listener.session_expiry_max.restrict(&self.session_expiry_max, Ord::min),
            receive_maximum: listener.receive_maximum.restrict(&self.receive_maximum, Ord::min),
            packet_size_max: listener.packet_size_max.restrict(&self.packet_size_max, Ord::min),
            topic_alias_maximum: listener.topic_alias_maximum.restrict(&self.topic_alias_maximum, Ord::min),
            outgoing_alias_max: listener.outgoing_alias_max.restrict(&self.outgoing_alias_max, Ord::min),
            qos_max: listener.qos_max.restrict(&self.qos_max, Ord::min),
            retain_available: listener.retain_available.restrict(&self.retain_available, Ord::min),
            wildcard_available: listener.wildcard_available.restrict(&self.wildcard_available, Ord::min),
            identifier_available: listener
                .identifier_available
                .restrict(&self.identifier_available, Ord::min),
            shared_available: listener.shared_available.restrict(&self.shared_available, Ord::min),
            keep_alive_max: listener.keep_alive_max.restrict(&self.keep_alive_max, lower_keep_alive),
            inflight_max: listener.inflight_max.restrict(&self.inflight_max, Ord::min),
            queue_len_max: listener.queue_len_max.restrict(&self.queue_len_max, Ord::min),
            queue_bytes_max: listener.queue_bytes_max.restrict(&self.queue_bytes_max, Ord::min),
            overflow: listener.overflow.restrict(&self.overflow, Ord::max),
            pending_bytes_high: listener.pending_bytes_high.restrict(&self.pending_bytes_high, Ord::min),
            pending_bytes_max: listener.pending_bytes_max.restrict(&self.pending_bytes_max, Ord::min),
            client_id_len_max: listener.client_id_len_max.restrict(&self.client_id_len_max, Ord::min),
            client_id_strict: listener.client_id_strict.restrict(&self.client_id_strict, Ord::max),
            response_information: listener
                .response_information
                .restrict(&self.response_information, |_, own| own),
            subscriptions_max: listener.subscriptions_max.restrict(&self.subscriptions_max, Ord::min),
            ack_queue_len_max: listener.ack_queue_len_max.restrict(&self.ack_queue_len_max, Ord::min),
            close_timeout: listener.close_timeout.restrict(&self.close_timeout, Ord::min),
            change_log: self.change_log,
        }
    }
}

/// Returns the lower keep alive; 0 means no limit.
fn lower_keep_alive(general: u16, own: u16) -> u16 {
    if general == 0 || own == 0 { general.max(own) } else { general.min(own) }
}
