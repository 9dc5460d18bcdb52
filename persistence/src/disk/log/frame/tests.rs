//! Frames are decoded as they were encoded, and decoding arbitrary bytes does not panic.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn frames_round_trip(frames in prop::collection::vec((0..FrameKind::ALL.len(), prop::collection::vec(any::<u8>(), 0..20), prop::collection::vec(any::<u8>(), 0..300)), 0..20)) {
        let mut row = Vec::new();
        let frames: Vec<_> = frames.iter().map(|(kind, key, value)| LogFrame { kind: FrameKind::ALL[*kind], key, value }).collect();
        for frame in &frames {
            let before = row.len();
            begin_frame(frame.kind, frame.key, frame.value.len(), &mut row).unwrap();
            row.extend_from_slice(frame.value);
            prop_assert_eq!(row.len() - before, frame_size(frame.key.len(), frame.value.len()));
        }
        let (mut rest, mut read) = (&row[..], Vec::new());
        while let Some(frame) = LogFrame::take(&mut rest).unwrap() {
            read.push(frame);
        }
        prop_assert_eq!(read, frames);
    }

    #[test]
    fn arbitrary_bytes_are_an_error_or_frames(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let mut rest = &bytes[..];
        while let Ok(Some(frame)) = LogFrame::take(&mut rest) {
            prop_assert!(frame.key.len() + frame.value.len() <= bytes.len() - HEADER_SIZE);
        }
    }
}
