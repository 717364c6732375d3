//! The small routes.

use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tenure_core::storage::StorageError;

use super::accept::Media;
use super::answer::{Refusal, code};
use super::pipeline::caller;
use super::request_id::RequestId;
use super::{App, SharedApp};
use crate::identity::Caller;
use crate::telemetry::chain;

/// How long the database may take to answer that it is there.
const PING_PATIENCE: Duration = Duration::from_secs(2);

/// The process runs.
pub async fn live() -> Response {
    status(StatusCode::OK, &json!({ "status": "live" }))
}

/// Requests can be served: database there, migrations complete, not draining.
pub async fn ready(State(app): State<SharedApp>) -> Response {
    match unready(&app).await {
        None => status(StatusCode::OK, &json!({ "status": "ready" })),
        Some(reason) => status(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "unready", "reason": reason })),
    }
}

fn status(status: StatusCode, body: &serde_json::Value) -> Response {
    (status, [(CONTENT_TYPE, Media::Json.content_type())], body.to_string()).into_response()
}

async fn unready(app: &App) -> Option<&'static str> {
    if app.is_draining() {
        return Some("draining");
    }
    match tokio::time::timeout(PING_PATIENCE, app.engine.storage().ping()).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => {
            tracing::warn!(error = chain(&error), "not ready");
            Some(if matches!(error, StorageError::Outdated(_)) { "migrations" } else { "database" })
        }
        Err(_) => Some("database"),
    }
}

/// The schema as text, where introspection is allowed.
pub async fn schema(State(app): State<SharedApp>, Extension(id): Extension<RequestId>, headers: HeaderMap) -> Response {
    if !app.config.is_development() {
        match caller(&app, &headers).await {
            Ok(Caller::Signed(_)) => {}
            Ok(Caller::Anonymous) => return Refusal::anonymous().answer(Media::Json, &id),
            Ok(Caller::ExpiredSession) => return Refusal::unauthenticated().answer(Media::Json, &id),
            Err(refusal) => return refusal.answer(Media::Json, &id),
        }
    }
    ([(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))], app.adapter.sdl()).into_response()
}

/// The public keys of session tokens.
pub async fn jwks(State(app): State<SharedApp>) -> Response {
    ([(CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json; charset=utf-8"))], app.identity.jwks().to_string()).into_response()
}

/// The server ends, and begins nothing new.
pub async fn ending(Extension(id): Extension<RequestId>) -> Response {
    Refusal::busy("The server is ending: ask again in a moment.").closing().answer(Media::Json, &id)
}

/// There is nothing here.
pub async fn nothing(Extension(id): Extension<RequestId>) -> Response {
    Refusal::new(StatusCode::NOT_FOUND, code::BAD_USER_INPUT, "There is nothing here; the API is at /graphql.").answer(Media::Json, &id)
}

/// There is something here, but not for this method.
pub async fn wrong_method(request: Request<Body>) -> Response {
    let refusal = Refusal::method("GET, HEAD", "Only GET is served here.");
    match request.extensions().get::<RequestId>() {
        Some(id) => refusal.answer(Media::Json, id),
        None => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}
