//! Requests that wait for their response: SUBSCRIBE, UNSUBSCRIBE, PINGREQ.

use tidegate_mqtt::topic::SubscriptionFilter;
use tidegate_mqtt::{
    Packet, SubAck, Subscribe, SubscribeEntry, SubscriptionOptions, UnsubAck, Unsubscribe, UserProperties,
};

use super::{Client, ClientError, Event};

impl Client {
    /// Subscribes and waits for SUBACK, whose reason codes may be refusals. Messages received before SUBACK stay
    /// queued.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn subscribe(
        &mut self,
        filters: impl IntoIterator<Item = (SubscriptionFilter, SubscriptionOptions)>,
        identifier: Option<u32>,
        user_properties: UserProperties,
    ) -> Result<SubAck, ClientError> {
        let packet_id = self.connection.next_id()?;
        let entry = |(filter, options)| SubscribeEntry { filter: Ok(filter), options };
        let filters = filters.into_iter().map(entry).collect();
        self.connection.send(&Packet::from(Subscribe { packet_id, identifier, user_properties, filters }))?;
        let is_expected =
            |event: &Event| matches!(event, Event::SubAck(suback) if suback.packet_id == packet_id);
        match self.wait_for(is_expected).await? {
            Event::SubAck(suback) => Ok(suback),
            _ => unreachable!("the filter accepts only SUBACK"),
        }
    }

    /// Unsubscribes and waits for UNSUBACK.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn unsubscribe(
        &mut self,
        filters: impl IntoIterator<Item = SubscriptionFilter>,
    ) -> Result<UnsubAck, ClientError> {
        let packet_id = self.connection.next_id()?;
        let filters = filters.into_iter().map(Ok).collect();
        let user_properties = UserProperties::new();
        self.connection.send(&Packet::from(Unsubscribe { packet_id, user_properties, filters }))?;
        let is_expected =
            |event: &Event| matches!(event, Event::UnsubAck(unsuback) if unsuback.packet_id == packet_id);
        match self.wait_for(is_expected).await? {
            Event::UnsubAck(unsuback) => Ok(unsuback),
            _ => unreachable!("the filter accepts only UNSUBACK"),
        }
    }

    /// Sends PINGREQ and waits for PINGRESP.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn ping(&mut self) -> Result<(), ClientError> {
        self.connection.send(&Packet::PingReq)?;
        self.wait_for(|event| matches!(event, Event::Pong)).await.map(drop)
    }
}
