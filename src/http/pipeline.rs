//! A request for GraphQL, step by step.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;

use super::accept::{Media, negotiate, takes_events};
use super::adapter::{Document, Kind};
use super::admission::{Denial, admit, run, show};
use super::answer::{Fault, Outcome, Refusal, code};
use super::arrivals::{self, Arrivals, Held};
use super::line::Line;
use super::log::Heard;
use super::params::Params;
use super::request_id::RequestId;
use super::{App, SharedApp, peer, sse, websocket};
use crate::graphql::{Bill, Call};
use crate::identity::{AuthenticationError, Caller};
use crate::telemetry::chain;

/// How much of a body that is too long is still read, so that who sends it hears why it was refused.
const BODY_SLACK: usize = 1024 * 1024;
/// How long more of such a body is waited for.
const A_MOMENT: Duration = Duration::from_millis(500);

/// What a request is answered with.
enum Answer {
    /// All at once.
    Whole(Outcome, Bill),
    /// Bit by bit.
    Live(Response, Bill),
}

/// `/graphql`.
pub async fn graphql(State(app): State<SharedApp>, request: Request<Body>) -> Response {
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or_else(|| RequestId::of(request.headers(), &*app.clock));
    if websocket::is_asked_for(request.headers()) {
        return websocket::upgrade(app, request, &id).await;
    }
    let media = negotiate(request.headers());
    match answer(&app, request, media, &id).await {
        Ok(Answer::Whole(outcome, bill)) => {
            let mut response = match media.unwrap_or(Media::Json) {
                Media::EventStream => sse::whole(outcome, &id),
                media => outcome.answer(media, &id),
            };
            show(&bill, app.clock.now(), &mut response);
            response
        }
        Ok(Answer::Live(mut response, bill)) => {
            show(&bill, app.clock.now(), &mut response);
            response
        }
        Err(refusal) => refusal.answer(media.unwrap_or(Media::Json), &id),
    }
}

async fn answer(app: &SharedApp, request: Request<Body>, media: Option<Media>, id: &RequestId) -> Result<Answer, Refusal> {
    let is_get = check_method(request.method())?;
    check_acceptable(media)?;
    let peer = peer::of(&request, &app.config.trusted_proxies);
    let (head, body) = request.into_parts();
    let (params, volume) = if is_get {
        let query = head.uri.query().unwrap_or_default();
        let texts = Params::json_in_query(query);
        let texts: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
        let volume = app.volume.hold(&texts).await?;
        (Params::from_query(query)?, volume)
    } else {
        check_content_type(&head.headers)?;
        check_encoding(&head.headers)?;
        let limits = BodyLimits { bytes: app.config.limits.body_bytes, patience: app.config.connections.body, together: &app.arrivals };
        let (text, _room) = read_body(&head.headers, body, limits).await?;
        let volume = app.volume.hold(&[&text]).await?;
        (Params::from_json(&text)?, volume)
    };
    let document = app.adapter.parse(params);
    Heard::note(&head.extensions, document.as_ref().ok().and_then(Document::kind));
    check_kind(&document, is_get, &head.headers)?;
    let caller = authenticate(app, &head.headers, document.as_ref().is_ok_and(Document::only_refreshes)).await?;
    let document = match document {
        Ok(document) => document,
        Err(fault) => return Ok(Answer::Whole(Outcome::NotExecutable(vec![fault]), Bill::default())),
    };
    let mut call = Call { caller, request_id: id.as_str().to_owned(), peer, bill: Bill::default() };
    let volume = app.volume.keep(volume, document.values(), document.kind() == Some(Kind::Subscription), call.account())?;
    let admission = match admit(app, &document, &call).await {
        Ok(admission) => admission.holding(volume),
        Err(Denial::NotExecutable(faults)) => return Ok(Answer::Whole(Outcome::NotExecutable(faults), Bill::default())),
        Err(Denial::Refused(refusal)) => return Err(refusal),
    };
    if admission.was_waited_for() {
        call.caller = authenticate(app, &head.headers, document.only_refreshes()).await?;
    }
    let bill = admission.bill;
    call.bill = bill;
    if document.kind() == Some(Kind::Subscription) {
        let authorization = head.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let ends_at = authorization.and_then(|value| app.identity.ends_at(value));
        let listener = sse::Listener { vigil: app.live.watch(call.caller.access(), ends_at), line: head.extensions.get::<Line>().cloned() };
        let live = sse::listen(app, document, call, admission, listener).await;
        return Ok(live.map_or_else(|not_executable| Answer::Whole(not_executable, bill), |response| Answer::Live(response, bill)));
    }
    Ok(Answer::Whole(run(app, document, call, admission).await, bill))
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
    let text = "Answers are application/graphql-response+json, application/json or text/event-stream.";
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

/// Nothing is unpacked here: a few bytes could become gigabytes.
fn check_encoding(headers: &HeaderMap) -> Result<(), Refusal> {
    match headers.get(CONTENT_ENCODING) {
        Some(coding) if !coding.as_bytes().eq_ignore_ascii_case(b"identity") => {
            let text = "The body must not be compressed: send it without Content-Encoding.";
            Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code::BAD_USER_INPUT, text))
        }
        _ => Ok(()),
    }
}

struct BodyLimits<'a> {
    bytes: usize,
    patience: Duration,
    together: &'a Arrivals,
}

/// Why there is no whole body.
enum NoBody {
    TooLong,
    BrokenOff,
    NoRoom(Refusal),
}

/// The body, and the room that it takes.
async fn read_body(headers: &HeaderMap, body: Body, limits: BodyLimits<'_>) -> Result<(Vec<u8>, Option<Held>), Refusal> {
    let limit = limits.bytes;
    let too_long = || {
        let text = format!("The body is longer than {limit} bytes, which is the limit: send less at once.");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, code::BAD_USER_INPUT, text).with("limit", "bodyBytes").with("maximum", limit)
    };
    let announced = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<usize>().ok());
    if let Some(length) = announced.filter(|length| *length > limit) {
        // Whoever is sending it already listens only when that is done; who asks whether to send it, or would send very much, is told at once.
        if length <= limit.saturating_add(BODY_SLACK) && !headers.contains_key(EXPECT) {
            let _ = tokio::time::timeout(limits.patience, throw_away(body)).await;
        }
        return Err(too_long().closing());
    }
    match tokio::time::timeout(limits.patience, collect(body, &limits, announced)).await {
        Ok(Ok(whole)) => Ok(whole),
        Ok(Err(NoBody::TooLong)) => Err(too_long().closing()),
        Ok(Err(NoBody::BrokenOff)) => Err(Refusal::bad_request("The body broke off.").closing()),
        Ok(Err(NoBody::NoRoom(refusal))) => Err(refusal.closing()),
        Err(_) => Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, code::TIMEOUT, "The body took too long to arrive.").closing()),
    }
}

/// Reads until nothing more comes for a moment.
async fn throw_away(mut body: Body) {
    while let Ok(Some(Ok(_))) = tokio::time::timeout(A_MOMENT, body.frame()).await {}
}

/// The whole body, and the room that it takes.
async fn collect(mut body: Body, limits: &BodyLimits<'_>, announced: Option<usize>) -> Result<(Vec<u8>, Option<Held>), NoBody> {
    let limit = limits.bytes;
    let announced = announced.filter(|length| *length <= limit);
    let mut bytes = Vec::new();
    let mut length = 0usize;
    let mut room = None;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| NoBody::BrokenOff)?.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length <= limit {
            // Only who has sent that much takes room: announcing costs nothing.
            if length > arrivals::FREE && room.is_none() {
                room = Some(limits.together.hold(announced.unwrap_or(limit)).await.map_err(NoBody::NoRoom)?);
                // As much as is needed, where that is known: growing bit by bit takes twice of it.
                bytes.reserve_exact(announced.unwrap_or(limit).saturating_sub(bytes.len()));
            }
            bytes.extend_from_slice(&data);
        } else if length > limit.saturating_add(BODY_SLACK) {
            break;
        }
    }
    if length > limit { Err(NoBody::TooLong) } else { Ok((bytes, room)) }
}

/// A GET changes nothing, and only who takes server-sent events can listen here.
fn check_kind(document: &Result<Document, Fault>, is_get: bool, headers: &HeaderMap) -> Result<(), Refusal> {
    match document.as_ref().ok().and_then(Document::kind) {
        Some(Kind::Mutation) if is_get => Err(Refusal::method("POST", "A mutation needs POST.")),
        Some(Kind::Subscription) if !takes_events(headers) => {
            let text = "A subscription needs Accept: text/event-stream or a WebSocket.";
            Err(Refusal::new(StatusCode::NOT_ACCEPTABLE, code::BAD_USER_INPUT, text))
        }
        Some(Kind::Query | Kind::Mutation | Kind::Subscription) | None => Ok(()),
    }
}

/// Who calls. An expired session counts as no credential where it is about to be prolonged, and is a bad one elsewhere.
async fn authenticate(app: &App, headers: &HeaderMap, only_refreshes: bool) -> Result<Caller, Refusal> {
    match caller(app, headers).await? {
        Caller::ExpiredSession if only_refreshes => Ok(Caller::Anonymous),
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
