//! The wish that seatsync ends: asked between batches, waited for everywhere else.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Not asked at first, and never taken back.
#[derive(Debug, Default)]
pub struct Stop {
    asked: AtomicBool,
    told: Notify,
}

impl Stop {
    pub fn ask(&self) {
        self.asked.store(true, Ordering::SeqCst);
        self.told.notify_waiters();
    }

    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }

    /// For whoever looks at it between two steps.
    pub fn flag(&self) -> &AtomicBool {
        &self.asked
    }

    /// Returns once it was asked.
    pub async fn asked(&self) {
        let told = self.told.notified();
        tokio::pin!(told);
        // Registered before looking, so that asking in between is not missed.
        told.as_mut().enable();
        if !self.is_asked() {
            told.await;
        }
    }
}
