//! cfg
pub mod environment;
