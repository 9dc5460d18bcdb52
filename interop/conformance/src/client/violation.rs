//! Protocol violations, each sent on a new connection, and the reactions that are allowed.

use crate::harness::Harness;
use crate::wire::{PacketType, Properties, Subscribe, Unsubscribe, packet_with_body};

/// The reason codes that tests accept for a malformed packet. Brokers differ in which faults they report as Malformed
/// Packet (0x81) and which as Protocol Error (0x82), so tests accept both codes. Tidegate has to send the first one.
pub(crate) const MALFORMED: &[u8] = &[0x81, 0x82];
/// The reason codes that tests accept for a protocol error: the same two codes as for a malformed packet. Tidegate has
/// to send the first one.
pub(crate) const PROTOCOL_ERROR: &[u8] = &[0x82, 0x81];
/// The reason codes that tests accept for an invalid topic filter, the best one first.
pub(crate) const BAD_FILTER: &[u8] = &[0x8F, 0x81, 0x82];
/// The reason codes that tests accept for an invalid topic name, the best one first.
pub(crate) const BAD_NAME: &[u8] = &[0x90, 0x82, 0x81];

impl Harness {
    /// Connects a new client, sends bytes that break a rule, and checks that the broker closes the connection without
    /// an answer. If the broker sends DISCONNECT first, the reason code has to be one of `codes`.
    pub(crate) async fn expect_close_after(&self, bytes: &[u8], codes: &[u8]) {
        let mut client = self.client("broken").await;
        client.send(bytes).await;
        client.expect_close_without_answer(codes).await;
    }

    /// Connects a new client that subscribes to an invalid filter. Checks that the broker refuses the filter in SUBACK
    /// or closes the connection.
    pub(crate) async fn expect_filter_refused(&self, filter: impl AsRef<[u8]>) {
        self.expect_last_filter_refused(
            &Subscribe::new(1).filter(filter, 0).encode(self.version),
            BAD_FILTER,
        )
        .await;
    }

    /// Connects a new client that unsubscribes from an invalid filter. Checks that the broker refuses the filter in
    /// UNSUBACK or closes the connection. In 3.1.1, UNSUBACK has no reason codes, so the broker has to close the
    /// connection.
    pub(crate) async fn expect_unsubscribe_refused(&self, filter: impl AsRef<[u8]>) {
        self.expect_last_filter_refused(&Unsubscribe::new(1).filter(filter).encode(self.version), BAD_FILTER)
            .await;
    }

    /// Connects a new client that sends a SUBSCRIBE or UNSUBSCRIBE whose last filter is invalid. Checks that the broker
    /// refuses the filter in its answer or closes the connection. If the broker sends DISCONNECT, the reason code has
    /// to be one of `codes`.
    pub(crate) async fn expect_last_filter_refused(&self, request: &[u8], codes: &[u8]) {
        let mut client = self.client("broken").await;
        client.send(request).await;
        let answer = match client.try_next().await {
            Some(answer) if matches!(answer.packet_type, PacketType::SubAck | PacketType::UnsubAck) => answer,
            other => {
                client.push_back_unread(other);
                client.expect_close_without_answer(codes).await;
                return;
            }
        };
        assert!(
            answer.codes.last().is_some_and(|code| *code >= 0x80),
            "the broker accepted the filter: {answer:?}"
        );
    }

    /// Builds SUBSCRIBE (first byte 0x82) or UNSUBSCRIBE (0xA2) with packet identifier 1 and any payload.
    pub(crate) fn request(&self, first: u8, payload: &[u8]) -> Vec<u8> {
        let mut body = vec![0, 1];
        if self.is_v5() {
            body.extend(Properties::default().encode());
        }
        body.extend_from_slice(payload);
        packet_with_body(first, &body)
    }
}
