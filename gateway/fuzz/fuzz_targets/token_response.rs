#![no_main]

use webex_gateway::properties::token_answer_is_sane;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| token_answer_is_sane(bytes));
