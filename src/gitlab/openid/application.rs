//! What GitLab knows our pages as.

use secrecy::SecretString;
use url::Url;

/// A confidential application of GitLab with the scope `openid`.
#[derive(Debug, Clone)]
pub struct Application {
    pub client_id: String,
    pub client_secret: SecretString,
    /// Where GitLab sends people back to, as it is registered there.
    pub redirect_uri: Url,
}
