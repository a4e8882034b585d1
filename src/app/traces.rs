//! Traces: spans of what the program does, sent to an OpenTelemetry collector where the environment names one.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use reqwest::header::HeaderMap;
use tokio::runtime::{Handle, Runtime};
use tracing::{Level, Metadata, Subscriber};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;
use url::Url;

use crate::http::client::{Setup, client};
use crate::http::trust::{NoClient, is_loopback};

/// How long the end of the program waits for a collector. One that answers takes milliseconds; one that is dead must not
/// keep anybody.
const FAREWELL: Duration = Duration::from_secs(2);

/// For one batch to be taken.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest answer of a collector that is read.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Why no traces are sent, though the environment names a collector.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    #[error("`OTEL_EXPORTER_OTLP_PROTOCOL` is `{protocol}`, and traces are sent as `http/protobuf` alone")]
    Protocol { protocol: String },
    #[error("`{url}` is no address of a collector")]
    Address {
        url: String,
        #[source]
        cause: url::ParseError,
    },
    #[error("headers may hold secrets, and `{origin}` is neither https nor this machine")]
    Plaintext { origin: String },
    #[error("failed to set up what sends traces")]
    Client(#[from] NoClient),
    #[error("failed to begin what sends traces")]
    Runtime(#[source] io::Error),
    #[error("the environment does not say how traces are sent")]
    Exporter(#[source] ExporterBuildError),
}

/// Spans on their way to a collector.
pub struct Traces {
    provider: SdkTracerProvider,
    /// Sends batches beside whatever the program does: it must not be held up by them, nor they by it.
    runtime: Runtime,
}

impl Traces {
    /// As the environment says, in the words of the OpenTelemetry specification; `None` where it names no collector.
    pub fn configured() -> Result<Option<Traces>, TracesError> {
        let address = either("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT");
        let is_off = variable("OTEL_SDK_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true"))
            || variable("OTEL_TRACES_EXPORTER").is_some_and(|name| name == "none");
        match address {
            Some(address) if !is_off => Traces::to(&address).map(Some),
            Some(_) | None => Ok(None),
        }
    }

    fn to(address: &str) -> Result<Traces, TracesError> {
        let protocol = either("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL");
        if let Some(protocol) = protocol.filter(|protocol| protocol != "http/protobuf") {
            return Err(TracesError::Protocol { protocol });
        }
        let url =
            Url::parse(address).map_err(|cause| TracesError::Address { url: address.to_owned(), cause })?;
        let has_headers = either("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS").is_some();
        if has_headers && url.scheme() != "https" && !is_loopback(&url) {
            return Err(TracesError::Plaintext { origin: url.origin().ascii_serialization() });
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("traces")
            .enable_all()
            .build()
            .map_err(TracesError::Runtime)?;
        let ca_file = either("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE");
        let ca_file = ca_file.as_ref().map(Path::new);
        let http = client(Setup { urls: &[&url], ca_file, timeout: PATIENCE, headers: HeaderMap::new() })?;
        let sender = Sender { http, runtime: runtime.handle().clone() };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_http_client(sender)
            .build()
            .map_err(TracesError::Exporter)?;
        let provider =
            SdkTracerProvider::builder().with_resource(resource()).with_batch_exporter(exporter).build();
        Ok(Traces { provider, runtime })
    }

    /// What turns our spans, and what is said in them, into OpenTelemetry's. Those of libraries stay here: nobody has looked
    /// whether they hold what should not be told.
    pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        let is_ours = |about: &Metadata<'_>| {
            let target = about.target();
            (target == "seatsync" || target.starts_with("seatsync::"))
                && (about.is_span() || *about.level() <= Level::INFO)
        };
        let layer: OpenTelemetryLayer<S, SdkTracer> = tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("seatsync"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false);
        layer.with_filter(filter_fn(is_ours))
    }

    /// Sends what is left. A collector that does not answer soon is not waited for.
    pub fn end(self) {
        // Whatever was done was done: that nobody traced it is no failure of the program.
        let _ = self.provider.shutdown_with_timeout(FAREWELL);
        self.runtime.shutdown_background();
    }
}

/// Sends in a runtime of its own: batches are gathered by a thread that has none.
#[derive(Debug)]
struct Sender {
    http: reqwest::Client,
    runtime: Handle,
}

impl HttpClient for Sender {
    // As `async_trait` writes it.
    fn send_bytes<'sender, 'sending>(
        &'sender self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'sending>>
    where
        'sender: 'sending,
        Self: 'sending,
    {
        let sent = self.runtime.spawn(send(self.http.clone(), request));
        Box::pin(async move { sent.await? })
    }
}

async fn send(http: reqwest::Client, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let mut answer = http.execute(request.try_into()?).await.map_err(reqwest::Error::without_url)?;
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ANSWER {
            return Err("the collector's answer does not end".into());
        }
    }
    let mut response = Response::builder().status(answer.status()).body(Bytes::from(body))?;
    *response.headers_mut() = std::mem::take(answer.headers_mut());
    Ok(response)
}

/// Who sends, as `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say; otherwise `seatsync`.
fn resource() -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_attribute(version);
    let is_named = variable("OTEL_SERVICE_NAME").is_some()
        || variable("OTEL_RESOURCE_ATTRIBUTES").is_some_and(|text| text.contains("service.name="));
    if is_named { resource.build() } else { resource.with_service_name("seatsync").build() }
}

fn either(of_traces: &str, of_all: &str) -> Option<String> {
    variable(of_traces).or_else(|| variable(of_all))
}

/// An empty variable is none, as the specification has it.
#[expect(
    clippy::disallowed_methods,
    reason = "OpenTelemetry is configured by the environment, everywhere alike"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}
