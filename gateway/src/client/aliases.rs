//! Topic aliases of one connection, both ways.

use std::collections::HashMap;

use tidegate_mqtt::Publish;

use super::ClientError;

/// The aliases that either side has set.
#[derive(Debug, Default)]
pub struct Aliases {
    ours: HashMap<u16, String>,
    theirs: HashMap<u16, String>,
    theirs_max: u16,
}

impl Aliases {
    /// None are set; the server may set them up to `theirs_max`.
    pub fn new(theirs_max: u16) -> Self {
        Self { theirs_max, ..Self::default() }
    }

    /// Takes the topic away from a message whose alias says it already, and remembers the alias if it does not.
    pub fn shorten(&mut self, message: &mut Publish) {
        let Some(alias) = message.properties.alias else { return };
        if self.ours.get(&alias) == Some(&message.topic) {
            message.topic.clear();
        } else {
            self.ours.insert(alias, message.topic.clone());
        }
    }

    /// An alias of ours was not sent after all.
    pub fn forget(&mut self, alias: Option<u16>) {
        alias.and_then(|alias| self.ours.remove(&alias));
    }

    /// Gives a received message its topic, and remembers the alias if it has both.
    pub fn resolve(&mut self, message: &mut Publish) -> Result<(), ClientError> {
        let Some(alias) = message.properties.alias else { return Ok(()) };
        // [MQTT5-3.1.2-26]
        if alias > self.theirs_max {
            return Err(ClientError::Unexpected("a topic alias above our Topic Alias Maximum"));
        }
        if !message.topic.is_empty() {
            self.theirs.insert(alias, message.topic.clone());
            return Ok(());
        }
        let known =
            self.theirs.get(&alias).ok_or(ClientError::Unexpected("a topic alias that was never set"))?;
        message.topic.clone_from(known);
        Ok(())
    }
}
