//! The libFuzzer target `roundtrip`, which passes each input to `tidegate_fuzz::roundtrip::run`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tidegate_fuzz::roundtrip::run(bytes));
