//! The body of a request that was answered before it was read. Only a body that is read to its end lets the connection go on: a small one is
//! read off, and of any other the answer says that the connection ends. (How it ends, so that the answer gets through, is the wire's.)

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{CONTENT_LENGTH, EXPECT};
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};

/// Longest body that is read off, in bytes.
const SMALL: u64 = 64 * 1024;
/// How long it is waited for: it was sent together with its head.
const PATIENCE: Duration = Duration::from_millis(500);

/// What is left of a body, as soon as nobody reads it any more.
#[derive(Debug, Default, Clone)]
pub struct Leftover {
    body: Arc<Mutex<Option<Body>>>,
    /// Whether it is worth reading.
    is_small: bool,
}

impl Leftover {
    /// Of this request, whose body hands itself back from then on.
    pub fn of(request: &mut Request<Body>) -> Leftover {
        let Some(length) = announced(request.headers()).filter(|length| *length > 0) else { return Leftover::default() };
        // Who asks whether to send it has not sent it, and is not asked to do so for nothing.
        let is_small = length <= SMALL && !request.headers().contains_key(EXPECT);
        let leftover = Leftover { body: Arc::default(), is_small };
        let body = std::mem::take(request.body_mut());
        *request.body_mut() = Body::new(Lent { body, to: leftover.clone() });
        leftover
    }

    /// Reads it off, if that is little. Whether the connection can go on.
    pub async fn read_off(self) -> bool {
        let left = self.body.lock().unwrap_or_else(PoisonError::into_inner).take();
        match left {
            None => true,
            Some(_) if !self.is_small => false,
            Some(mut body) => {
                let read = async {
                    while let Some(frame) = body.frame().await {
                        if frame.is_err() {
                            return false;
                        }
                    }
                    true
                };
                tokio::time::timeout(PATIENCE, read).await.unwrap_or(false)
            }
        }
    }
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A body that is handed back when it is dropped before its end.
struct Lent {
    body: Body,
    to: Leftover,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if !self.body.is_end_stream() {
            *self.to.body.lock().unwrap_or_else(PoisonError::into_inner) = Some(std::mem::take(&mut self.body));
        }
    }
}
