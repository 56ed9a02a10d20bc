//! The product in its containers, told as stories. What a scenario does not say about secrets, every one of them
//! checks: none is in any container's log.

mod authorisation;

mod compose;
mod engine;
mod field;

mod health;
mod image;
mod refresh;
mod restart;
mod shutdown;
