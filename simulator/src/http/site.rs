//! What all requests share: the world, the faults, the record, the counters.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::http::faults::Faults;
use crate::http::requests::Records;
use crate::http::throttle::Counters;
use crate::world::gitlab::World;

/// One running simulator, seen from its requests.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) world: Arc<Mutex<World>>,
    faults: Mutex<Faults>,
    requests: Mutex<Records>,
    counters: Mutex<Counters>,
}

impl Site {
    pub(crate) fn of(world: World) -> Site {
        Site {
            world: Arc::new(Mutex::new(world)),
            faults: Mutex::default(),
            requests: Mutex::default(),
            counters: Mutex::default(),
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    pub(crate) fn requests(&self) -> MutexGuard<'_, Records> {
        lock(&self.requests)
    }

    pub(crate) fn counters(&self) -> MutexGuard<'_, Counters> {
        lock(&self.counters)
    }
}

/// A panic elsewhere (a test's own assertion, say) leaves nothing half done behind these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
