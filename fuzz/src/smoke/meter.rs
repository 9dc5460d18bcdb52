//! Measures the memory that inputs need: the peak of each input, and whether all memory was freed.

use std::fmt;

use super::failure::Failure;
use crate::{decode, memory};

/// The measurements of one target.
pub(super) struct Meter {
    target: &'static str,
    /// Number of bytes that were allocated before the first input.
    live_before: isize,
    /// Largest peak of an input, in bytes.
    peak: usize,
    inputs: u64,
    /// Largest peak of decoding alone, in bytes.
    decoding_peak: usize,
    failure: Option<Failure>,
}

impl Meter {
    pub(super) fn new(target: &'static str) -> Self {
        Self {
            target,
            live_before: memory::live_bytes(),
            peak: 0,
            inputs: 0,
            decoding_peak: 0,
            failure: None,
        }
    }

    /// Measures `work` on one input. `work` returns false if the input caused a panic.
    pub(super) fn measure(&mut self, input: &[u8], mut work: impl FnMut() -> bool) {
        self.inputs += 1;
        let before = memory::live_bytes();
        let mut passed = false;
        let peak = memory::peak_bytes(|| passed = work());
        if !passed {
            return;
        }
        self.peak = self.peak.max(peak);
        self.check_bound(input, peak, RUN_BASE + RUN_FACTOR * input.len(), "bytes at peak");
        if self.target == "decode" {
            self.check_bound(input, growth_since(before), 0, "bytes not freed");
            if self.inputs.is_multiple_of(DECODING_MEASURED_EVERY) {
                let peak = memory::peak_bytes(|| decode::decode_only(input));
                self.decoding_peak = self.decoding_peak.max(peak);
                self.check_bound(
                    input,
                    peak,
                    DECODE_BASE + DECODE_FACTOR * input.len(),
                    "bytes for decoding",
                );
            }
        }
    }

    /// Checks that all memory is freed after the last input.
    pub(super) fn finish(mut self) -> Option<Failure> {
        let kept = growth_since(self.live_before);
        self.check_bound(&[], kept, KEPT_MAX, "bytes not freed after the last input");
        self.failure
    }

    fn check_bound(&mut self, input: &[u8], bytes: usize, bound: usize, what: &str) {
        if bytes <= bound {
            return;
        }
        let (target, message) = (self.target, format!("{bytes} {what}, more than {bound}"));
        let failure =
            self.failure.get_or_insert_with(|| Failure { target, message, input: input.to_vec(), count: 0 });
        failure.count += 1;
    }
}

impl fmt::Display for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "peak {} B", self.peak)?;
        if self.decoding_peak > 0 {
            write!(f, ", of which {} B for decoding", self.decoding_peak)?;
        }
        Ok(())
    }
}

/// Returns the growth of the allocated bytes since `before`.
fn growth_since(before: isize) -> usize {
    usize::try_from(memory::live_bytes() - before).unwrap_or_default()
}

/// Bounds of the peak of an input: a number of bytes, plus a number of bytes per byte of input. These bounds allow
/// several copies of the packet, or a few topics of the greatest length with all their levels.
const RUN_BASE: usize = 1 << 24;
const RUN_FACTOR: usize = 1024;

/// Bounds of the peak of decoding alone: a number of bytes, plus a number of bytes per byte of input. A topic filter of
/// one letter takes four bytes in the packet and about a hundred bytes of memory.
const DECODE_BASE: usize = 2048;
const DECODE_FACTOR: usize = 64;

/// Interval, in inputs, at which an input is decoded again to measure the peak of decoding alone.
const DECODING_MEASURED_EVERY: u64 = 8;

/// Maximum number of bytes that caches of the runtime may keep.
const KEPT_MAX: usize = 256 * 1024;
