//! `[serve]` and `[[schedule]]` as written.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::app::config::written::{DurationText, Secret, Written};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Serve {
    /// Address and port of `/healthz`, `/readyz`, `/metrics` and the rest. A change needs a restart.
    #[schemars(extend("default" = "127.0.0.1:8930"))]
    pub listen: Option<Written<String>>,
    /// PEM file of the certificate and the chain above it; read again when it changes.
    pub certificate: Option<Written<String>>,
    /// PEM file of the certificate's key.
    pub key: Option<Written<String>>,
    /// Whoever sends it as bearer may ask for runs and read plans. Unset: nobody may.
    pub token: Option<Written<Secret>>,
    /// A folder of approvals: a plan that would wait for a person is applied where a plan file `*.json` here has exactly its
    /// changes, with the signatures beside it that `[approval]` asks for. Without `[approval] required`, whoever may write
    /// this folder approves.
    pub approved: Option<Written<String>>,
    /// Allows to listen beyond this host without a certificate, for a proxy that has one.
    #[schemars(extend("default" = false))]
    pub allow_plaintext: Option<bool>,
    /// Pages under `/plans`, on which people whom GitLab signs in see the plan that waits, and approve or reject it.
    pub sign_in: Option<Written<SignIn>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The address of this port as browsers know it, without a path: `https`, save to this machine. GitLab's application has
    /// `/plans/sign-in/callback` below it as its redirect URI.
    #[schemars(required)]
    pub public_url: Option<Written<String>>,
    /// Of an application in GitLab: confidential, with the scope `openid`.
    #[schemars(required)]
    pub client_id: Option<Written<String>>,
    #[schemars(required)]
    pub client_secret: Option<Written<Secret>>,
    /// Who may see plans, and approve or reject them: usernames of GitLab, or `id:7` for the account of that number. A name stands for
    /// the account that bears it when it first signs in, also after it is renamed.
    #[schemars(required)]
    pub approvers: Option<Vec<Written<String>>>,
    /// A session ends when nothing was asked for so long.
    #[schemars(extend("default" = "30m"))]
    pub idle_for: Option<Written<DurationText>>,
    /// A session ends so long after signing in.
    #[schemars(extend("default" = "8h"))]
    pub signed_in_for: Option<Written<DurationText>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Shown in logs and metrics; what was missed is remembered by it.
    #[schemars(required)]
    pub name: Option<Written<String>>,
    /// Minute, hour, day of the month, month and weekday, as cron knows them. Either this or `every`.
    pub cron: Option<Written<String>>,
    /// The clock that `cron` is read on, such as `Europe/Zurich`. What falls into an hour that is skipped comes right
    /// after it; what falls into an hour that comes twice comes once.
    #[schemars(extend("default" = "UTC"))]
    pub time_zone: Option<Written<String>>,
    /// From the beginning of one run to that of the next. Either this or `cron`.
    pub every: Option<Written<DurationText>>,
    /// Each run is put off by a part of this, chosen by chance.
    #[schemars(extend("default" = "0s"))]
    pub jitter: Option<Written<DurationText>>,
    /// What becomes of the plan. `report`: it is published; `approve`: it waits for a person; `auto`: it is applied
    /// within the limits, and beyond them waits for a person.
    #[schemars(extend("default" = "report"))]
    pub mode: Option<Mode>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Report,
    Approve,
    Auto,
}
