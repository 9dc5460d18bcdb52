//! Methods for complete packet exchanges: subscribe, publish, receive, ping, disconnect.

use super::Client;
use crate::wire::{Packet, PacketType, Properties, Publish, Subscribe, Unsubscribe, ack, disconnect};

impl Client {
    /// Subscribes to one filter. Panics unless the broker grants the requested QoS.
    pub(crate) async fn subscribe(&mut self, filter: impl AsRef<[u8]>, qos: u8) {
        assert_eq!(self.try_subscribe(filter, qos).await, [qos], "the granted QoS");
    }

    /// Subscribes to one filter with the given options byte. Returns the reason codes of the SUBACK.
    pub(crate) async fn try_subscribe(&mut self, filter: impl AsRef<[u8]>, options: u8) -> Vec<u8> {
        let subscribe = Subscribe::new(self.next_packet_id()).filter(filter, options);
        self.exchange_subscribe(&subscribe).await.codes
    }

    /// Sends a SUBSCRIBE and returns its SUBACK.
    pub(crate) async fn exchange_subscribe(&mut self, subscribe: &Subscribe) -> Packet {
        self.send(&subscribe.encode(self.version)).await;
        let suback = self.next_of(PacketType::SubAck).await;
        assert_eq!(suback.id, subscribe.id, "the identifier of the SUBACK");
        assert_eq!(suback.codes.len(), subscribe.filters.len(), "one code per filter");
        suback
    }

    /// Unsubscribes from one filter. Returns the UNSUBACK.
    pub(crate) async fn unsubscribe(&mut self, filter: impl AsRef<[u8]>) -> Packet {
        let unsubscribe = Unsubscribe::new(self.next_packet_id()).filter(filter);
        self.send(&unsubscribe.encode(self.version)).await;
        let unsuback = self.next_of(PacketType::UnsubAck).await;
        assert_eq!(unsuback.id, unsubscribe.id, "the identifier of the UNSUBACK");
        unsuback
    }

    /// Publishes a message and completes the exchange that its QoS demands. Returns the reason code of PUBACK or
    /// PUBREC, or 0 for QoS 0.
    pub(crate) async fn publish(
        &mut self,
        topic: impl AsRef<[u8]>,
        payload: impl AsRef<[u8]>,
        qos: u8,
    ) -> u8 {
        self.exchange_publish(Publish::new(topic, payload).qos(qos, 0)).await
    }

    /// Publishes a message with RETAIN set, like [`Client::publish`] otherwise.
    pub(crate) async fn publish_retained(
        &mut self,
        topic: impl AsRef<[u8]>,
        payload: impl AsRef<[u8]>,
        qos: u8,
    ) -> u8 {
        self.exchange_publish(Publish::new(topic, payload).qos(qos, 0).retain()).await
    }

    /// Sends a PUBLISH with an unused packet identifier and completes its exchange. At QoS 0, a ping makes sure that
    /// the broker has processed the PUBLISH. Returns the reason code of PUBACK or PUBREC, or 0 for QoS 0.
    pub(crate) async fn exchange_publish(&mut self, mut publish: Publish) -> u8 {
        if publish.qos > 0 {
            publish.id = self.next_packet_id();
        }
        self.send(&publish.encode(self.version)).await;
        match publish.qos {
            0 => {
                self.ping().await;
                0
            }
            1 => self.expect_ack(PacketType::PubAck, publish.id).await,
            _ => {
                let code = self.expect_ack(PacketType::PubRec, publish.id).await;
                if code < 0x80 {
                    self.send(&ack(0x62, publish.id, 0)).await;
                    self.expect_ack(PacketType::PubComp, publish.id).await;
                }
                code
            }
        }
    }

    /// Waits for an acknowledgement of the given type, checks its packet identifier and returns its reason code.
    pub(crate) async fn expect_ack(&mut self, packet_type: PacketType, id: u16) -> u8 {
        let packet = self.next_of(packet_type).await;
        assert_eq!(packet.id, id, "the identifier of the {packet_type:?}");
        packet.code
    }

    /// Returns the next PUBLISH without acknowledging it.
    pub(crate) async fn next_message(&mut self) -> Packet {
        self.next_of(PacketType::Publish).await
    }

    /// Returns the next PUBLISH after acknowledging it as its QoS demands.
    pub(crate) async fn receive(&mut self) -> Packet {
        let message = self.next_message().await;
        self.acknowledge(&message).await;
        message
    }

    /// Acknowledges a PUBLISH as its QoS demands: for QoS 2, with the whole exchange of PUBREC, PUBREL and PUBCOMP.
    pub(crate) async fn acknowledge(&mut self, message: &Packet) {
        match message.qos {
            0 => {}
            1 => self.send(&ack(0x40, message.id, 0)).await,
            _ => {
                self.send(&ack(0x50, message.id, 0)).await;
                assert_eq!(
                    self.expect_ack(PacketType::PubRel, message.id).await,
                    0,
                    "the code of the PUBREL"
                );
                self.send(&ack(0x70, message.id, 0)).await;
            }
        }
    }

    /// Sends PINGREQ and waits for PINGRESP. When it returns, the broker has processed all packets that this client
    /// sent before, and the client has received the answers to them.
    pub(crate) async fn ping(&mut self) {
        self.send(&[0xC0, 0]).await;
        self.next_of(PacketType::PingResp).await;
    }

    /// Sends DISCONNECT 0x00 and waits until the broker has closed the connection.
    pub(crate) async fn disconnect(self) {
        self.disconnect_with(0, &Properties::default()).await;
    }

    /// Sends DISCONNECT with the given reason code and properties, and waits until the broker has closed the
    /// connection.
    pub(crate) async fn disconnect_with(mut self, code: u8, properties: &Properties) {
        self.send(&disconnect(code, properties)).await;
        self.wait_for_end().await;
    }
}
