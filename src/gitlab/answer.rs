//! What an HTTP answer means before anybody looks for data in it; pure.

use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::gitlab::error::GitLabError;
use crate::http::answer::{Answer, is_web_page, one_line, redirect_target};
use crate::http::pause::text;

/// Lets pass what may hold data, and puts everything else into words.
pub fn judge(origin: &str, operation: &'static str, answer: &Answer) -> Result<(), GitLabError> {
    let status = answer.status;
    match status {
        200..=299 if is_web_page(answer) => Err(GitLabError::WebPage { operation, status }),
        200..=299 => Ok(()),
        300..=399 => Err(GitLabError::Redirected {
            origin: origin.to_owned(),
            operation,
            target: redirect_target(answer),
        }),
        401 => Err(GitLabError::Token { words: words(&answer.body) }),
        403 => Err(forbidden(operation, answer)),
        404 => Err(GitLabError::NotFound { origin: origin.to_owned(), operation }),
        _ if is_web_page(answer) => Err(GitLabError::WebPage { operation, status }),
        _ => Err(GitLabError::Status { operation, status, words: words(&answer.body) }),
    }
}

/// The address of the next page, of a `Link` header (RFC 8288).
pub fn next_link(headers: &HeaderMap) -> Option<Url> {
    text(headers, "link")?.split(',').find_map(|link| {
        let (address, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let next = parameters.split(';').any(|parameter| {
            let parameter = parameter.trim();
            parameter.eq_ignore_ascii_case("rel=\"next\"") || parameter.eq_ignore_ascii_case("rel=next")
        });
        if next { Url::parse(address).ok() } else { None }
    })
}

fn forbidden(operation: &'static str, answer: &Answer) -> GitLabError {
    let words = words(&answer.body);
    if words.contains("insufficient_scope") {
        GitLabError::Scope { operation }
    } else if words.contains("API not accessible for user") || words.contains("has been blocked") {
        GitLabError::Blocked
    } else if is_web_page(answer) {
        GitLabError::WebPage { operation, status: answer.status }
    } else {
        GitLabError::Forbidden { operation, words }
    }
}

/// GitLab's words, of any of the shapes in which it puts them.
fn words(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Shapes {
        message: Option<Value>,
        error: Option<String>,
        error_description: Option<String>,
        #[serde(default)]
        errors: Vec<Shapes>,
    }
    fn said(shapes: Shapes) -> Vec<String> {
        let message = shapes.message.map(|message| match message {
            Value::String(text) => text,
            other
            @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                other.to_string()
            }
        });
        let own = [shapes.error, shapes.error_description, message].into_iter().flatten();
        own.chain(shapes.errors.into_iter().flat_map(said)).collect()
    }
    match serde_json::from_slice::<Shapes>(body) {
        Ok(shapes) => one_line(&said(shapes).join(": ")),
        Err(_) => one_line(&String::from_utf8_lossy(body)),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use crate::gitlab::answer::{judge, next_link};
    use crate::http::answer::Answer;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    fn verdict(status: u16, pairs: &[(&str, &str)], body: &str) -> String {
        let answer = Answer { status, headers: headers(pairs), body: body.as_bytes().to_vec() };
        match judge("https://gitlab.example.com", "GET /user", &answer) {
            Ok(()) => "ok".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn every_kind_of_refusal_has_its_own_words() {
        let expired = r#"{"error":"invalid_token","error_description":"Token is expired."}"#;
        let scope =
            r#"{"error":"insufficient_scope","error_description":"The request requires higher privileges"}"#;
        let blocked = r#"{"errors":[{"message":"API not accessible for user"}]}"#;
        let moved = [("location", "https://login.example.com/?next=secret")];
        let recorded = [
            verdict(401, &[], expired),
            verdict(401, &[], r#"{"errors":[{"message":"Invalid token"}]}"#),
            verdict(403, &[], scope),
            verdict(403, &[], blocked),
            verdict(403, &[], r#"{"message":"403 Forbidden"}"#),
            verdict(404, &[], "<html>"),
            verdict(302, &moved, ""),
            verdict(200, &[("content-type", "text/html")], "hello"),
            verdict(400, &[], r#"{"message":{"extern_uid":["is bad"]}}"#),
        ];
        assert_eq!(
            recorded,
            [
                "GitLab does not accept the token: invalid_token: Token is expired.",
                "GitLab does not accept the token: Invalid token",
                "the token lacks the scope that `GET /user` needs",
                "the account of the token is blocked or deactivated",
                "GitLab forbids `GET /user`: 403 Forbidden",
                "`https://gitlab.example.com` knows no `GET /user` (status 404)",
                "`https://gitlab.example.com` redirects `GET /user` to `https://login.example.com`",
                "`GET /user` was answered with a web page (status 200)",
                "GitLab refused `GET /user` with status 400: {\"extern_uid\":[\"is bad\"]}",
            ]
        );
    }

    #[test]
    fn only_the_link_to_the_next_page_is_followed() {
        let link = |text: &str| next_link(&headers(&[("link", text)])).map(String::from);
        let both = "<https://g/api?a=1>; rel=\"first\", <https://g/api?cursor=x>; rel=\"next\"";
        assert_eq!(link(both).as_deref(), Some("https://g/api?cursor=x"));
        assert_eq!(link("<https://g/api?a=1>; rel=\"first\""), None);
        assert_eq!(link("nonsense"), None);
    }
}
