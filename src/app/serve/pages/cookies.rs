//! What a browser keeps for us: who is signed in, and what it was sent to GitLab with.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::gitlab::openid::sign_in::Departure;

/// Longer than whoever signs in takes, shorter than a lunch.
const DEPARTURE_SECONDS: u32 = 600;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    /// The secret of a session. It ends with the browser, or sooner.
    Session,
    /// What belongs to a sign-in that is under way: nothing of that is kept here, so nobody can fill us up with it.
    Departure,
}

impl Cookie {
    /// With the prefix that no other host of the domain, and nobody on a plain connection, can set it
    /// (RFC 6265bis, section 4.1.3.2); without it where this machine alone is reached, and without TLS.
    fn name(self, is_secure: bool) -> &'static str {
        match (self, is_secure) {
            (Cookie::Session, true) => "__Host-seatsync-session",
            (Cookie::Session, false) => "seatsync-session",
            (Cookie::Departure, true) => "__Host-seatsync-sign-in",
            (Cookie::Departure, false) => "seatsync-sign-in",
        }
    }

    /// What the browser sent; nothing where it sent two.
    pub fn sent(self, headers: &HeaderMap, is_secure: bool) -> Option<String> {
        let name = self.name(is_secure);
        let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut values = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
        values.next().filter(|_| values.next().is_none())
    }

    /// Scripts do not see it. It comes with links from elsewhere (a mail, GitLab), and with no form or request of another site.
    pub fn set(self, value: &str, is_secure: bool) -> HeaderValue {
        let age = match self {
            Cookie::Session => String::new(),
            Cookie::Departure => format!("; Max-Age={DEPARTURE_SECONDS}"),
        };
        self.header(value, &age, is_secure)
    }

    pub fn clear(self, is_secure: bool) -> HeaderValue {
        self.header("", "; Max-Age=0", is_secure)
    }

    fn header(self, value: &str, age: &str, is_secure: bool) -> HeaderValue {
        let secure = if is_secure { "; Secure" } else { "" };
        let line = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}", self.name(is_secure));
        HeaderValue::from_str(&line).expect("its parts are base64 and our own words")
    }
}

/// As the cookie holds it.
pub fn packed(departure: &Departure) -> String {
    let Departure { state, nonce, verifier } = departure;
    format!("{state}.{nonce}.{verifier}")
}

pub fn unpacked(text: &str) -> Option<Departure> {
    let mut parts = text.split('.').map(str::to_owned);
    let departure = Departure { state: parts.next()?, nonce: parts.next()?, verifier: parts.next()? };
    parts.next().is_none().then_some(departure)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, header};

    use crate::app::serve::pages::cookies::{Cookie, packed, unpacked};
    use crate::gitlab::openid::sign_in::Departure;

    #[test]
    fn a_cookie_is_found_among_others_and_two_of_a_name_are_none() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "a=b; __Host-seatsync-session=secret; c=d".parse().unwrap());
        assert_eq!(Cookie::Session.sent(&headers, true).as_deref(), Some("secret"));
        assert_eq!(Cookie::Session.sent(&headers, false), None);
        headers.append(header::COOKIE, "__Host-seatsync-session=other".parse().unwrap());
        assert_eq!(Cookie::Session.sent(&headers, true), None);
    }

    #[test]
    fn no_script_and_no_other_site_gets_at_it() {
        assert_eq!(
            Cookie::Session.set("secret", true),
            "__Host-seatsync-session=secret; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            Cookie::Departure.clear(false),
            "seatsync-sign-in=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        );
    }

    #[test]
    fn a_departure_is_packed_whole() {
        let departure = Departure { state: "s".to_owned(), nonce: "n".to_owned(), verifier: "v".to_owned() };
        assert_eq!(unpacked(&packed(&departure)), Some(departure));
        assert_eq!((unpacked("s.n"), unpacked("s.n.v.x"), unpacked("")), (None, None, None));
    }
}
