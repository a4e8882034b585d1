//! `[approval]`, as written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::config::written::{DurationText, Written};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Whether an apply that changes anything needs a signed plan file: `--yes`, a digest, a yes at the terminal and the
    /// limits of the guard are no approval then.
    #[schemars(extend("default" = false))]
    pub required: Option<bool>,
    /// Whose signatures count: a file of allowed signers as `ssh-keygen -Y verify` reads it, with `namespaces`, `valid-after`
    /// and `valid-before`; without patterns of names and without `cert-authority`. Its times are in UTC.
    pub allowed_signers: Option<Written<String>>,
    /// So many people must have signed; who signs twice, or with two keys, counts once.
    #[schemars(range(min = 1), extend("default" = 1))]
    pub at_least: Option<u32>,
    /// How old a plan may be when it is applied. A signature carries no time: it is as old as its plan.
    #[schemars(extend("default" = "3d"))]
    pub valid_for: Option<Written<DurationText>>,
    /// Whether the signature of whoever runs the apply does not count. Who that is, `--as` says, or `SEATSYNC_OPERATOR`,
    /// or `GITLAB_USER_EMAIL` of a pipeline, or the local account: it is as true as whoever sets these is trusted.
    #[schemars(extend("default" = false))]
    pub four_eyes: Option<bool>,
    /// Whether votes on the pages of `[serve.sign_in]` count where `required`. They are never added to signatures: so many
    /// people must have done the one, or the other.
    #[schemars(extend("default" = false))]
    pub by_page: Option<bool>,
}
