//! The libFuzzer target `decode`, which passes each input to `tidegate_fuzz::decode::run`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidegate_fuzz::decode::run(bytes));
