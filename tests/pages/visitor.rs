//! Somebody with a browser of their own making: it keeps cookies, follows nothing by itself, and sends whatever it is told.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::scene::Scene;
use crate::sidecar::{Answer, Sidecar};

pub(crate) struct Visitor<'s> {
    pub(crate) scene: &'s Scene,
    pub(crate) sidecar: &'s Sidecar,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl<'s> Visitor<'s> {
    pub(crate) fn new(scene: &'s Scene, sidecar: &'s Sidecar) -> Visitor<'s> {
        Visitor { scene, sidecar, cookies: BTreeMap::new() }
    }

    /// Somebody whom GitLab has signed in.
    #[track_caller]
    pub(crate) fn signed_in(scene: &'s Scene, sidecar: &'s Sidecar, username: &str) -> Visitor<'s> {
        let mut visitor = Visitor::new(scene, sidecar);
        let back = visitor.back_from_gitlab(username);
        let answer = visitor.get(&back);
        assert_eq!((answer.status, header(&answer, "location")), (303, Some("/plans".to_owned())));
        visitor
    }

    /// Goes to GitLab, says who they are, and answers with the path that GitLab sends them back to.
    #[track_caller]
    pub(crate) fn back_from_gitlab(&mut self, username: &str) -> String {
        let sent = self.get("/plans/sign-in");
        assert_eq!(sent.status, 303, "{sent:?}");
        let place = header(&sent, "location").unwrap();
        let (address, path) = place.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let (path, query) = path.split_once('?').unwrap();
        let body = format!("{query}&username={username}");
        let answer = ask(
            address,
            &format!(
                "POST /{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ),
        );
        let back = header(&answer, "location").unwrap_or_else(|| panic!("{answer:?}"));
        back.strip_prefix(&self.scene.origin).unwrap().to_owned()
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        let request = format!("GET {path} HTTP/1.1\r\n{}\r\n", self.head());
        self.send(&request)
    }

    /// Sends a form as the page would from which it comes.
    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let origin = format!("Origin: {}\r\nSec-Fetch-Site: same-origin\r\n", self.scene.origin);
        self.post_from(path, fields, &origin)
    }

    /// Sends a form with these headers.
    pub(crate) fn post_from(&mut self, path: &str, fields: &[(&str, &str)], headers: &str) -> Answer {
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let fields: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let body = fields.join("&");
        let request = format!(
            "POST {path} HTTP/1.1\r\n{}{headers}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.head(),
            body.len()
        );
        self.send(&request)
    }

    /// Approves or rejects what the page shows.
    #[track_caller]
    pub(crate) fn vote(&mut self, choice: &str, comment: &str) -> Answer {
        let page = self.get("/plans");
        let (path, token, digest) = form(&page).unwrap_or_else(|| panic!("{page:?}"));
        self.post(&path, &[("token", &token), ("digest", &digest), ("choice", choice), ("comment", comment)])
    }

    fn head(&self) -> String {
        let host = self.scene.origin.strip_prefix("http://").unwrap();
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies =
            if cookies.is_empty() { String::new() } else { format!("Cookie: {}\r\n", cookies.join("; ")) };
        format!("Host: {host}\r\nConnection: close\r\n{cookies}")
    }

    fn send(&mut self, request: &str) -> Answer {
        let answer = self.sidecar.ask(request);
        for line in answer.head.lines() {
            let Some((name, value)) = line.split_once(": ") else { continue };
            if name.eq_ignore_ascii_case("set-cookie") {
                let (name, rest) = value.split_once('=').unwrap();
                match rest.split(';').next() {
                    Some("") | None => drop(self.cookies.remove(name)),
                    Some(value) => drop(self.cookies.insert(name.to_owned(), value.to_owned())),
                }
            }
        }
        answer
    }
}

/// Where the form of a page goes, its token, and the digest in it.
pub(crate) fn form(page: &Answer) -> Option<(String, String, String)> {
    let action = between(&page.body, "action=\"/plans/sha256:", "\"")?;
    let form = page.body.split("action=\"/plans/sha256:").nth(1)?;
    let token = between(form, "name=\"token\" value=\"", "\"")?;
    let digest = between(form, "name=\"digest\" value=\"", "\"")?;
    Some((format!("/plans/sha256:{action}"), token, digest))
}

pub(crate) fn between(text: &str, before: &str, after: &str) -> Option<String> {
    Some(text.split_once(before)?.1.split_once(after)?.0.to_owned())
}

pub(crate) fn header(answer: &Answer, wanted: &str) -> Option<String> {
    let lines = answer.head.lines().filter_map(|line| line.split_once(": "));
    let mut found =
        lines.filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.to_owned());
    found.next_back()
}

/// One request to somebody else.
pub(crate) fn ask(address: &str, request: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}
