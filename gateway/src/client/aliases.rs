//! Topic aliases of one connection, both ways.

use std::collections::HashMap;

use tidegate_mqtt::Publish;

use super::ClientError;

/// The aliases that either side has set.
#[derive(Debug, Default)]
pub struct Aliases {
    outgoing: HashMap<u16, String>,
    incoming: HashMap<u16, String>,
    incoming_max: u16,
}

impl Aliases {
    /// None are set; the server may set them up to `incoming_max`.
    pub fn new(incoming_max: u16) -> Self {
        Self { incoming_max, ..Self::default() }
    }

    /// Takes the topic away from a message whose alias says it already, and remembers the alias if it does not.
    pub fn apply_outgoing(&mut self, message: &mut Publish) {
        let Some(alias) = message.properties.alias else { return };
        if self.outgoing.get(&alias) == Some(&message.topic) {
            message.topic.clear();
        } else {
            self.outgoing.insert(alias, message.topic.clone());
        }
    }

    /// An alias of ours was not sent after all.
    pub fn remove_outgoing(&mut self, alias: Option<u16>) {
        alias.and_then(|alias| self.outgoing.remove(&alias));
    }

    /// Gives a received message its topic, and remembers the alias if it has both.
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
