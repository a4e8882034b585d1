//! What an HTTP answer means before anybody looks for data in it; pure.

use reqwest::header::{HeaderMap, LINK};
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

/// The address of the page after the one `asked` for, of a `Link` header (RFC 8288); where there is none, of GitLab's own
/// `X-Next-Page` and `X-Next-Cursor`: a list that something in between has cut must not look whole. Only the query of a
/// link is taken: the token goes to the configured GitLab and nowhere else, and an instance behind a proxy may not know
/// its own address.
pub fn next_page(headers: &HeaderMap, asked: &Url) -> Option<Url> {
    let mut links = headers.get_all(LINK).iter().filter_map(|link| link.to_str().ok());
    if let Some(linked) = links.find_map(next_link).and_then(|target| asked.join(target).ok()) {
        let mut next = asked.clone();
        next.set_query(linked.query());
        return Some(next);
    }
    [("x-next-cursor", "cursor"), ("x-next-page", "page")].into_iter().find_map(|(header, parameter)| {
        let value = text(headers, header).filter(|value| !value.is_empty())?;
        let others: Vec<(String, String)> =
            asked.query_pairs().into_owned().filter(|(name, _)| name != parameter).collect();
        let mut next = asked.clone();
        next.query_pairs_mut().clear().extend_pairs(others).append_pair(parameter, value);
        Some(next)
    })
}

/// The target of the link that says `next`, of all the links of one header.
fn next_link(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some((target, after)) = rest.split_once('<').and_then(|(_, link)| link.split_once('>')) {
        let (parameters, others) = after.split_at(end_of_link(after));
        if parameters.split(';').any(says_next) {
            return Some(target);
        }
        rest = others;
    }
    None
}

/// Where the comma stands that ends a link; one in quotes does not.
fn end_of_link(parameters: &str) -> usize {
    let mut is_quoted = false;
    let end = parameters.find(|c| {
        is_quoted ^= c == '"';
        c == ',' && !is_quoted
    });
    end.unwrap_or(parameters.len())
}

/// A link may have several relations, with or without quotes.
fn says_next(parameter: &str) -> bool {
    parameter.split_once('=').is_some_and(|(name, relations)| {
        let mut relations = relations.trim().trim_matches('"').split_ascii_whitespace();
        name.trim().eq_ignore_ascii_case("rel") && relations.any(|one| one.eq_ignore_ascii_case("next"))
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

    use crate::gitlab::answer::{judge, next_page};
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

    fn next(pairs: &[(&str, &str)]) -> Option<String> {
        let asked = "http://g/api/v4/users?per_page=100&page=1".parse().unwrap();
        next_page(&headers(pairs), &asked).map(String::from)
    }

    #[test]
    fn the_next_page_is_found_in_every_form_that_a_link_may_take() {
        let first = "<https://g/api?a=1>; rel=\"first\"";
        for link in [
            "<https://g/api/v4/users?cursor=x>; rel=\"next\"",
            "<https://elsewhere/api/v4/users?cursor=x>; rel=next",
            "</api/v4/users?cursor=x>;REL = \"prefetch next\"",
            "<?cursor=x>; title=\"a, b; c\"; rel=\"next\"",
        ] {
            for header in [link.to_owned(), format!("{first}, {link}"), format!("{link} , {first}")] {
                let found = next(&[("link", &header)]);
                assert_eq!(found.as_deref(), Some("http://g/api/v4/users?cursor=x"), "{header}");
            }
            let two = next(&[("link", first), ("link", link)]);
            assert_eq!(two.as_deref(), Some("http://g/api/v4/users?cursor=x"), "{link}");
        }
        let comma = next(&[("link", "<https://g/x?cursor=1,2>; rel=\"next\"")]);
        assert_eq!(comma.as_deref(), Some("http://g/api/v4/users?cursor=1,2"));
    }

    #[test]
    fn a_list_that_has_lost_its_links_goes_on_by_gitlab_s_own_headers() {
        let page = next(&[("x-next-page", "2")]);
        assert_eq!(page.as_deref(), Some("http://g/api/v4/users?per_page=100&page=2"));
        let cursor = next(&[("x-next-cursor", "eyJ9=")]);
        assert_eq!(cursor.as_deref(), Some("http://g/api/v4/users?per_page=100&page=1&cursor=eyJ9%3D"));
    }

    #[test]
    fn the_last_page_has_none_after_it() {
        assert_eq!(next(&[("link", "<https://g/api?a=1>; rel=\"first\""), ("x-next-page", "")]), None);
        assert_eq!(next(&[("link", "nonsense")]), None);
        assert_eq!(next(&[]), None);
    }
}
