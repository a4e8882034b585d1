//! The doors at which people prove their groups, and whoever keeps them open.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::app::config::Config;
use crate::app::serve::stop::Stop;
use crate::app::wiring;
use crate::ports::EdgeError;
use crate::ports::saml::Door;

/// How often it is written down that people can be heard.
const ROUND: Duration = Duration::from_secs(60);

/// How often it is looked for whom to ask about, in rounds.
const ASK_EVERY: u32 = 10;

/// How soon it is tried again where that failed: until somebody leads, the state may not be there.
const AGAIN: Duration = Duration::from_secs(1);

/// One door a source, whoever leads.
pub struct Doors {
    open: Mutex<Arc<[Arc<dyn Door>]>>,
}

impl Doors {
    pub fn open(config: &Config) -> Result<Doors, EdgeError> {
        Ok(Doors { open: Mutex::new(wiring::doors(config)?.into()) })
    }

    /// Takes a new configuration; where it opens no doors, those that are open stay so.
    pub fn configure(&self, config: &Config) {
        match wiring::doors(config) {
            Ok(doors) => *self.open.lock().unwrap_or_else(PoisonError::into_inner) = doors.into(),
            Err(error) => {
                tracing::error!(
                    error = error.chain(),
                    hint = error.hint,
                    "SAML stays as it was configured before"
                );
            }
        }
    }

    pub fn named(&self, source: &str) -> Option<Arc<dyn Door>> {
        self.all().iter().find(|door| door.source().as_str() == source).cloned()
    }

    /// Keeps them open until it is asked to stop.
    pub async fn keep(self: Arc<Doors>, stop: Arc<Stop>) {
        let (mut rounds, mut is_first) = (0_u32, true);
        while !stop.is_asked() {
            let mut pause = ROUND;
            for door in self.all().iter() {
                if !attend(door.as_ref(), is_first).await {
                    pause = AGAIN;
                } else if rounds.is_multiple_of(ASK_EVERY) {
                    ask(door.as_ref()).await;
                }
            }
            is_first = false;
            rounds = rounds.wrapping_add(u32::from(pause == ROUND));
            tokio::select! {
                () = stop.asked() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    fn all(&self) -> Arc<[Arc<dyn Door>]> {
        Arc::clone(&self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether people can be heard. At first that may fail: whoever leads is only about to make the state.
async fn attend(door: &dyn Door, is_first: bool) -> bool {
    let source = door.source().as_str();
    let Err(error) = door.attend().await else { return true };
    if !is_first {
        let (error, hint) = (error.chain(), &error.hint);
        tracing::warn!(source, error, hint, "it cannot be written down that people can be heard");
    }
    false
}

async fn ask(door: &dyn Door) {
    let source = door.source().as_str();
    match door.ask().await {
        Ok(Some(asked)) if asked.answered + asked.refused + asked.unreached > 0 => {
            let (answered, refused, unreached) = (asked.answered, asked.refused, asked.unreached);
            tracing::info!(
                source,
                answered,
                refused,
                unreached,
                "the identity provider was asked about people"
            );
        }
        Ok(Some(_) | None) => {}
        Err(error) => {
            let (error, hint) = (error.chain(), &error.hint);
            tracing::warn!(source, error, hint, "the identity provider cannot be asked about people");
        }
    }
}
