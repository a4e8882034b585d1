//! Who may ask for runs and read plans: whoever shows the token of the configuration.

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode};

use crate::app::serve::http::desk::Desk;

/// Proof that the request showed the token.
pub struct Bearer;

/// Why a request is not answered.
pub enum Stranger {
    /// The configuration has no token, so nobody may: also nobody on this machine, where every account and every web page
    /// in a browser could reach the port.
    NoToken,
    WrongToken,
}

impl FromRequestParts<Desk> for Bearer {
    type Rejection = Stranger;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Bearer, Stranger> {
        let standing = desk.board.standing();
        let token = standing.token.as_ref().ok_or(Stranger::NoToken)?;
        let shown = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        // The scheme is not case-sensitive (RFC 9110, section 11.1).
        let shown = shown
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        match shown {
            Some((_, shown)) if token.is_of(shown.trim()) => Ok(Bearer),
            Some(_) | None => Err(Stranger::WrongToken),
        }
    }
}

impl axum::response::IntoResponse for Stranger {
    fn into_response(self) -> axum::response::Response {
        const CHALLENGE: [(HeaderName, &str); 1] = [(WWW_AUTHENTICATE, "Bearer")];
        match self {
            Stranger::NoToken => {
                (StatusCode::FORBIDDEN, "`[serve] token` is not set: this is not open to anybody\n")
                    .into_response()
            }
            Stranger::WrongToken => {
                (StatusCode::UNAUTHORIZED, CHALLENGE, "the token of `[serve] token` is needed\n")
                    .into_response()
            }
        }
    }
}
