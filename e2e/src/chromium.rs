//! A real browser: Chromium, driven over `WebDriver` as far as an administrator's hands and eyes go. It is for what
//! [`browser`](crate::browser) cannot know: what a page looks like, what it asks for, what comes back with the back
//! button, which cookies are kept.
//!
//! It lives in the stack's world and in no other. Names of the field lead to the ports that the engine has published,
//! all others nowhere ([`Outside`]), so that a page which asks a third party for anything fails. TLS is verified as
//! ever, but for two keys, those with which the simulator and a stack's own nginx prove who they are: an authority
//! would have to be put into a store, for which there is no program that everybody has. Each browser has a home of
//! its own, which it loses when the test ends, however that is ([`leash`](crate::leash)).

mod driver;
mod log;
mod outside;
mod port;
mod quiet;
mod session;
mod window;

pub use log::{Complaint, Request};
pub(crate) use outside::{Outside, Place};
pub(crate) use quiet::hear_of_no_network_changes;
pub use window::{Cookie, Look, Page, Window};

use crate::missing::Need;
use crate::stack::Stack;

/// The browser as a program of this machine.
#[derive(Debug, Clone, Copy)]
pub struct Chromium(());

impl Chromium {
    /// The browser, or `None` where it is not installed: not everybody who has an engine has one.
    #[must_use]
    pub fn installed() -> Option<Self> {
        if driver::is_installed() {
            return Some(Self(()));
        }
        Need::Browser.is_missing("chromedriver is not installed (Debian: chromium-driver)");
        None
    }

    /// A new browser with one window, somewhere outside of the stack.
    pub async fn window(self, stack: &Stack) -> Window {
        let outside = stack
            .outside()
            .await
            .expect("the stack can be reached from outside");
        Window::open_in(outside).await.expect("the browser starts")
    }

    /// The same, but nobody told it about the stack's keys.
    pub async fn mistrustful_window(self, stack: &Stack) -> Window {
        let outside = stack
            .outside()
            .await
            .expect("the stack can be reached from outside");
        let outside = outside.without_trust();
        Window::open_in(outside).await.expect("the browser starts")
    }
}
