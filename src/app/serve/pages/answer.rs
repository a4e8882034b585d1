//! Answers of the pages: what they say, and what no browser may do with them.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::ports::EdgeError;
use crate::report::pages::visitor::VisitorView;
use crate::report::pages::{self, DoorView, Way};

/// Why somebody does not get what they asked for.
#[derive(Debug)]
pub enum Trouble {
    /// The configuration has no `[serve.sign_in]`.
    NoPages,
    NotSignedIn,
    /// Signed in to GitLab, and no approver here.
    Stranger(VisitorView),
    /// A form that is not of our page, or of another session.
    Forged,
    /// What they speak of waits no more.
    Gone,
    /// The plan may not be approved here, and why.
    NotNow(&'static str),
    TooMuch,
    /// GitLab signed nobody in.
    SignIn(&'static str),
    NoState,
}

impl From<EdgeError> for Trouble {
    fn from(error: EdgeError) -> Trouble {
        tracing::error!(error = error.chain(), hint = error.hint, "a page cannot be shown");
        Trouble::NoState
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let door = |status: StatusCode, title: &str, sentence: &str, way: Option<(&str, &str)>| {
            let way = way.map(|(href, words)| Way { href: href.to_owned(), words: words.to_owned() });
            let view = DoorView {
                title: title.to_owned(),
                sentences: vec![sentence.to_owned()],
                way,
                visitor: None,
            };
            (status, page(pages::door(&view))).into_response()
        };
        let back = Some(("/plans", "Look at what waits"));
        let sign_in = Some(("/plans/sign-in", "Sign in with GitLab"));
        match self {
            Trouble::NoPages => {
                (StatusCode::NOT_FOUND, "`[serve.sign_in]` is not set: there are no pages\n").into_response()
            }
            Trouble::NotSignedIn => {
                let words = "Whoever may approve plans is known by their account in GitLab.";
                door(StatusCode::FORBIDDEN, "Sign in to see plans", words, sign_in)
            }
            Trouble::Stranger(visitor) => {
                let view = DoorView {
                    title: "You are not among the approvers".to_owned(),
                    sentences: vec![
                        "GitLab knows you, and the configuration of seatsync does not name you.".to_owned(),
                        "Ask whoever runs it, or sign in to GitLab with another account.".to_owned(),
                    ],
                    way: None,
                    visitor: Some(visitor),
                };
                (StatusCode::FORBIDDEN, page(pages::door(&view))).into_response()
            }
            Trouble::Forged => {
                let words = "It came from another page, or from a session that is over. Nothing was done.";
                door(StatusCode::FORBIDDEN, "This was not asked here", words, back)
            }
            Trouble::Gone => {
                let words =
                    "It was applied, or made anew with other changes, since you looked. Nothing was done.";
                door(StatusCode::CONFLICT, "This plan waits no more", words, back)
            }
            Trouble::NotNow(words) => door(StatusCode::CONFLICT, "This cannot be approved", words, back),
            Trouble::TooMuch => {
                let words = "More is asked for than people ask for. Try again in a minute.";
                door(StatusCode::TOO_MANY_REQUESTS, "Too much at once", words, back)
            }
            Trouble::SignIn(words) => door(StatusCode::FORBIDDEN, "You are not signed in", words, sign_in),
            Trouble::NoState => {
                let words =
                    "The state, in which plans are kept, cannot be opened just now. The log says why.";
                door(StatusCode::SERVICE_UNAVAILABLE, "Not now", words, back)
            }
        }
    }
}

/// One of our pages.
pub fn page(html: String) -> Response {
    document(html.into_bytes(), "text/html; charset=utf-8", &pages::policy())
}

/// A document that names people: it is kept by nobody on the way, taken for nothing else, and shown in no other page.
pub fn document(bytes: Vec<u8>, kind: &'static str, policy: &str) -> Response {
    const HEADERS: [(HeaderName, &str); 4] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Browsers send `Origin: null` with forms of a page that has no referrer at all.
        (header::REFERRER_POLICY, "same-origin"),
    ];
    let mut headers: HeaderMap =
        HEADERS.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    (headers, bytes).into_response()
}

/// Sends the browser to a path of our own, or to GitLab. Never to where a request says.
pub fn sent_to(place: &str, cookie: Option<HeaderValue>) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match HeaderValue::from_str(place) {
        Ok(place) => headers.insert(header::LOCATION, place),
        Err(_) => return Trouble::NoState.into_response(),
    };
    if let Some(cookie) = cookie {
        headers.insert(header::SET_COOKIE, cookie);
    }
    (StatusCode::SEE_OTHER, headers).into_response()
}
