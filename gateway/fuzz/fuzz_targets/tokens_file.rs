#![no_main]

use webex_gateway::properties::tokens_file_survives_a_rewrite;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tokens_file_survives_a_rewrite(bytes));
