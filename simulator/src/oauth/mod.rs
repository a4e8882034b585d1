//! GitLab as an OpenID provider: the authorization code flow with PKCE, as `doorkeeper-openid_connect` does it.

mod authorize;
mod claims;
mod discovery;
mod grants;
mod key;
pub(crate) mod provider;
mod token;
mod userinfo;
