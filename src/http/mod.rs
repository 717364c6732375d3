//! HTTP: routes, the request pipeline, health, GraphiQL.

pub mod accept;
mod adapter;
mod admission;
mod answer;
mod arrivals;
mod budget;
mod framing;
mod graphiql;
mod guard;
mod head;
mod host;
mod json;
mod leftover;
mod line;
mod linger;
mod listeners;
mod log;
mod origins;
mod params;
mod peer;
mod pipeline;
mod request_id;
mod routes;
mod server;
mod signals;
mod sse;
#[cfg(test)]
mod tests;
mod volume;
mod websocket;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{any, get};
use tenure_core::clock::Clock;
use tenure_core::engine::Engine;

use crate::config::Config;
use crate::identity::Identity;
use crate::live::Live;
use crate::telemetry::metrics::Recorder;
use accept::Media;
use adapter::Adapter;
use admission::Allowance;
use answer::Refusal;
use arrivals::Arrivals;
use framing::Framing;
use leftover::Leftover;
use listeners::Listeners;
use log::Asked;
use origins::Origins;
use request_id::RequestId;
use volume::Volume;

pub use server::{ServeError, Server, listen};
pub use signals::asked_to_end;

/// What all requests share.
struct App {
    config: Arc<Config>,
    clock: Arc<dyn Clock>,
    identity: Arc<Identity>,
    engine: Arc<Engine>,
    adapter: Arc<Adapter>,
    live: Arc<Live>,
    listeners: Listeners,
    origins: Origins,
    allowance: Allowance,
    arrivals: Arrivals,
    volume: Volume,
    draining: AtomicBool,
}

type SharedApp = Arc<App>;

impl App {
    /// From now on the server is not ready: whoever sends requests should send them elsewhere.
    fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        self.listeners.end();
    }

    fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

fn router(app: SharedApp) -> Router {
    let mut router = Router::new()
        .route("/graphql", any(pipeline::graphql))
        .route("/schema.graphql", get(routes::schema))
        .route("/health/live", get(routes::live))
        .route("/health/ready", get(routes::ready))
        .route("/.well-known/jwks.json", get(routes::jwks));
    if app.config.is_development() {
        router = router.route("/graphiql", get(graphiql::page)).route("/graphiql/{file}", get(graphiql::asset));
    }
    router
        .fallback(routes::nothing)
        .method_not_allowed_fallback(routes::wrong_method)
        .layer(from_fn_with_state(app.clone(), dress))
        .with_state(app)
}

/// What is served to who comes while the server ends: that it does.
fn ending_router(app: SharedApp) -> Router {
    Router::new()
        .route("/health/live", get(routes::live))
        .route("/health/ready", get(routes::ready))
        .fallback(routes::ending)
        .layer(from_fn_with_state(app.clone(), dress))
        .with_state(app)
}

/// What is served on a port of its own: numbers, and nothing else.
fn metrics_router(app: SharedApp, recorder: Recorder) -> Router {
    let text = move || {
        let text = recorder.text();
        async move { ([(CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"))], text) }
    };
    Router::new()
        .route("/metrics", get(text))
        .fallback(routes::nothing)
        .method_not_allowed_fallback(routes::wrong_method)
        .layer(from_fn_with_state(app.clone(), dress))
        .with_state(app)
}

/// What every answer carries, whatever made it; and the line in the log about it.
async fn dress(State(app): State<SharedApp>, mut request: Request<Body>, next: Next) -> Response {
    let started = tokio::time::Instant::now();
    let id = RequestId::of(request.headers(), &*app.clock);
    request.extensions_mut().insert(id.clone());
    let peer = peer::of(&request, &app.config.trusted_proxies);
    let told = Asked::of(&mut request, peer, &id);
    let asked: HeaderMap = request.headers().clone();
    let framing = request.extensions().get::<Framing>().copied().unwrap_or_default();
    let leftover = Leftover::of(&mut request);
    let mut response = match (head::check(&request), app.origins.preflight(&request)) {
        (Err(refusal), _) => refusal.answer(Media::Json, &id),
        (Ok(()), Some(response)) => response,
        (Ok(()), None) => next.run(request).await,
    };
    put_on(response.headers_mut(), &id);
    app.origins.admit(&asked, response.headers_mut());
    // An upgrade has a `Connection` of its own, and no body that could be misread. Who is told anyway that it ends waits for nothing.
    let is_over = framing.is_chunked || response.headers().get(CONNECTION).is_some_and(|connection| connection == "close");
    if response.status() != StatusCode::SWITCHING_PROTOCOLS && (is_over || !leftover.read_off().await) {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    told.answered(&response, started.elapsed());
    response
}

/// No browser is to guess a type, keep, frame or embed what is answered here, nor to tell others where it was. Pages that are meant to be
/// looked at bring a policy of their own.
fn put_on(headers: &mut HeaderMap, id: &RequestId) {
    const EMBEDDING: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
    headers.insert(request_id::HEADER, id.header());
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(EMBEDDING, HeaderValue::from_static("same-origin"));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    headers.append(VARY, HeaderValue::from_static("Accept"));
}

/// What is said to who sends something that is no request: the answer as bytes, as there is nobody else to write it.
fn unread(status: StatusCode, id: &RequestId, app: &App) -> (Response, Vec<u8>) {
    let (code, message) = match status {
        StatusCode::REQUEST_TIMEOUT => (answer::code::TIMEOUT, "The request took too long to arrive.".to_owned()),
        StatusCode::URI_TOO_LONG => (answer::code::BAD_USER_INPUT, "The address is longer than 65534 bytes.".to_owned()),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            let text = format!("The head of a request may have {} bytes and 100 headers.", app.config.connections.head_bytes);
            (answer::code::BAD_USER_INPUT, text)
        }
        StatusCode::HTTP_VERSION_NOT_SUPPORTED => (answer::code::BAD_USER_INPUT, "HTTP/1.1 is spoken here.".to_owned()),
        _ => (answer::code::BAD_USER_INPUT, "This is no well-formed HTTP/1.1 request.".to_owned()),
    };
    let refusal = match status {
        StatusCode::SERVICE_UNAVAILABLE => app.arrivals.refusal(),
        status => Refusal::new(status, code, message),
    };
    let (mut response, body) = refusal.closing().in_parts(Media::Json, id);
    put_on(response.headers_mut(), id);
    let mut bytes = format!("HTTP/1.1 {status}\r\n").into_bytes();
    for (name, value) in response.headers() {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    bytes.extend(format!("content-length: {}\r\n\r\n", body.len()).bytes());
    bytes.extend(body);
    (response, bytes)
}
