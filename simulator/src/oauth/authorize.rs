//! `/oauth/authorize`: who are you, and may this application know? GitLab asks for a password; here one is chosen.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;
use url::Url;

use crate::http::throttle::unix_now;
use crate::oauth::grants::{Challenge, Grant};
use crate::oauth::provider::Provider;
use crate::world::gitlab::World;

/// The parameters of OAuth 2.0, section 4.1.1, of PKCE and of OpenID Connect.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Wish {
    client_id: Option<String>,
    redirect_uri: Option<String>,
    response_type: Option<String>,
    #[serde(default)]
    scope: String,
    state: Option<String>,
    nonce: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
}

/// The same, and who answered what.
#[derive(Debug, Deserialize)]
pub(crate) struct Decision {
    #[serde(flatten)]
    wish: Wish,
    /// A username; without one, access is denied.
    #[serde(default)]
    username: String,
}

/// Shows the form.
pub(crate) async fn ask(State(provider): State<Arc<Provider>>, Query(wish): Query<Wish>) -> Response {
    let world = provider.world();
    match (known(&wish, &world), wish.fault()) {
        (Err(words), _) => refused(words),
        (Ok(back), Some(fault)) => sent_back(back, &wish, &[("error", fault)]),
        (Ok(_), None) => Html(form(&wish, &world)).into_response(),
    }
}

/// Sends the browser back with a code, or with a refusal.
pub(crate) async fn decide(
    State(provider): State<Arc<Provider>>,
    Form(decision): Form<Decision>,
) -> Response {
    let wish = decision.wish;
    let (back, account) = {
        let world = provider.world();
        let back = match known(&wish, &world) {
            Ok(back) => back,
            Err(words) => return refused(words),
        };
        let account = world.account_by_username(&decision.username);
        (back, account.filter(|account| account.is_active()).map(|account| account.id))
    };
    if let Some(fault) = wish.fault() {
        return sent_back(back, &wish, &[("error", fault)]);
    }
    let Some(account) = account else {
        let denied = "The resource owner or authorization server denied the request.";
        return sent_back(back, &wish, &[("error", "access_denied"), ("error_description", denied)]);
    };
    let challenge = wish
        .code_challenge
        .clone()
        .map(|value| Challenge { value, is_hashed: wish.code_challenge_method.as_deref() == Some("S256") });
    let code = provider.grants().code(Grant {
        account,
        client_id: wish.client_id.clone().unwrap_or_default(),
        redirect_uri: back.to_string(),
        scope: wish.scope.clone(),
        nonce: wish.nonce.clone(),
        challenge,
        granted_at: unix_now(),
    });
    sent_back(back, &wish, &[("code", &code)])
}

/// Where the browser may be sent back to. Nobody is sent to an address that the application did not register.
fn known(wish: &Wish, world: &World) -> Result<Url, &'static str> {
    let application = world.application(wish.client_id.as_deref().unwrap_or_default());
    let application = application.ok_or(
        "Client authentication failed due to unknown client, no client authentication included, or unsupported \
         authentication method.",
    )?;
    let uri = wish.redirect_uri.as_ref().filter(|uri| application.redirect_uris.contains(uri));
    uri.and_then(|uri| Url::parse(uri).ok()).ok_or("The redirect URI included is not valid.")
}

impl Wish {
    fn fault(&self) -> Option<&'static str> {
        if self.response_type.as_deref() != Some("code") {
            Some("unsupported_response_type")
        } else if self.scope.split(' ').any(|scope| scope != "openid") {
            // The applications of this GitLab have no other scope.
            Some("invalid_scope")
        } else {
            None
        }
    }
}

fn sent_back(mut to: Url, wish: &Wish, with: &[(&str, &str)]) -> Response {
    to.query_pairs_mut().extend_pairs(with);
    if let Some(state) = &wish.state {
        to.query_pairs_mut().append_pair("state", state);
    }
    (StatusCode::FOUND, [(LOCATION, to.to_string())]).into_response()
}

fn refused(words: &str) -> Response {
    let page = format!("<!DOCTYPE html><title>An error has occurred</title><p>{words}</p>");
    (StatusCode::UNAUTHORIZED, Html(page)).into_response()
}

fn form(wish: &Wish, world: &World) -> String {
    let hidden = [
        ("client_id", &wish.client_id),
        ("redirect_uri", &wish.redirect_uri),
        ("response_type", &wish.response_type),
        ("state", &wish.state),
        ("nonce", &wish.nonce),
        ("code_challenge", &wish.code_challenge),
        ("code_challenge_method", &wish.code_challenge_method),
        ("scope", &Some(wish.scope.clone())),
    ];
    let hidden: String = hidden
        .iter()
        .filter_map(|(name, value)| Some((name, value.as_deref()?)))
        .map(|(name, value)| format!("<input type=hidden name={name} value=\"{}\">", escaped(value)))
        .collect();
    let people = world.accounts().filter(|account| account.is_human() && account.is_active());
    let options: String =
        people.map(|account| format!("<option>{}</option>", escaped(&account.username))).collect();
    format!(
        "<!DOCTYPE html><html lang=en><title>Sign in · simulated GitLab</title><h1>A simulated GitLab</h1>\
         <p>An application asks who you are.<form method=post>{hidden}<label>Sign in as \
         <select name=username id=username>{options}</select></label> <button id=authorize>Authorize</button></form>\
         <form method=post>{hidden}<button id=deny>Deny</button></form>"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
