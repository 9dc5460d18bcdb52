//! Faults that a test commits, each on a connection of its own, and what the broker may do about them.

use crate::harness::Harness;
use crate::wire::{PacketType, Properties, Subscribe, Unsubscribe, packet_with_body};

/// The reasons for bytes that are no packet. Brokers differ in whether a fault is one of form or of protocol, and need
/// not tell: no test of an end hangs on it.
pub(crate) const MALFORMED: &[u8] = &[0x81, 0x82];
/// The same for a packet that is out of place.
pub(crate) const PROTOCOL_ERROR: &[u8] = &[0x82, 0x81];
/// The reasons for a bad topic filter.
pub(crate) const BAD_FILTER: &[u8] = &[0x8F, 0x81, 0x82];
/// The reasons for a bad topic name.
pub(crate) const BAD_NAME: &[u8] = &[0x90, 0x82, 0x81];

impl Harness {
    /// A client sends what breaks the rules: it gets no answer but the end, with one of `codes` if the broker says why.
    pub(crate) async fn expect_close_after(&self, bytes: &[u8], codes: &[u8]) {
        let mut client = self.client("broken").await;
        client.send(bytes).await;
        client.expect_close_without_answer(codes).await;
    }

    /// A client subscribes to what is no filter: SUBACK refuses it, or the connection ends.
    pub(crate) async fn expect_filter_refused(&self, filter: impl AsRef<[u8]>) {
        self.expect_last_filter_refused(
            &Subscribe::new(1).filter(filter, 0).encode(self.version),
            BAD_FILTER,
        )
        .await;
    }

    /// A client unsubscribes from what is no filter: UNSUBACK refuses it, or the connection ends. Before 5.0 UNSUBACK
    /// cannot refuse.
    pub(crate) async fn expect_unsubscribe_refused(&self, filter: impl AsRef<[u8]>) {
        self.expect_last_filter_refused(&Unsubscribe::new(1).filter(filter).encode(self.version), BAD_FILTER)
            .await;
    }

    /// The last filter of a SUBSCRIBE or UNSUBSCRIBE is none: it is refused in the answer, or the connection ends, with one
    /// of `codes` if the broker says why.
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
        assert!(answer.codes.last().is_some_and(|code| *code >= 0x80), "taken: {answer:?}");
    }

    /// SUBSCRIBE or UNSUBSCRIBE by its first byte, with the packet identifier 1 and a payload of the test's own.
    pub(crate) fn request(&self, first: u8, payload: &[u8]) -> Vec<u8> {
        let mut body = vec![0, 1];
        if self.is_v5() {
            body.extend(Properties::default().encode());
        }
        body.extend_from_slice(payload);
        packet_with_body(first, &body)
    }
}
