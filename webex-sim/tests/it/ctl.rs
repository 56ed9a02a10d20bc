//! `webex-sim ctl`.
