//! Topic aliases of one connection, in both directions.

use std::collections::HashMap;

use tidegate_mqtt::Publish;

use super::ClientError;

/// The aliases that the client and the server have set.
#[derive(Debug, Default)]
pub struct Aliases {
    outgoing: HashMap<u16, String>,
    incoming: HashMap<u16, String>,
    incoming_max: u16,
}

impl Aliases {
    /// Creates the state of a connection that has no aliases yet. The server may set aliases up to `incoming_max`.
    pub fn new(incoming_max: u16) -> Self {
        Self { incoming_max, ..Self::default() }
    }

    /// Clears the topic of a message if an earlier message has already set its alias to this topic. Otherwise records
    /// the alias.
    pub fn apply_outgoing(&mut self, message: &mut Publish) {
        let Some(alias) = message.properties.alias else { return };
        if self.outgoing.get(&alias) == Some(&message.topic) {
            message.topic.clear();
        } else {
            self.outgoing.insert(alias, message.topic.clone());
        }
    }

    /// Removes the alias that a message would have set, because that message was not sent.
    pub fn remove_outgoing(&mut self, alias: Option<u16>) {
        alias.and_then(|alias| self.outgoing.remove(&alias));
    }

    /// Fills in the topic of a received message from its alias. If the message has both a topic and an alias, records
    /// the alias.
    pub fn resolve_incoming(&mut self, message: &mut Publish) -> Result<(), ClientError> {
        let Some(alias) = message.properties.alias else { return Ok(()) };
        // [MQTT5-3.1.2-26]
        if alias > self.incoming_max {
            return Err(ClientError::Unexpected("a topic alias above our Topic Alias Maximum"));
        }
        if !message.topic.is_empty() {
            self.incoming.insert(alias, message.topic.clone());
            return Ok(());
        }
        let known =
            self.incoming.get(&alias).ok_or(ClientError::Unexpected("a topic alias that was never set"))?;
        message.topic.clone_from(known);
        Ok(())
    }
}
