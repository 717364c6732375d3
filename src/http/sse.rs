//! Server-sent events, in the distinct connections mode of npm `graphql-sse`: one operation for each request, `next` and `complete`.
//!
//! Who lost sign-in, and who listens while the server ends, is left without `complete`: clients then come again, with a fresh token.

use std::convert::Infallible;
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::mpsc;

use super::SharedApp;
use super::accept::Media;
use super::adapter::Document;
use super::admission::Admission;
use super::answer::{Outcome, Refusal};
use super::line::Line;
use super::listeners::Presence;
use super::log::{FirstCode, GoesOn, Underway};
use super::request_id::RequestId;
use crate::graphql::Call;
use crate::live::Vigil;
use crate::telemetry::metrics::{Inside, Level};

/// Nothing but a sign of life.
const COMMENT: &[u8] = b":\n\n";
/// The end. Browsers drop an event without data.
const COMPLETE: &[u8] = b"event: complete\ndata:\n\n";
/// Keeps proxies from holding back what is sent.
const UNBUFFERED: (HeaderName, HeaderValue) = (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

/// The answer to a query or a mutation.
pub fn whole(outcome: Outcome, id: &RequestId) -> Response {
    match outcome {
        Outcome::Executed { .. } => {
            let mut response = respond(Body::from([next(&outcome, id).as_ref(), COMPLETE].concat()));
            response.extensions_mut().insert(FirstCode(outcome.faults().first().map(|fault| fault.code.clone())));
            response
        }
        Outcome::NotExecutable(_) => outcome.answer(Media::EventStream, id),
    }
}

fn next(outcome: &Outcome, id: &RequestId) -> Bytes {
    // JSON as we write it has no line breaks.
    [b"event: next\ndata: ", outcome.body(id).as_slice(), b"\n\n"].concat().into()
}

fn respond(body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, Media::EventStream.content_type());
    response.headers_mut().insert(UNBUFFERED.0, UNBUFFERED.1);
    response
}

/// Who listens, and over what.
pub struct Listener {
    /// How long the call may be; sign-in is watched over as long.
    pub vigil: Option<Vigil>,
    /// The connection.
    pub line: Option<Line>,
}

/// The answer to a subscription; Err when it cannot be executed.
pub async fn listen(
    app: &SharedApp,
    document: Document,
    call: Call,
    admission: Admission,
    listener: Listener,
) -> Result<Response, Outcome> {
    let id = RequestId::of_caller(&call.request_id).unwrap_or_else(|| RequestId::new(&*app.clock));
    let peer = call.peer;
    let outcomes = app.adapter.stream(document, call).await.boxed();
    let mut following = follow(outcomes);
    // What is wrong with the operation itself is known before anything is read.
    let first = match poll_fn(|context| Poll::Ready(following.poll_unpin(context))).await {
        Poll::Ready((Some(Outcome::NotExecutable(faults)), _)) => return Err(Outcome::NotExecutable(faults)),
        Poll::Ready(first) => std::future::ready(first).boxed(),
        Poll::Pending => following,
    };
    // It runs no longer: it waits.
    drop(admission);
    let (sender, mut receiver) = mpsc::channel::<Bytes>(1);
    let limits = &app.config.limits;
    let channel = Channel {
        sender,
        presence: app.listeners.enter(),
        vigil: listener.vigil,
        line: listener.line,
        heartbeat: app.config.heartbeat,
        patience: Duration::from_secs(limits.listener_stall_seconds as u64),
        underway: Underway::on_stream(peer, &id),
        _inside: Level::Streams.enter(),
        id,
    };
    tokio::spawn(channel.run(first));
    let pieces = stream::poll_fn(move |context| receiver.poll_recv(context)).map(Ok::<Bytes, Infallible>);
    let mut response = respond(Body::from_stream(pieces));
    response.extensions_mut().insert(GoesOn);
    Ok(response)
}

type Following = BoxFuture<'static, (Option<Outcome>, BoxStream<'static, Outcome>)>;

fn follow(mut outcomes: BoxStream<'static, Outcome>) -> Following {
    async move { (outcomes.next().await, outcomes) }.boxed()
}

struct Channel {
    sender: mpsc::Sender<Bytes>,
    presence: Presence,
    vigil: Option<Vigil>,
    line: Option<Line>,
    heartbeat: Duration,
    patience: Duration,
    id: RequestId,
    /// Told of with the end of this.
    underway: Underway,
    _inside: Inside,
}

impl Channel {
    async fn run(mut self, mut following: Following) {
        // At once, so that whoever listens knows that they are heard.
        let mut piece = Some(Bytes::from_static(COMMENT));
        loop {
            // Before anything is read: what is read is sent, and not kept.
            let place = tokio::select! {
                biased;
                place = self.sender.reserve() => match place {
                    Ok(place) => place,
                    // Nobody listens any more.
                    Err(_) => return,
                },
                () = tokio::time::sleep(self.patience) => {
                    tracing::debug!("whoever listens takes nothing in");
                    return self.line.iter().for_each(Line::hang_up);
                }
                () = lost(&mut self.vigil) => return self.line.iter().for_each(Line::hang_up),
                () = self.presence.ending() => return self.line.iter().for_each(Line::hang_up),
            };
            if let Some(piece) = piece.take() {
                place.send(piece);
                continue;
            }
            let (outcome, outcomes) = tokio::select! {
                () = self.presence.ending() => return,
                () = self.sender.closed() => return,
                () = lost(&mut self.vigil) => {
                    let outcome = Outcome::NotExecutable(vec![Refusal::unauthenticated().fault()]);
                    self.underway.came_to(&outcome);
                    return place.send(next(&outcome, &self.id));
                }
                () = tokio::time::sleep(self.heartbeat) => {
                    place.send(Bytes::from_static(COMMENT));
                    continue;
                }
                came = &mut following => came,
            };
            match outcome {
                Some(outcome) => {
                    self.underway.came_to(&outcome);
                    let is_last = outcome.is_empty() && outcome.has(super::answer::code::UNAUTHENTICATED) && self.vigil.is_some();
                    place.send(next(&outcome, &self.id));
                    if is_last {
                        return;
                    }
                    following = follow(outcomes);
                }
                None => return place.send(Bytes::from_static(COMPLETE)),
            }
        }
    }
}

/// Waits until sign-in is lost; for ever when there is none to lose.
async fn lost(vigil: &mut Option<Vigil>) {
    match vigil {
        Some(vigil) => vigil.lost().await,
        None => std::future::pending().await,
    }
}
