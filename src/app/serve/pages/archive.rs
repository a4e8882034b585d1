//! The state, opened beside whoever leads: any sidecar may show the plans in it.

use std::sync::{Arc, PoisonError};

use tokio::sync::Mutex;

use crate::ports::EdgeError;
use crate::store::database::Store;
use crate::store::place::Place;

/// Opens the state when it is needed, and again when it was lost.
pub struct Archive {
    place: std::sync::Mutex<Place>,
    open: Mutex<Option<Arc<Store>>>,
}

impl Archive {
    pub fn new(place: Place) -> Archive {
        Archive { place: std::sync::Mutex::new(place), open: Mutex::default() }
    }

    /// Looks there from now on.
    pub async fn follow(&self, place: &Place) {
        let before =
            std::mem::replace(&mut *self.place.lock().unwrap_or_else(PoisonError::into_inner), place.clone());
        if before.to_string() != place.to_string() {
            *self.open.lock().await = None;
        }
    }

    /// `None` where no run of this version has made the state yet.
    pub async fn store(&self) -> Result<Option<Arc<Store>>, EdgeError> {
        let mut open = self.open.lock().await;
        if let Some(store) = open.as_ref()
            && store.is_ours().await
        {
            return Ok(Some(Arc::clone(store)));
        }
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner).clone();
        *open = Store::open_beside(&place).await?.map(Arc::new);
        Ok(open.clone())
    }
}
