//! Every property in every context: allowed, repeated, out of range, truncated.

use super::{AllowedValues, PacketContext, Properties, PropertyId, PropertyList, UserProperties, WireType};
use crate::error::Fault;
use crate::reader::Reader;

fn sample_property(id: PropertyId) -> Vec<u8> {
    let mut wire = vec![id.value()];
    wire.extend_from_slice(match id.spec().wire_type {
        WireType::Byte => &[1][..],
        WireType::TwoByte => &[0, 7],
        WireType::FourByte => &[0, 0, 0, 9],
        WireType::Variable => &[0x85, 0x01],
        WireType::Text => &[0, 1, b't'],
        WireType::Binary => &[0, 2, 0, 0xFF],
        WireType::Pair => &[0, 1, b'n', 0, 0],
    });
    wire
}

fn check(wire: &[u8], context: PacketContext) -> Result<usize, Fault> {
    let mut scan = Properties::new(wire, context);
    let mut count = 0;
    while scan.try_next()?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// Returns the identifiers that are allowed in a context, from Table 2-4 of the specification.
fn allowed_identifiers(context: PacketContext) -> &'static [u8] {
    match context {
        PacketContext::Connect => &[0x11, 0x15, 0x16, 0x17, 0x19, 0x21, 0x22, 0x26, 0x27],
        PacketContext::Will => &[0x01, 0x02, 0x03, 0x08, 0x09, 0x18, 0x26],
        PacketContext::ConnAck => &[
            0x11, 0x12, 0x13, 0x15, 0x16, 0x1A, 0x1C, 0x1F, 0x21, 0x22, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29,
            0x2A,
        ],
        PacketContext::Publish => &[0x01, 0x02, 0x03, 0x08, 0x09, 0x0B, 0x23, 0x26],
        PacketContext::PubAck | PacketContext::PubRec | PacketContext::PubRel | PacketContext::PubComp => {
            &[0x1F, 0x26]
        }
        PacketContext::Subscribe => &[0x0B, 0x26],
        PacketContext::SubAck | PacketContext::UnsubAck => &[0x1F, 0x26],
        PacketContext::Unsubscribe => &[0x26],
        PacketContext::Disconnect => &[0x11, 0x1C, 0x1F, 0x26],
        PacketContext::Auth => &[0x15, 0x16, 0x1F, 0x26],
    }
}

#[test]
fn each_property_is_accepted_only_in_the_packets_of_the_specification() {
    assert_eq!(PropertyId::ALL.len(), 27);
    for context in PacketContext::ALL {
        for id in PropertyId::ALL {
            let expected = if allowed_identifiers(context).contains(&id.value()) {
                Ok(1)
            } else {
                Err(Fault::PropertyMisplaced)
            };
            assert_eq!(check(&sample_property(*id), context), expected, "{} in {context:?}", id.name());
        }
    }
}

#[test]
fn only_user_properties_and_subscription_identifiers_of_publish_may_repeat() {
    for context in PacketContext::ALL {
        for id in PropertyId::ALL.iter().filter(|id| id.spec().may_appear_in(context)) {
            let twice = [sample_property(*id), sample_property(*id)].concat();
            let may = *id == PropertyId::UserProperty
                || (*id == PropertyId::SubscriptionIdentifier && context == PacketContext::Publish);
            assert_eq!(
                check(&twice, context),
                if may { Ok(2) } else { Err(Fault::PropertyRepeated) },
                "{id:?} {context:?}"
            );
        }
    }
}

#[test]
fn unknown_property_identifiers_are_refused() {
    for value in 0..=255_u8 {
        let known = PropertyId::ALL.iter().any(|id| id.value() == value);
        assert_eq!(PropertyId::from_value(u32::from(value)).is_some(), known);
    }
    assert_eq!(check(&[0x04, 0], PacketContext::Publish), Err(Fault::PropertyUnknown));
    assert_eq!(check(&[0x81, 0x00, 1], PacketContext::Publish), Err(Fault::VariableLength));
    assert_eq!(check(&[0xA6, 0x01, 0, 0, 0, 0], PacketContext::Publish), Err(Fault::PropertyUnknown));
}

#[test]
fn a_property_truncated_at_any_byte_is_refused() {
    for id in PropertyId::ALL {
        let context =
            PacketContext::ALL.into_iter().find(|context| id.spec().may_appear_in(*context)).unwrap();
        let wire = sample_property(*id);
        for size in 1..wire.len() {
            assert_eq!(check(&wire[..size], context), Err(Fault::Truncated), "{id:?} {size}");
        }
    }
}

#[test]
fn property_values_out_of_range_are_refused() {
    for id in PropertyId::ALL {
        let context =
            PacketContext::ALL.into_iter().find(|context| id.spec().may_appear_in(*context)).unwrap();
        let size = sample_property(*id).len() - 1;
        let expected = match id.spec().allowed_values {
            AllowedValues::Flag => {
                assert_eq!(check(&[id.value(), 0], context), Ok(1));
                assert_eq!(check(&[id.value(), 2], context), Err(Fault::PropertyValue));
                continue;
            }
            AllowedValues::NonZero => Fault::PropertyValue,
            AllowedValues::Alias => Fault::AliasZero,
            AllowedValues::TopicName => {
                assert_eq!(check(&[id.value(), 0, 1, b'#'], context), Err(Fault::ResponseTopic));
                assert_eq!(check(&[id.value(), 0, 0], context), Err(Fault::ResponseTopic));
                continue;
            }
            AllowedValues::Any => continue,
        };
        let mut zero = vec![0; size + 1];
        zero[0] = id.value();
        let zero = if id.spec().wire_type == WireType::Variable { vec![id.value(), 0] } else { zero };
        assert_eq!(check(&zero, context), Err(expected), "{id:?}");
    }
    let count_of = |allowed_values| {
        PropertyId::ALL.iter().filter(move |id| id.spec().allowed_values == allowed_values).count()
    };
    assert_eq!(
        (
            count_of(AllowedValues::Flag),
            count_of(AllowedValues::NonZero),
            count_of(AllowedValues::Alias),
            count_of(AllowedValues::TopicName)
        ),
        (8, 3, 1, 1)
    );
}

#[test]
fn strings_in_properties_are_checked() {
    assert_eq!(check(&[0x03, 0, 1, 0xFF], PacketContext::Publish), Err(Fault::TextEncoding));
    assert_eq!(check(&[0x03, 0, 1, 0], PacketContext::Publish), Err(Fault::TextNul));
    assert_eq!(check(&[0x26, 0, 1, 0, 0, 0], PacketContext::Publish), Err(Fault::UserPropertyText));
    assert_eq!(check(&[0x26, 0, 0, 0, 1, 0xC0], PacketContext::Publish), Err(Fault::UserPropertyText));
}

#[test]
fn user_properties_keep_order_and_repeats() {
    let mut user = UserProperties::new();
    assert!(user.push("a", "1") && user.push("b", "") && user.push("a", "ü"));
    assert!(!user.push("nul\0", "x") && !user.push("x", &"y".repeat(65_536)));
    let pairs = [("a", "1"), ("b", ""), ("a", "ü")];
    assert_eq!(user.iter().collect::<Vec<_>>(), pairs);
    let mut wire = vec![u8::try_from(user.wire().len()).unwrap()];
    wire.extend_from_slice(user.wire());
    let list = PropertyList::read(&mut Reader::new(&wire), PacketContext::SubAck).unwrap();
    assert_eq!(list.user, user);
    assert_eq!(format!("{:?}", list.user), r#"[("a", "1"), ("b", ""), ("a", "ü")]"#);
}
