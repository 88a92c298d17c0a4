//! A value that one call at a time may use: whoever takes it while another call has it is told so, and nothing panics.

use crate::error::{Error, Result};
use std::cell::RefCell;
use std::rc::Rc;

/// A shared place for one value. A call moves the value out and puts it back when it is done, so that no borrow lives across an `await`.
pub struct Slot<T>(Rc<RefCell<Option<T>>>);

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Slot<T> {
    /// Holds a value.
    pub fn new(value: T) -> Self {
        Self(Rc::new(RefCell::new(Some(value))))
    }

    /// Lends the value to `work`. Device `busy` while another call has it.
    pub fn with<R>(&self, work: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
        let mut value = self.take()?;
        let result = work(&mut value);
        self.put(value);
        result
    }

    /// Lends the value to asynchronous `work`. Device `busy` while another call has it.
    pub async fn with_async<R>(&self, work: impl AsyncFnOnce(&mut T) -> Result<R>) -> Result<R> {
        let mut value = self.take()?;
        let result = work(&mut value).await;
        self.put(value);
        result
    }

    fn take(&self) -> Result<T> {
        let value = self.0.try_borrow_mut().ok().and_then(|mut slot| slot.take());
        value.ok_or_else(|| {
            Error::device("the model is busy with another call").code("busy").hint("await that call first")
        })
    }

    fn put(&self, value: T) {
        if let Ok(mut slot) = self.0.try_borrow_mut() {
            *slot = Some(value);
        }
    }
}
