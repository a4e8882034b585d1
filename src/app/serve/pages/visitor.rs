//! Whoever is signed in, and may see plans now.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::app::serve::http::desk::Desk;
use crate::app::serve::pages::answer::Trouble;
use crate::app::serve::pages::cookies::Cookie;
use crate::app::serve::pages::reception::Reception;
use crate::app::serve::pages::secrets::{form_token, kept};
use crate::model::account::AccountId;
use crate::planning::votes::{Admission, Pins, admission};
use crate::report::pages::visitor::VisitorView;
use crate::report::words::moment;
use crate::store::database::Store;

/// Proof that a request comes with a session that is not over, of an approver.
pub struct Visitor {
    pub account: AccountId,
    pub username: String,
    /// What the forms of this session hold.
    pub token: String,
    pub view: VisitorView,
    pub reception: Arc<Reception>,
    pub store: Arc<Store>,
}

impl FromRequestParts<Desk> for Visitor {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Visitor, Trouble> {
        let reception = desk.pages.reception().ok_or(Trouble::NoPages)?;
        let secret = Cookie::Session.sent(&parts.headers, reception.config.is_secure);
        let secret = secret.ok_or(Trouble::NotSignedIn)?;
        let store = desk.pages.archive.store().await?.ok_or(Trouble::NoState)?;
        let lifetime = reception.config.lifetime;
        let session = store.session(&kept(&secret), lifetime, desk.clock.now()).await?;
        let session = session.ok_or(Trouble::NotSignedIn)?;
        let token = form_token(&secret);
        let view = VisitorView {
            username: session.username.clone(),
            token: token.clone(),
            until: session.began_at.checked_add(lifetime.whole).map(moment).unwrap_or_default(),
        };
        // The configuration may have changed since they signed in.
        let pins = Pins(store.pins().await?);
        match admission(&reception.config.approvers, &pins, session.account, &session.username) {
            Admission::Approver => Ok(Visitor {
                account: session.account,
                username: session.username,
                token,
                view,
                reception,
                store,
            }),
            Admission::Newcomer { .. } | Admission::NameTaken { .. } | Admission::Stranger => {
                Err(Trouble::Stranger(view))
            }
        }
    }
}
