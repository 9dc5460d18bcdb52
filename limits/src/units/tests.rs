//! Parsing and display of durations and sizes.

use super::scalar::Scalar;
use super::{Size, Time};

type AnySize = Size<0, { u64::MAX }>;
type AnyTime = Time<0, { u64::MAX }>;

#[test]
fn sizes_are_parsed() {
    let cases = [
        ("0", Some(0)),
        ("512", Some(512)),
        ("512B", Some(512)),
        ("64KiB", Some(65_536)),
        ("64 KiB", Some(65_536)),
        ("1MiB", Some(1_048_576)),
        ("2GiB", Some(2_147_483_648)),
        ("2kB", Some(2_000)),
        ("3MB", Some(3_000_000)),
        ("1GB", Some(1_000_000_000)),
        ("", None),
        ("MiB", None),
        ("1mib", None),
        ("1.5MiB", None),
        ("-1", None),
        ("1MiB ", None),
        ("99999999999999999999", None),
        ("18446744073709551615GiB", None),
    ];
    for (text, expected) in cases {
        assert_eq!(AnySize::from_text(text).map(Size::bytes), expected, "{text:?}");
    }
}

#[test]
fn durations_are_parsed() {
    let cases = [
        ("500ms", Some(500)),
        ("10s", Some(10_000)),
        ("5m", Some(300_000)),
        ("1h30m", Some(5_400_000)),
        ("7d", Some(604_800_000)),
        ("0s", Some(0)),
        ("", None),
        ("10", None),
        ("s", None),
        ("10x", None),
        ("10s5", None),
        ("1.5s", None),
        ("10S", None),
        ("18446744073709551615d", None),
    ];
    for (text, expected) in cases {
        let milliseconds = AnyTime::from_text(text).map(|time| time.duration().as_millis());
        assert_eq!(milliseconds, expected, "{text:?}");
    }
}

#[test]
fn values_outside_the_bounds_are_refused() {
    assert_eq!(Size::<10, 20>::from_text("9B"), None);
    assert_eq!(Size::<10, 20>::from_number(21), None);
    assert_eq!(Size::<10, 20>::from_number(20), Some(Size::from_bytes(20)));
    assert_eq!(Time::<1000, 2000>::from_text("999ms"), None);
    assert_eq!(Time::<1000, 2000>::from_text("2s"), Some(Time::from_millis(2000)));
}

#[test]
fn only_zero_may_omit_the_unit() {
    assert_eq!(AnyTime::from_number(0), Some(Time::from_millis(0)));
    assert_eq!(AnyTime::from_number(10), None);
    assert_eq!(Time::<1, 2000>::from_number(0), None);
}

#[test]
fn displayed_values_parse_to_the_same_value() {
    for bytes in [0, 1, 1000, 1024, 1 << 20, 3 << 30, u64::MAX] {
        let size = AnySize::from_bytes(bytes);
        assert_eq!(AnySize::from_text(&size.to_string()), Some(size), "{size}");
    }
    for milliseconds in [0, 1, 1000, 90_000, 3_600_000, 86_400_000, u64::MAX] {
        let time = AnyTime::from_millis(milliseconds);
        assert_eq!(AnyTime::from_text(&time.to_string()), Some(time), "{time}");
    }
    assert_eq!(AnySize::from_bytes(1 << 20).to_string(), "1MiB");
    assert_eq!(AnyTime::from_millis(90_000).to_string(), "90s");
}
