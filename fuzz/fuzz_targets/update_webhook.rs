#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| oc_fuzz::webhooks::update_webhook(data));
