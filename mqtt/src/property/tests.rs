//! Every property against every place: allowed, repeated, out of range, cut short.

use super::{Kind, Legal, Place, Properties, PropertyId, PropertyList, UserProperties};
use crate::error::Fault;
use crate::reader::Reader;

fn sample(id: PropertyId) -> Vec<u8> {
    let mut wire = vec![id.value()];
    wire.extend_from_slice(match id.spec().kind {
        Kind::Byte => &[1][..],
        Kind::TwoByte => &[0, 7],
        Kind::FourByte => &[0, 0, 0, 9],
        Kind::Variable => &[0x85, 0x01],
        Kind::Text => &[0, 1, b't'],
        Kind::Binary => &[0, 2, 0, 0xFF],
        Kind::Pair => &[0, 1, b'n', 0, 0],
    });
    wire
}

fn check(wire: &[u8], place: Place) -> Result<usize, Fault> {
    let mut scan = Properties::new(wire, place);
    let mut count = 0;
    while scan.try_next()?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// Table 2-4 of the specification, by hand: which identifiers may stand where.
fn allowed(place: Place) -> &'static [u8] {
    match place {
        Place::Connect => &[0x11, 0x15, 0x16, 0x17, 0x19, 0x21, 0x22, 0x26, 0x27],
        Place::Will => &[0x01, 0x02, 0x03, 0x08, 0x09, 0x18, 0x26],
        Place::ConnAck => &[
            0x11, 0x12, 0x13, 0x15, 0x16, 0x1A, 0x1C, 0x1F, 0x21, 0x22, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29,
            0x2A,
        ],
        Place::Publish => &[0x01, 0x02, 0x03, 0x08, 0x09, 0x0B, 0x23, 0x26],
        Place::PubAck | Place::PubRec | Place::PubRel | Place::PubComp => &[0x1F, 0x26],
        Place::Subscribe => &[0x0B, 0x26],
        Place::SubAck | Place::UnsubAck => &[0x1F, 0x26],
        Place::Unsubscribe => &[0x26],
        Place::Disconnect => &[0x11, 0x1C, 0x1F, 0x26],
        Place::Auth => &[0x15, 0x16, 0x1F, 0x26],
    }
}

#[test]
fn each_property_stands_only_where_the_specification_puts_it() {
    assert_eq!(PropertyId::ALL.len(), 27);
    for place in Place::ALL {
        for id in PropertyId::ALL {
            let expected =
                if allowed(place).contains(&id.value()) { Ok(1) } else { Err(Fault::PropertyMisplaced) };
            assert_eq!(check(&sample(*id), place), expected, "{} in {place:?}", id.name());
        }
    }
}

#[test]
fn only_user_properties_and_identifiers_in_publish_repeat() {
    for place in Place::ALL {
        for id in PropertyId::ALL.iter().filter(|id| id.spec().may_stand_in(place)) {
            let twice = [sample(*id), sample(*id)].concat();
            let may = *id == PropertyId::UserProperty
                || (*id == PropertyId::SubscriptionIdentifier && place == Place::Publish);
            assert_eq!(
                check(&twice, place),
                if may { Ok(2) } else { Err(Fault::PropertyRepeated) },
                "{id:?} {place:?}"
            );
        }
    }
}

#[test]
fn identifiers_that_do_not_exist_are_refused() {
    for value in 0..=255_u8 {
        let known = PropertyId::ALL.iter().any(|id| id.value() == value);
        assert_eq!(PropertyId::from_value(u32::from(value)).is_some(), known);
    }
    assert_eq!(check(&[0x04, 0], Place::Publish), Err(Fault::PropertyUnknown));
    assert_eq!(check(&[0x81, 0x00, 1], Place::Publish), Err(Fault::VariableLength));
    assert_eq!(check(&[0xA6, 0x01, 0, 0, 0, 0], Place::Publish), Err(Fault::PropertyUnknown));
}

#[test]
fn a_property_cut_short_is_refused_at_every_byte() {
    for id in PropertyId::ALL {
        let place = Place::ALL.into_iter().find(|place| id.spec().may_stand_in(*place)).unwrap();
        let wire = sample(*id);
        for size in 1..wire.len() {
            assert_eq!(check(&wire[..size], place), Err(Fault::Truncated), "{id:?} {size}");
        }
    }
}

#[test]
fn values_out_of_range_are_refused() {
    for id in PropertyId::ALL {
        let place = Place::ALL.into_iter().find(|place| id.spec().may_stand_in(*place)).unwrap();
        let size = sample(*id).len() - 1;
        let expected = match id.spec().legal {
            Legal::Flag => {
                assert_eq!(check(&[id.value(), 0], place), Ok(1));
                assert_eq!(check(&[id.value(), 2], place), Err(Fault::PropertyValue));
                continue;
            }
            Legal::NonZero => Fault::PropertyValue,
            Legal::Alias => Fault::AliasZero,
            Legal::TopicName => {
                assert_eq!(check(&[id.value(), 0, 1, b'#'], place), Err(Fault::ResponseTopic));
                assert_eq!(check(&[id.value(), 0, 0], place), Err(Fault::ResponseTopic));
                continue;
            }
            Legal::Any => continue,
        };
        let mut zero = vec![0; size + 1];
        zero[0] = id.value();
        let zero = if id.spec().kind == Kind::Variable { vec![id.value(), 0] } else { zero };
        assert_eq!(check(&zero, place), Err(expected), "{id:?}");
    }
    let legal = |legal| PropertyId::ALL.iter().filter(move |id| id.spec().legal == legal).count();
    assert_eq!(
        (legal(Legal::Flag), legal(Legal::NonZero), legal(Legal::Alias), legal(Legal::TopicName)),
        (8, 3, 1, 1)
    );
}

#[test]
fn texts_in_properties_are_checked() {
    assert_eq!(check(&[0x03, 0, 1, 0xFF], Place::Publish), Err(Fault::TextEncoding));
    assert_eq!(check(&[0x03, 0, 1, 0], Place::Publish), Err(Fault::TextNul));
    assert_eq!(check(&[0x26, 0, 1, 0, 0, 0], Place::Publish), Err(Fault::UserPropertyText));
    assert_eq!(check(&[0x26, 0, 0, 0, 1, 0xC0], Place::Publish), Err(Fault::UserPropertyText));
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
    let list = PropertyList::read(&mut Reader::new(&wire), Place::SubAck).unwrap();
    assert_eq!(list.user, user);
    assert_eq!(format!("{:?}", list.user), r#"[("a", "1"), ("b", ""), ("a", "ü")]"#);
}
