#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| oc_fuzz::webhooks::create_webhook(data));
