//! Signing in with GitLab, and out.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::app::output;
use crate::app::serve::http::desk::Desk;
use crate::app::serve::pages::answer::{Trouble, sent_to};
use crate::app::serve::pages::cookies::{Cookie, packed, unpacked};
use crate::app::serve::pages::forms::is_ours;
use crate::app::serve::pages::secrets::{form_token, is_same, kept, random};
use crate::gitlab::openid::id_token::Arrival;
use crate::gitlab::openid::sign_in::{Departure, SignInError};
use crate::planning::votes::{Admission, Pins, admission};
use crate::store::database::Store;

/// What GitLab sends browsers back with (OAuth 2.0, section 4.1.2).
#[derive(Deserialize)]
pub struct Back {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

#[derive(Deserialize)]
pub struct SignOut {
    #[serde(default)]
    token: String,
}

/// Sends the browser to GitLab.
pub async fn depart(State(desk): State<Desk>) -> Result<Response, Trouble> {
    let reception = desk.pages.reception().ok_or(Trouble::NoPages)?;
    desk.pages.sign_ins.check().map_err(|_| Trouble::TooMuch)?;
    let departure = Departure { state: random(), nonce: random(), verifier: random() };
    let place = reception.sign_in.depart(&departure).await.map_err(|error| failed(&error))?;
    let cookie = Cookie::Departure.set(&packed(&departure), reception.config.is_secure);
    Ok(sent_to(place.as_str(), Some(cookie)))
}

/// Lets in whoever comes back from GitLab in the browser that was sent there. Each session has a secret of its own, which no
/// earlier page of that browser has seen.
pub async fn arrive(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Query(back): Query<Back>,
) -> Result<Response, Trouble> {
    let reception = desk.pages.reception().ok_or(Trouble::NoPages)?;
    let is_secure = reception.config.is_secure;
    let departure = Cookie::Departure.sent(&headers, is_secure).and_then(|cookie| unpacked(&cookie));
    let departure = departure.filter(|sent| is_same(&sent.state, back.state.as_deref().unwrap_or_default()));
    let departure = departure
        .ok_or(Trouble::SignIn("This browser did not begin this sign-in, or began it too long ago."))?;
    if let Some(error) = back.error {
        tracing::info!(error = error.escape_debug().to_string(), "GitLab signed nobody in");
        return Err(Trouble::SignIn("GitLab was not allowed to say who you are."));
    }
    desk.pages.sign_ins.check().map_err(|_| Trouble::TooMuch)?;
    let code = back.code.unwrap_or_default();
    let arrival = reception.sign_in.arrive(&code, &departure).await.map_err(|error| failed(&error))?;
    let store = desk.pages.archive.store().await?.ok_or(Trouble::NoState)?;
    greet(&desk, &store, &arrival).await?;

    let now = desk.clock.now();
    let secret = random();
    let who = (arrival.account, arrival.username.as_str());
    store.begin_session(&kept(&secret), who, reception.config.lifetime, now).await?;
    let mut response = sent_to("/plans", Some(Cookie::Session.set(&secret, is_secure)));
    response.headers_mut().append("set-cookie", Cookie::Departure.clear(is_secure));
    Ok(response)
}

/// The name of an approver who comes for the first time stands for their account from now on. Strangers are let in as far as
/// the page that tells them so.
async fn greet(desk: &Desk, store: &Store, arrival: &Arrival) -> Result<(), Trouble> {
    let reception = desk.pages.reception().ok_or(Trouble::NoPages)?;
    let Arrival { account, username } = arrival;
    let pins = Pins(store.pins().await?);
    match admission(&reception.config.approvers, &pins, *account, username) {
        Admission::Approver => tracing::info!(%account, "an approver signed in"),
        Admission::Newcomer { name } => {
            store.pin(&name, *account, desk.clock.now()).await?;
            tracing::info!(%account, "an approver signed in for the first time: the name is this account's from now on");
        }
        Admission::NameTaken { by } => tracing::warn!(
            %account, %by,
            "somebody signed in by the name of an approver that stands for another account: to let them in, write `id:{account}`"
        ),
        Admission::Stranger => tracing::warn!(%account, "somebody signed in who is no approver"),
    }
    Ok(())
}

/// Ends the session, in the state and in the browser.
pub async fn sign_out(
    State(desk): State<Desk>,
    headers: HeaderMap,
    Form(form): Form<SignOut>,
) -> Result<Response, Trouble> {
    let reception = desk.pages.reception().ok_or(Trouble::NoPages)?;
    let is_secure = reception.config.is_secure;
    let Some(secret) = Cookie::Session.sent(&headers, is_secure) else {
        return Ok(sent_to("/plans", None));
    };
    if !is_ours(&headers, &reception.config.origin, &form.token, &form_token(&secret)) {
        return Err(Trouble::Forged);
    }
    let store = desk.pages.archive.store().await?.ok_or(Trouble::NoState)?;
    store.end_session(&kept(&secret)).await?;
    Ok(sent_to("/plans", Some(Cookie::Session.clear(is_secure))).into_response())
}

fn failed(error: &SignInError) -> Trouble {
    tracing::error!(error = output::chain(error), hint = error.hint(), "nobody could be signed in");
    Trouble::SignIn(
        "GitLab could not be asked who you are, or its answer counts for nothing. The log says why.",
    )
}
