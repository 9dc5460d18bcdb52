//! Tests of text fields.

use super::{parse, parse_topic};
use crate::error::Fault;

#[test]
fn only_utf8_without_nul_is_text() {
    for bad in [&b"\xFF"[..], b"\xC0\x80", b"\xED\xA0\x80", b"a\xE2\x82", b"\xF4\x90\x80\x80"] {
        assert_eq!(parse(bad), Err(Fault::TextEncoding));
        assert_eq!(parse_topic(bad), Err(Fault::TextEncoding));
    }
    assert_eq!(parse(b"a\0b"), Err(Fault::TextNul));
    for good in ["", "a", "\u{feff}a", "\u{1}\u{7f}", "\u{ffff}", "日本/ü", "+#"] {
        assert_eq!(parse(good.as_bytes()), Ok(good));
    }
}

/// Tests each special byte at each position, in names of every length around the word size of the check.
#[test]
fn nul_and_wildcards_are_found_at_every_position() {
    for length in 1..40 {
        let plain = vec![b'a'; length];
        assert_eq!(parse_topic(&plain).map(str::len), Ok(length));
        for position in 0..length {
            for (special, fault) in
                [(0, Fault::TextNul), (b'+', Fault::TopicWildcard), (b'#', Fault::TopicWildcard)]
            {
                let mut bytes = plain.clone();
                bytes[position] = special;
                assert_eq!(parse_topic(&bytes), Err(fault), "{special} at {position} of {length}");
            }
            for harmless in [1, b'*', b',', b'"', b'$', 0x7F] {
                let mut bytes = plain.clone();
                bytes[position] = harmless;
                assert!(parse_topic(&bytes).is_ok(), "{harmless} at {position} of {length}");
            }
        }
    }
    assert_eq!(parse_topic("日本日本日本/ü".as_bytes()), Ok("日本日本日本/ü"));
}
