//! libFuzzer calls `tidegate_fuzz::roundtrip`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidegate_fuzz::roundtrip::run(bytes));
