//! Something large that many worlds start with alike: shared until one of them changes it.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// Read like a `T`; the first change makes a copy if others share it.
#[derive(Debug, Default)]
pub(crate) struct Shared<T>(Arc<T>);

impl<T> Shared<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_not_seen_by_those_who_share_it() {
        let first = Shared::new(vec![1]);
        let mut second = first.clone();
        second.push(2);
        assert_eq!((first.as_slice(), second.as_slice()), (&[1][..], &[1, 2][..]));
    }
}
