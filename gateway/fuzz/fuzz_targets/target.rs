#![no_main]

use webex_gateway::properties::target_goes_out_as_it_came;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| target_goes_out_as_it_came(bytes));
