//! One request to one neighbour, sent until there is a final answer or the patience for it is over.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Request;
use tokio::time::Instant;

use crate::http::answer::{Answer, Broken, receive};
use crate::http::pace::{Limits, Pace, Sent, SoFar, Step, chance, next_step};
use crate::http::pause::{number, pause};
use crate::http::trust::tls_error;

/// The way to one neighbour: its connections, our budget, and what it said of its own limit.
pub struct Line {
    http: reqwest::Client,
    pace: Pace,
    requests: AtomicU64,
    /// `u64::MAX` where the neighbour has not told.
    remaining: AtomicU64,
    answered: AtomicBool,
}

/// A final answer, good or bad.
#[derive(Debug)]
pub struct Reply {
    pub answer: Answer,
    /// An earlier sending of the same request may have been carried out, its answer being lost.
    pub perhaps_done_before: bool,
    /// The same, this sending included: whoever fails may fail after the work is done.
    pub perhaps_done: bool,
}

/// Why there is no final answer.
#[derive(Debug)]
pub struct Failure {
    pub trouble: Trouble,
    /// The neighbour may have carried the request out all the same.
    pub perhaps_done: bool,
}

/// See [`Failure`]. No cause holds the address, whose query may hold an address of a person.
#[derive(Debug)]
pub enum Trouble {
    Untrusted(rustls::Error),
    Unreachable(reqwest::Error),
    Lost { attempts: u32, cause: reqwest::Error },
    TooLong { limit: usize },
    Unavailable { status: u16, attempts: u32 },
    RateLimited { wait: Duration, deadline: Duration },
}

impl Line {
    pub fn new(http: reqwest::Client, limits: Limits) -> Line {
        Line {
            http,
            pace: Pace::new(limits),
            requests: AtomicU64::new(0),
            remaining: AtomicU64::new(u64::MAX),
            answered: AtomicBool::new(false),
        }
    }

    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// HTTP requests sent so far, retries included.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// How many requests the neighbour's own limit still allows, as far as it told (`RateLimit-Remaining`).
    pub fn remaining(&self) -> Option<u64> {
        Some(self.remaining.load(Ordering::Relaxed)).filter(|remaining| *remaining != u64::MAX)
    }

    /// Sends a request that may be repeated, and whose body is no stream. Of the answer at most `limit` bytes are read.
    pub async fn exchange(&self, request: Request, limit: usize) -> Result<Reply, Failure> {
        let (mut attempts, mut perhaps_done) = (0, false);
        let deadline = self.pace.patience.deadline;
        let mut since = None;
        loop {
            let permit = self.pace.admit(since).await.map_err(|too_long| Failure {
                trouble: Trouble::RateLimited { wait: too_long.wait, deadline },
                perhaps_done,
            })?;
            let started = *since.get_or_insert_with(Instant::now);
            attempts += 1;
            let sending = Instant::now();
            let attempt = request.try_clone().expect("our bodies are no streams");
            let outcome = self.send(attempt, limit).await;
            drop(permit);
            let sent = sent(&outcome);
            tracing::debug!(attempts, ?sent, milliseconds = sending.elapsed().as_millis(), "asked");
            let so_far =
                SoFar { attempts, elapsed: started.elapsed(), met: self.answered.load(Ordering::Relaxed) };
            let perhaps_done_before = perhaps_done;
            perhaps_done |= may_have_been_done(sent);
            match next_step(sent, so_far, self.pace.patience, chance()) {
                Step::Take => {
                    // The one answer that is final without being whole is one without end.
                    let answer = outcome.map_err(|trouble| Failure { trouble, perhaps_done: true })?;
                    return Ok(Reply { answer, perhaps_done_before, perhaps_done });
                }
                Step::Again { after } => tokio::time::sleep(after).await,
                Step::GiveUp => {
                    let trouble = match outcome {
                        Ok(Answer { status, .. }) => Trouble::Unavailable { status, attempts },
                        Err(Trouble::Lost { cause, .. }) => Trouble::Lost { attempts, cause },
                        Err(other) => other,
                    };
                    return Err(Failure { trouble, perhaps_done });
                }
                Step::TooLong { wait } => {
                    return Err(Failure { trouble: Trouble::RateLimited { wait, deadline }, perhaps_done });
                }
            }
        }
    }

    /// Once, from the first byte sent to the last one read.
    async fn send(&self, request: Request, limit: usize) -> Result<Answer, Trouble> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let response = self.http.execute(request).await.map_err(not_answered)?;
        self.answered.store(true, Ordering::Relaxed);
        let (status, headers) = (response.status().as_u16(), response.headers());
        if let Some(pause) = pause(headers).filter(|_| matches!(status, 200..=299 | 429)) {
            self.pace.close_for(pause);
        }
        if let Some(remaining) = number(headers, "ratelimit-remaining") {
            self.remaining.store(remaining, Ordering::Relaxed);
        }
        receive(response, limit).await.map_err(|broken| match broken {
            Broken::TooLong => Trouble::TooLong { limit },
            Broken::Lost(cause) => not_answered(cause),
        })
    }
}

fn not_answered(cause: reqwest::Error) -> Trouble {
    let cause = cause.without_url();
    match tls_error(&cause) {
        Some(tls) => Trouble::Untrusted(tls),
        None if cause.is_connect() => Trouble::Unreachable(cause),
        None => Trouble::Lost { attempts: 1, cause },
    }
}

/// How a sending went, as far as the next step depends on it.
fn sent(outcome: &Result<Answer, Trouble>) -> Sent {
    match outcome {
        Ok(answer) => Sent::Answered { status: answer.status, pause: pause(&answer.headers) },
        Err(Trouble::Unreachable(_)) => Sent::Unreached { curable: true },
        Err(Trouble::Untrusted(_)) => Sent::Unreached { curable: false },
        // An endless answer is final: nothing else will come of asking again.
        Err(Trouble::TooLong { .. }) => Sent::Answered { status: 200, pause: None },
        Err(Trouble::Lost { .. } | Trouble::Unavailable { .. } | Trouble::RateLimited { .. }) => Sent::Lost,
    }
}

/// A server that fails may fail after it has done the work, as GitLab's 503 for a slow statement shows.
fn may_have_been_done(sent: Sent) -> bool {
    match sent {
        Sent::Unreached { .. } => false,
        Sent::Lost => true,
        Sent::Answered { status, .. } => status >= 500,
    }
}
