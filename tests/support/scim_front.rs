//! Something in front of a SCIM service provider that spoils answers as a test wants, or that is one by itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// A request that arrived.
#[derive(Debug, Clone)]
pub struct Asked {
    /// From 1, in the order of arrival.
    pub number: usize,
    /// `Users/7f`, without the base.
    pub path: String,
    pub query: BTreeMap<String, String>,
    /// The header `Authorization`.
    pub login: String,
    pub body: String,
}

/// What to do with it.
pub enum Turn {
    /// To the service provider behind, and back.
    Pass,
    Answer(Answer),
    /// What the service provider behind answers, changed.
    Change(fn(Value) -> Value),
}

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Answer {
    pub fn status(status: u16) -> Answer {
        Answer { status, headers: Vec::new(), body: String::new() }
    }

    pub fn json(body: &Value) -> Answer {
        Answer {
            status: 200,
            headers: vec![("content-type", "application/scim+json".to_owned())],
            body: body.to_string(),
        }
    }

    /// A refusal of SCIM's own form.
    pub fn refusal(status: u16, detail: &str) -> Answer {
        let schemas = ["urn:ietf:params:scim:api:messages:2.0:Error"];
        let body = serde_json::json!({ "schemas": schemas, "status": status.to_string(), "detail": detail });
        Answer { status, ..Answer::json(&body) }
    }
}

/// A server on loopback.
pub struct ScimFront {
    /// The SCIM base address.
    pub url: String,
    shared: Arc<Shared>,
    _runtime: Runtime,
}

struct Shared {
    /// The base address of the service provider behind; empty where there is none.
    behind: String,
    http: reqwest::Client,
    asked: Mutex<Vec<Asked>>,
    meddling: Mutex<Box<dyn Meddle>>,
}

/// Decides what becomes of each request.
trait Meddle: Fn(&Asked) -> Turn + Send + Sync {}

impl<F: Fn(&Asked) -> Turn + Send + Sync> Meddle for F {}

impl ScimFront {
    pub fn start(behind: &str, meddling: impl Fn(&Asked) -> Turn + Send + Sync + 'static) -> ScimFront {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let shared = Arc::new(Shared {
            behind: behind.to_owned(),
            http,
            asked: Mutex::default(),
            meddling: Mutex::new(Box::new(meddling)),
        });
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}/scim/v2", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        runtime.spawn(async move { axum::serve(listener, router).await });
        ScimFront { url, shared, _runtime: runtime }
    }

    /// Meddles otherwise from now on, and forgets what was asked.
    pub fn meddle(&self, meddling: impl Fn(&Asked) -> Turn + Send + Sync + 'static) {
        *self.shared.meddling.lock().unwrap() = Box::new(meddling);
        self.shared.asked.lock().unwrap().clear();
    }

    /// What was asked since, by path.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// How many requests there were for a path and what is below it.
    pub fn count(&self, path: &str) -> usize {
        self.asked().iter().filter(|asked| asked.path.starts_with(path)).count()
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let path = parts.uri.path().trim_start_matches("/scim/v2").trim_start_matches('/').to_owned();
    let raw = parts.uri.query().unwrap_or_default().to_owned();
    let query = url::form_urlencoded::parse(raw.as_bytes()).into_owned().collect();
    let login = parts
        .headers
        .get("authorization")
        .and_then(|login| login.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let asked = {
        let mut log = shared.asked.lock().unwrap();
        let number = log.len() + 1;
        let body = String::from_utf8_lossy(&body).into_owned();
        log.push(Asked { number, path: path.clone(), query, login: login.clone(), body });
        log.last().unwrap().clone()
    };
    let turn = (shared.meddling.lock().unwrap())(&asked);
    let passed = async || {
        let url = format!("{}/{path}?{raw}", shared.behind);
        let answer = shared.http.get(url).header("authorization", login.clone()).send().await.unwrap();
        let status = answer.status().as_u16();
        let kind = answer
            .headers()
            .get("content-type")
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        Answer { status, headers: vec![("content-type", kind)], body: answer.text().await.unwrap() }
    };
    let answer = match turn {
        Turn::Pass => passed().await,
        Turn::Answer(answer) => answer,
        Turn::Change(change) => {
            let answer = passed().await;
            Answer { body: change(serde_json::from_str(&answer.body).unwrap()).to_string(), ..answer }
        }
    };
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.body)).unwrap()
}
