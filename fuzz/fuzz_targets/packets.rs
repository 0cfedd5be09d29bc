//! Any bytes at any interface: no panic, and every packet accounted for.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| egret_tests::fuzz::packets(data));
