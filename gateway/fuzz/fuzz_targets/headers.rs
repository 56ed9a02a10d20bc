#![no_main]

use webex_gateway::properties::fields_pass_by_the_rules;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fields_pass_by_the_rules(bytes));
