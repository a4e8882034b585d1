//! An HTTP answer, read to its end and no further than is good for us.

use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION};
use url::Url;

use crate::http::pause::text;

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// Why an answer is not whole.
#[derive(Debug)]
pub enum Broken {
    /// It is longer than the limit.
    TooLong,
    Lost(reqwest::Error),
}

/// Reads the body, of so many bytes at most.
pub async fn receive(mut response: Response, limit: usize) -> Result<Answer, Broken> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Broken::Lost)? {
        if body.len() + chunk.len() > limit {
            return Err(Broken::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body })
}

/// Whether it is a page for people: a login, or a proxy's apology.
pub fn is_web_page(answer: &Answer) -> bool {
    let declared = text(&answer.headers, CONTENT_TYPE.as_str()).is_some_and(|kind| kind.contains("html"));
    declared || answer.body.trim_ascii_start().starts_with(b"<")
}

/// Where a redirect points, without the path and the query: they may hold what is not for a log.
pub fn redirect_target(answer: &Answer) -> String {
    let Some(location) = text(&answer.headers, LOCATION.as_str()) else {
        return "nowhere".to_owned();
    };
    match Url::parse(location) {
        Ok(url) => url.origin().ascii_serialization(),
        Err(_) => "another path".to_owned(),
    }
}

/// One line of somebody else's words, short enough for a report and without control characters.
pub fn one_line(words: &str) -> String {
    const LONGEST: usize = 300;
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}
