//! Whether a form that was sent is one of ours, sent by whoever it was shown to.

use axum::http::{HeaderMap, header};

use crate::app::serve::pages::secrets::is_same;

/// Whether the form was sent from a page of `origin`, and holds the token of this session. Either alone would do; browsers
/// of all ages have one of them.
pub fn is_ours(headers: &HeaderMap, origin: &str, sent: &str, token: &str) -> bool {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let from_here = said(header::ORIGIN.as_str()) == Some(origin);
    let of_this_site = said("sec-fetch-site").is_none_or(|site| site == "same-origin");
    from_here && of_this_site && is_same(sent, token)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderName};

    use crate::app::serve::pages::forms::is_ours;

    const ORIGIN: &str = "https://seats.example.com";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_form_is_ours_only_with_both_the_origin_and_the_token() {
        let here = headers(&[("origin", ORIGIN), ("sec-fetch-site", "same-origin")]);
        assert!(is_ours(&here, ORIGIN, "token", "token"));
        assert!(is_ours(&headers(&[("origin", ORIGIN)]), ORIGIN, "token", "token"));
        assert!(!is_ours(&here, ORIGIN, "", "token"));
        for other in [
            &[("origin", "https://attacker.example")][..],
            &[("origin", "null")],
            &[("origin", "https://seats.example.com.attacker.example")],
            &[("origin", ORIGIN), ("sec-fetch-site", "cross-site")],
            &[("origin", ORIGIN), ("sec-fetch-site", "same-site")],
            &[],
        ] {
            assert!(!is_ours(&headers(other), ORIGIN, "token", "token"), "{other:?}");
        }
    }
}
