//! HTTP: routes, the request pipeline, health, GraphiQL.

pub mod accept;
mod adapter;
mod answer;
mod coercion;
mod framing;
mod graphiql;
mod origins;
mod params;
mod peer;
mod pipeline;
mod request_id;
mod routes;
mod server;
mod signals;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONNECTION, VARY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, Request};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{any, get};
use tenure_core::clock::Clock;
use tenure_core::engine::Engine;

use crate::config::Config;
use crate::identity::Identity;
use adapter::Adapter;
use framing::Framing;
use origins::Origins;
use request_id::RequestId;

pub use server::{ServeError, Server, listen};
pub use signals::asked_to_end;

/// What all requests share.
struct App {
    config: Arc<Config>,
    clock: Arc<dyn Clock>,
    identity: Arc<Identity>,
    engine: Arc<Engine>,
    adapter: Adapter,
    origins: Origins,
    draining: AtomicBool,
}

type SharedApp = Arc<App>;

impl App {
    /// From now on the server is not ready: whoever sends requests should send them elsewhere.
    fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
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

/// What every answer carries, whatever made it.
async fn dress(State(app): State<SharedApp>, mut request: Request<Body>, next: Next) -> Response {
    let id = RequestId::of(request.headers(), &*app.clock);
    request.extensions_mut().insert(id.clone());
    let asked: HeaderMap = request.headers().clone();
    let framing = request.extensions().get::<Framing>().cloned().unwrap_or_default();
    let mut response = match app.origins.preflight(&request) {
        Some(response) => response,
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(request_id::HEADER, id.header());
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.append(VARY, HeaderValue::from_static("Accept"));
    app.origins.admit(&asked, headers);
    if framing.is_chunked() {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
