//! `[notify]` as written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::config::written::{DurationText, Secret, Written};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// How long a source may be read in part before anybody is told.
    #[schemars(extend("default" = "1d"))]
    pub source_partial_after: Option<Written<DurationText>>,
    /// So few free seats of an add-on are nearly none.
    #[schemars(extend("default" = 2))]
    pub seats_low: Option<u32>,
    /// A folder of templates (Jinja) that replace ours: `mail.txt`, `mail.html`, or for one kind `trial_ends.txt`.
    pub templates: Option<Written<String>>,
    /// Tells by mail.
    pub mail: Option<Written<Mail>>,
    /// Tells a webhook; NAME is shown in the log.
    #[serde(default)]
    pub webhook: BTreeMap<String, Written<Webhook>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// `smtp://host:587` (STARTTLS, or nothing is sent) or `smtps://host:465`.
    #[schemars(required)]
    pub url: Option<Written<String>>,
    /// The address that mail comes from.
    #[schemars(required)]
    pub from: Option<Written<String>>,
    /// Who hears of what seatsync does.
    #[schemars(extend("default" = []))]
    pub to: Option<Vec<Written<String>>>,
    /// With `password`, for a server that asks who sends.
    pub username: Option<Written<String>>,
    pub password: Option<Written<Secret>>,
    /// PEM file of authorities to trust besides the system's.
    pub ca_file: Option<Written<String>>,
    /// Allows unencrypted `smtp://` to a host that is not this one.
    #[schemars(extend("default" = false))]
    pub allow_plaintext: Option<bool>,
    /// What `to` hears of. Unset: all of it.
    pub notices: Option<Vec<OperationNotice>>,
    /// What people hear of their own seats.
    #[schemars(extend("default" = []))]
    pub people: Option<Vec<PersonalNotice>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where to post. Whoever knows the address of a webhook may post to it, so it is a secret.
    #[schemars(required)]
    pub url: Option<Written<Secret>>,
    /// `json` as Standard Webhooks recommends, or `slack`, which Mattermost takes too.
    #[schemars(extend("default" = "json"))]
    pub shape: Option<WebhookShape>,
    /// Signs what is posted (HMAC-SHA256, as Standard Webhooks has it).
    pub signing_secret: Option<Written<Secret>>,
    /// PEM file of authorities to trust besides the system's.
    pub ca_file: Option<Written<String>>,
    /// Allows plain `http://` to a host that is not this one.
    #[schemars(extend("default" = false))]
    pub allow_plaintext: Option<bool>,
    /// What it hears of. Unset: all of it.
    pub notices: Option<Vec<OperationNotice>>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookShape {
    Json,
    Slack,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperationNotice {
    AwaitsApproval,
    RunFailed,
    AppliedInPart,
    SourcePartial,
    SeatsNearlyGone,
    PeopleWait,
    TrialEnds,
    PurchaseChanged,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonalNotice {
    SeatAssigned,
    SeatEnds,
    SeatTakenBack,
}
