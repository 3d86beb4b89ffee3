//! Any bytes, read both ways, walked and printed. Run with
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run parse` in `crates/base/yaml`.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = tender_yaml::text(bytes) else { return };
    for document in tender_yaml::parse_k8s(text).into_iter().chain(tender_yaml::parse_v3(text)).flatten() {
        let _ = document.to_json();
        let _ = tender_yaml::json_as_go_writes_it(&document.root);
    }
});
