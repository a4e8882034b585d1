//! One GitLab: its GraphQL and REST APIs, and what about it is asked only once in a run.

use std::collections::HashSet;

use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;
use url::Url;

use crate::gitlab::answer;
use crate::gitlab::config::GitLabConfig;
use crate::gitlab::documents::{Document, TOP_LEVEL_GROUP};
use crate::gitlab::error::GitLabError;
use crate::gitlab::transport::{Failure, Reply, Transport};
use crate::gitlab::version::Version;
use crate::gitlab::wire::graphql::{GraphQl, NamespaceData};
use crate::gitlab::wire::rest::Metadata;
use crate::http::answer::one_line;
use crate::http::pause::number;
use crate::model::purchase::Scope;
use crate::ports::EdgeError;

/// Shared by the reader and the writer, so that budget and connections are one.
pub struct Client {
    config: GitLabConfig,
    transport: Transport,
    version: OnceCell<Version>,
    namespace: OnceCell<Box<str>>,
}

/// One page of a REST list.
pub struct RestPage<T> {
    pub items: Vec<T>,
    pub next: Option<Url>,
    /// `X-Total`, which GitLab leaves out of long lists.
    pub total: Option<u64>,
}

impl Client {
    /// Reads `ca_file`; connects to nothing yet.
    ///
    /// # Errors
    /// The certificates cannot be read, or the token cannot be sent in a header.
    pub fn new(config: GitLabConfig) -> Result<Client, EdgeError> {
        let transport = Transport::new(&config)?;
        Ok(Client { config, transport, version: OnceCell::new(), namespace: OnceCell::new() })
    }

    /// HTTP requests sent so far, retries included.
    pub fn requests(&self) -> u64 {
        self.transport.requests()
    }

    /// How many requests GitLab's own limit still allows, as far as it told.
    pub fn remaining(&self) -> Option<u64> {
        self.transport.remaining()
    }

    pub fn scope(&self) -> &Scope {
        &self.config.scope
    }

    /// Without a slash at its end.
    pub fn url(&self) -> &str {
        self.config.url.as_str().trim_end_matches('/')
    }

    /// `GET /metadata`, asked once.
    pub async fn version(&self) -> Result<&Version, GitLabError> {
        let ask = async || {
            let metadata: Metadata = self.rest("GET /metadata", self.api(&["metadata"], &[])).await?;
            Ok(Version::new(&metadata.version))
        };
        self.version.get_or_try_init(ask).await
    }

    /// The global id of the top-level group, asked once; `None` for a whole instance.
    pub async fn namespace(&self) -> Result<Option<&str>, GitLabError> {
        let Scope::TopLevelGroup { path } = &self.config.scope else {
            return Ok(None);
        };
        let ask = async || {
            let data: NamespaceData =
                self.query(TOP_LEVEL_GROUP, &serde_json::json!({ "path": path })).await?;
            data.namespace.map(|node| node.id).ok_or_else(|| GitLabError::NoGroup { path: path.clone() })
        };
        self.namespace.get_or_try_init(ask).await.map(|id| Some(&**id))
    }

    /// Asks a question that must be answered whole. What the field or alias `eligible` alone lacks is not missed:
    /// that is a count which only helps to choose a way.
    pub async fn query<D: DeserializeOwned>(
        &self,
        document: Document,
        variables: &impl Serialize,
    ) -> Result<D, GitLabError> {
        let operation = document.name;
        let reply = self.post(document, variables).await.map_err(|failure| failure.error)?;
        let answer: GraphQl<D> = decoded(operation, &reply.body)?;
        let mut errors = answer.errors.unwrap_or_default();
        errors.retain(|error| !error.is_about("eligible"));
        match (answer.data, errors.is_empty()) {
            (Some(data), true) => Ok(data),
            (None, true) => Err(GitLabError::Unreadable { operation, place: "no data".to_owned() }),
            (Some(_) | None, false) => {
                let words: Vec<&str> = errors.iter().map(|error| &*error.message).collect();
                Err(GitLabError::GraphQl { operation, words: one_line(&words.join("; ")) })
            }
        }
    }

    /// Sends a mutation. Its errors are part of the answer, and are left to the caller.
    pub async fn mutate<D: DeserializeOwned>(
        &self,
        document: Document,
        variables: &impl Serialize,
    ) -> Result<(GraphQl<D>, bool), Failure> {
        let reply = self.post(document, variables).await?;
        match decoded(document.name, &reply.body) {
            Ok(answer) => Ok((answer, reply.perhaps_done_before)),
            Err(error) => Err(Failure { error, perhaps_done: true }),
        }
    }

    /// The address of a REST endpoint.
    pub fn api(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.below(&["api", "v4"]);
        url.path_segments_mut().expect("`gitlab.url` is http or https").extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// Reads one thing.
    pub async fn rest<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        url: Url,
    ) -> Result<T, GitLabError> {
        let reply = self.fetch(operation, url).await?;
        decoded(operation, &reply.body)
    }

    /// Reads one page of a list.
    pub async fn rest_page<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        url: Url,
    ) -> Result<RestPage<T>, GitLabError> {
        let reply = self.fetch(operation, url.clone()).await?;
        Ok(RestPage {
            items: decoded(operation, &reply.body)?,
            next: answer::next_page(&reply.headers, &url),
            total: number(&reply.headers, "x-total"),
        })
    }

    /// Reads a list to its end, one page after the other.
    pub async fn rest_list<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        first: Url,
    ) -> Result<Vec<T>, GitLabError> {
        let (mut items, mut total, mut seen) = (Vec::new(), None, HashSet::new());
        let mut next = Some(first);
        while let Some(url) = next {
            if !seen.insert(url.clone()) {
                return Err(GitLabError::Paging {
                    of: operation,
                    because: "its pages lead back to each other",
                });
            }
            let page = self.rest_page(operation, url).await?;
            items.extend(page.items);
            total = total.or(page.total);
            next = page.next;
        }
        if total.is_some_and(|total| total > items.len() as u64) {
            return Err(GitLabError::Paging {
                of: operation,
                because: "it is shorter than GitLab's own count",
            });
        }
        Ok(items)
    }

    async fn fetch(&self, operation: &'static str, url: Url) -> Result<Reply, GitLabError> {
        let request = reqwest::Request::new(Method::GET, url);
        self.transport.exchange(operation, request).await.map_err(|failure| failure.error)
    }

    async fn post(&self, document: Document, variables: &impl Serialize) -> Result<Reply, Failure> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<'a, V> {
            query: &'a str,
            operation_name: &'a str,
            variables: &'a V,
        }
        let body = Body { query: document.text, operation_name: document.name, variables };
        let request = self
            .transport
            .http()
            .post(self.below(&["api", "graphql"]))
            .json(&body)
            .build()
            .expect("the address is a URL and the body is plain data");
        self.transport.exchange(document.name, request).await
    }

    fn below(&self, path: &[&str]) -> Url {
        let mut url = self.config.url.clone();
        url.set_query(None);
        url.path_segments_mut().expect("`gitlab.url` is http or https").pop_if_empty().extend(path);
        url
    }
}

/// Says where an answer is not what was asked for, without quoting it: it may hold addresses of people.
fn decoded<T: DeserializeOwned>(operation: &'static str, body: &[u8]) -> Result<T, GitLabError> {
    serde_json::from_slice(body).map_err(|error| GitLabError::Unreadable {
        operation,
        place: format!("line {}, column {}", error.line(), error.column()),
    })
}
