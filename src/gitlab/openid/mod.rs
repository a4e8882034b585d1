//! GitLab signs people in to our pages: OpenID Connect, the authorization code flow with PKCE.

pub mod application;
pub mod id_token;
pub mod sign_in;
