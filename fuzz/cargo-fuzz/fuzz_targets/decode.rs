//! libFuzzer calls `tidegate_fuzz::decode`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidegate_fuzz::decode::run(bytes));
