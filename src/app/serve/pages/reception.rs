//! Who is let in to the pages, as the configuration says now.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::app::config::Config;
use crate::app::config::meaning::sign_in::SignInConfig;
use crate::app::serve::pages::archive::Archive;
use crate::gitlab::openid::sign_in::SignIn;
use crate::model::approval::ApprovalPolicy;

/// People sign in a few times a day. Each sign-in asks GitLab once or twice, so strangers shall not make us ask without end.
const SIGN_INS_A_MINUTE: NonZeroU32 = NonZeroU32::new(60).expect("it is not zero");

/// Each vote is a line of the record that stays.
const VOTES_A_MINUTE: NonZeroU32 = NonZeroU32::new(30).expect("it is not zero");

/// Shared by all requests.
pub struct Pages {
    pub archive: Archive,
    reception: Mutex<Option<Arc<Reception>>>,
    pub sign_ins: DefaultDirectRateLimiter,
    pub votes: DefaultDirectRateLimiter,
}

/// What the configuration says of signing in, and whoever does it.
pub struct Reception {
    pub config: SignInConfig,
    pub approval: ApprovalPolicy,
    pub sign_in: SignIn,
}

impl Pages {
    pub fn new(config: &Config) -> Pages {
        Pages {
            archive: Archive::new(config.state.place.clone()),
            reception: Mutex::new(Reception::of(config)),
            sign_ins: RateLimiter::direct(Quota::per_minute(SIGN_INS_A_MINUTE)),
            votes: RateLimiter::direct(Quota::per_minute(VOTES_A_MINUTE)),
        }
    }

    /// Goes by this configuration from now on. Whoever is signed in stays it, as far as they may see plans still.
    pub async fn follow(&self, config: &Config) {
        *self.reception.lock().unwrap_or_else(PoisonError::into_inner) = Reception::of(config);
        self.archive.follow(&config.state.place).await;
    }

    /// `None` where there are no pages.
    pub fn reception(&self) -> Option<Arc<Reception>> {
        self.reception.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Reception {
    fn of(config: &Config) -> Option<Arc<Reception>> {
        let sign_in = config.serve.sign_in.clone()?;
        match SignIn::new(&config.gitlab, sign_in.application.clone()) {
            Ok(made) => Some(Arc::new(Reception {
                config: sign_in,
                approval: config.policy.approval.clone(),
                sign_in: made,
            })),
            Err(error) => {
                tracing::error!(%error, "nobody can sign in");
                None
            }
        }
    }
}
