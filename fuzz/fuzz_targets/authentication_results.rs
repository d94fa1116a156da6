#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| postroom_fuzz::authentication_results::run(data));
