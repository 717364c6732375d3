//! A request for GraphQL, step by step.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;

use super::accept::{Media, negotiate};
use super::adapter::{Document, Kind};
use super::answer::{Fault, Outcome, Refusal, code};
use super::framing::Framing;
use super::params::Params;
use super::request_id::RequestId;
use super::{App, SharedApp, peer};
use crate::identity::{AuthenticationError, Caller};
use crate::telemetry::chain;

/// How long a body may take to arrive.
const BODY_PATIENCE: Duration = Duration::from_secs(15);
/// How much of a body that is too long is still read, so that who sends it hears why it was refused.
const BODY_SLACK: usize = 1024 * 1024;

/// `/graphql`.
pub async fn graphql(State(app): State<SharedApp>, request: Request<Body>) -> Response {
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or_else(|| RequestId::of(request.headers(), &*app.clock));
    let media = negotiate(request.headers());
    match answer(&app, request, media, &id).await {
        Ok(outcome) => outcome.answer(media.unwrap_or(Media::Json), &id),
        Err(refusal) => refusal.answer(media.unwrap_or(Media::Json), &id),
    }
}

async fn answer(app: &App, request: Request<Body>, media: Option<Media>, id: &RequestId) -> Result<Outcome, Refusal> {
    check_framing(&request)?;
    let is_get = check_method(request.method())?;
    check_acceptable(media)?;
    let peer = peer::of(&request, &app.config.trusted_proxies);
    let (head, body) = request.into_parts();
    let params = if is_get {
        Params::from_query(head.uri.query().unwrap_or_default())?
    } else {
        check_content_type(&head.headers)?;
        Params::from_json(&read_body(&head.headers, body, app.config.limits.body_bytes).await?)?
    };
    let document = app.adapter.parse(params);
    check_kind(&document, is_get)?;
    let caller = authenticate(app, &head.headers, &document).await?;
    let document = match document {
        Ok(document) => document,
        Err(fault) => return Ok(Outcome::NotExecutable(vec![fault])),
    };
    if let Some(fault) = check_introspection(app, &document, &caller) {
        return Ok(Outcome::NotExecutable(vec![fault]));
    }
    Ok(app.adapter.run(document, caller, id.as_str(), peer).await)
}

/// Two lengths for one body are how requests are smuggled past a proxy.
fn check_framing(request: &Request<Body>) -> Result<(), Refusal> {
    match request.extensions().get::<Framing>() {
        Some(framing) if framing.is_ambiguous() => Err(Refusal::bad_request("Content-Length beside Transfer-Encoding.").closing()),
        _ => Ok(()),
    }
}

/// Whether it is a GET.
fn check_method(method: &Method) -> Result<bool, Refusal> {
    match *method {
        Method::GET => Ok(true),
        Method::POST => Ok(false),
        _ => Err(Refusal::method("GET, POST", "Only GET and POST are served here.")),
    }
}

fn check_acceptable(media: Option<Media>) -> Result<(), Refusal> {
    let text = "Answers are application/graphql-response+json or application/json.";
    media.map(drop).ok_or_else(|| Refusal::new(StatusCode::NOT_ACCEPTABLE, code::BAD_USER_INPUT, text))
}

/// Anything but JSON is what browsers send to foreign servers without asking.
fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let value = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let mut parts = value.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => {
            charset.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    if is_json && is_utf8 {
        return Ok(());
    }
    Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code::BAD_USER_INPUT, "A POST needs Content-Type: application/json in UTF-8."))
}

async fn read_body(headers: &HeaderMap, body: Body, limit: usize) -> Result<Vec<u8>, Refusal> {
    let too_long = || {
        let text = format!("The body is longer than {limit} bytes.");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, code::BAD_USER_INPUT, text)
    };
    let announced = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit.saturating_add(BODY_SLACK)) {
        return Err(too_long().closing());
    }
    match tokio::time::timeout(BODY_PATIENCE, collect(body, limit)).await {
        Ok(Ok(Some(bytes))) => Ok(bytes),
        Ok(Ok(None)) => Err(too_long().closing()),
        Ok(Err(_)) => Err(Refusal::bad_request("The body broke off.").closing()),
        Err(_) => Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, code::TIMEOUT, "The body took too long to arrive.").closing()),
    }
}

/// The whole body; None when it is longer than the limit.
async fn collect(mut body: Body, limit: usize) -> Result<Option<Vec<u8>>, axum::Error> {
    let mut bytes = Vec::new();
    let mut length = 0usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length <= limit {
            bytes.extend_from_slice(&data);
        } else if length > limit.saturating_add(BODY_SLACK) {
            break;
        }
    }
    Ok((length <= limit).then_some(bytes))
}

/// A GET changes nothing, and nobody can listen here.
fn check_kind(document: &Result<Document, Fault>, is_get: bool) -> Result<(), Refusal> {
    match document.as_ref().ok().and_then(Document::kind) {
        Some(Kind::Mutation) if is_get => Err(Refusal::method("POST", "A mutation needs POST.")),
        Some(Kind::Subscription) => {
            let text = "A subscription needs Accept: text/event-stream or a WebSocket.";
            Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, code::BAD_USER_INPUT, text))
        }
        Some(Kind::Query | Kind::Mutation) | None => Ok(()),
    }
}

/// Who calls. An expired session counts as no credential where it is about to be prolonged, and is a bad one elsewhere.
async fn authenticate(app: &App, headers: &HeaderMap, document: &Result<Document, Fault>) -> Result<Caller, Refusal> {
    match caller(app, headers).await? {
        Caller::ExpiredSession if document.as_ref().is_ok_and(Document::only_refreshes) => Ok(Caller::Anonymous),
        Caller::ExpiredSession => Err(Refusal::unauthenticated()),
        caller => Ok(caller),
    }
}

/// Who calls, by the `Authorization` header.
pub(super) async fn caller(app: &App, headers: &HeaderMap) -> Result<Caller, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => None,
        (Some(value), None) => Some(value.to_str().map_err(|_| Refusal::unauthenticated())?),
        (Some(_), Some(_)) => return Err(Refusal::unauthenticated()),
    };
    app.identity.authenticate(&app.engine, value).await.map_err(|error| match error {
        AuthenticationError::BadCredential => Refusal::unauthenticated(),
        AuthenticationError::Storage(error) => {
            tracing::error!(error = chain(&error), "the caller could not be looked up");
            Refusal::unavailable()
        }
    })
}

/// In production the schema is for those who are signed in.
fn check_introspection(app: &App, document: &Document, caller: &Caller) -> Option<Fault> {
    let is_allowed = app.config.is_development() || caller.access().is_some();
    (document.introspects() && !is_allowed).then(|| Fault::new(code::VALIDATION_FAILED, "Introspection is for signed-in callers."))
}
