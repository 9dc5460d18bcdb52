//! Compares the table of the QoS 2 receiver with a plain list.

use proptest::prelude::*;
use tidegate_mqtt::{PacketId, ReasonCode};

use super::{InboundPacketIds, Received};
use crate::violation::Violation;

#[derive(Clone, Copy, Debug)]
enum Operation {
    Receive(u16),
    Release(u16),
    Reconnect,
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        6 => (1..20u16).prop_map(Operation::Receive),
        4 => (1..20u16).prop_map(Operation::Release),
        1 => Just(Operation::Reconnect),
    ]
}

const RECEIVE_MAXIMUM: u16 = 5;

proptest! {
    #[test]
    fn the_table_agrees_with_a_plain_list(operations in prop::collection::vec(operation(), 0..200)) {
        let mut table = InboundPacketIds::default();
        // Packet identifier, and whether the message was received on this connection.
        let mut list: Vec<(u16, bool)> = Vec::new();
        for operation in operations {
            match operation {
                Operation::Receive(id) => {
                    let counted = list.iter().filter(|entry| entry.1).count();
                    let known = list.iter_mut().find(|entry| entry.0 == id);
                    let full = counted >= usize::from(RECEIVE_MAXIMUM);
                    let expected = match known {
                        Some(entry) if entry.1 => Ok(Received::Repeat),
                        _ if full => Err(Violation::ReceiveMaximumExceeded),
                        Some(entry) => {
                            entry.1 = true;
                            Ok(Received::Repeat)
                        }
                        None => {
                            list.push((id, true));
                            Ok(Received::New)
                        }
                    };
                    prop_assert_eq!(table.receive(PacketId::new(id).unwrap(), RECEIVE_MAXIMUM), expected);
                }
                Operation::Release(id) => {
                    let known = list.iter().any(|entry| entry.0 == id);
                    list.retain(|entry| entry.0 != id);
                    let expected =
                        if known { ReasonCode::Success } else { ReasonCode::PacketIdentifierNotFound };
                    prop_assert_eq!(table.release(PacketId::new(id).unwrap()), expected);
                }
                Operation::Reconnect => {
                    table.begin_connection();
                    list.iter_mut().for_each(|entry| entry.1 = false);
                }
            }
        }
    }
}

#[test]
fn a_long_table_frees_its_memory_only_when_empty() {
    let mut table = InboundPacketIds::default();
    let ids: Vec<_> = (1..=100).map(|id| PacketId::new(id).unwrap()).collect();
    for id in &ids {
        assert_eq!(table.receive(*id, u16::MAX), Ok(Received::New));
    }
    for (index, id) in ids.iter().enumerate() {
        assert_eq!(table.release(*id), ReasonCode::Success);
        let rest = ids.get(index + 1..).unwrap_or_default();
        assert!(rest.iter().all(|id| table.receive(*id, u16::MAX) == Ok(Received::Repeat)));
    }
    assert_eq!(table.capacity(), 0);
}
