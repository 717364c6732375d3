//! One socket from its upgrade to its end. Nothing is kept for who is slow: operations read only what can be sent.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::broken::Broken;
use super::operation::{Frame, Operation, Said};
use super::protocol::{self, Close, Incoming};
use crate::http::SharedApp;
use crate::http::answer::{Fault, code, errors};
use crate::http::listeners::Presence;
use crate::http::log::{OpenSocket, Underway};
use crate::http::request_id::RequestId;
use crate::http::volume::Held;
use crate::identity::{AuthenticationError, Caller};
use crate::live::Vigil;
use crate::telemetry::chain;

/// How long the other side may take to agree to an end.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);
/// How long the last words may take to get through to who takes nothing in.
const LAST_WORDS_PATIENCE: Duration = Duration::from_secs(8);
/// Room for frames beside one for each operation.
const SPARE_FRAMES: usize = 4;

/// A socket.
pub struct Socket {
    app: SharedApp,
    socket: WebSocket,
    peer: Option<IpAddr>,
    presence: Presence,
    vigil: Option<Vigil>,
    introduced: bool,
    authorization: Option<Arc<str>>,
    operations: HashMap<Arc<str>, (u64, AbortHandle)>,
    /// Aborted with the socket.
    tasks: JoinSet<()>,
    count: u64,
    sender: mpsc::Sender<Frame>,
    frames: mpsc::Receiver<Frame>,
}

/// Why a socket ends.
enum End {
    /// We close it.
    Close(Close),
    /// The other side has closed it.
    Left,
    /// The other side is there no longer.
    Gone,
}

impl From<Close> for End {
    fn from(close: Close) -> End {
        End::Close(close)
    }
}

impl Socket {
    /// After the upgrade.
    pub fn new(app: SharedApp, socket: WebSocket, peer: Option<IpAddr>) -> Socket {
        let (sender, frames) = mpsc::channel(app.config.limits.socket_operations.saturating_add(SPARE_FRAMES));
        Socket {
            presence: app.listeners.enter(),
            app,
            socket,
            peer,
            vigil: None,
            introduced: false,
            authorization: None,
            operations: HashMap::new(),
            tasks: JoinSet::new(),
            count: 0,
            sender,
            frames,
        }
    }

    /// Serves it to its end.
    pub async fn run(mut self, open: OpenSocket) {
        let end = match self.serve().await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        // Before the last words: nothing is said behind them.
        self.tasks.abort_all();
        match end {
            End::Close(reason) => {
                let code = reason.code;
                close(self.socket, reason).await;
                open.closed(Some(code));
            }
            End::Left => {
                agree(self.socket).await;
                open.closed(None);
            }
            End::Gone => open.closed(None),
        }
    }

    async fn serve(&mut self) -> Result<std::convert::Infallible, End> {
        let introduction = tokio::time::sleep(Duration::from_secs(self.app.config.limits.init_seconds as u64));
        let mut introduction = std::pin::pin!(introduction);
        let mut beat = tokio::time::interval(self.app.config.heartbeat);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        beat.tick().await;
        let mut is_heard_of = true;
        loop {
            tokio::select! {
                () = self.presence.ending() => return Err(Close::GOING_AWAY.into()),
                () = lost(&mut self.vigil) => return Err(Close::FORBIDDEN.into()),
                () = &mut introduction, if !self.introduced => return Err(Close::INIT_TIMEOUT.into()),
                _ = beat.tick() => {
                    // Silent since the last ping: there is nobody at the other end.
                    if !std::mem::replace(&mut is_heard_of, false) {
                        return Err(End::Gone);
                    }
                    self.send(Some(Message::Ping(axum::body::Bytes::new()))).await?;
                }
                Some(frame) = self.frames.recv() => self.pass_on(frame).await?,
                Some(_) = self.tasks.join_next() => {}
                message = self.socket.recv() => {
                    is_heard_of = true;
                    self.receive(message).await?;
                }
            }
        }
    }

    async fn receive(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        let limit = self.app.config.limits.message_bytes;
        match message {
            None => Err(End::Gone),
            Some(Err(error)) => Err(match Broken::of(&error) {
                Broken::Gone => End::Gone,
                Broken::TooLong => Close::too_long(limit).into(),
                Broken::NotText => Close::NOT_TEXT.into(),
                Broken::Malformed => Close::MALFORMED_FRAME.into(),
            }),
            Some(Ok(Message::Text(text))) if text.len() > limit => Err(Close::too_long(limit).into()),
            Some(Ok(Message::Binary(bytes))) if bytes.len() > limit => Err(Close::too_long(limit).into()),
            Some(Ok(Message::Text(text))) => {
                let volume = self.hold(text.as_bytes()).await?;
                match Incoming::read(&text) {
                    Ok(incoming) => self.heed(incoming, volume).await,
                    Err(reason) => Err(Close::bad_request(reason).into()),
                }
            }
            Some(Ok(Message::Binary(_))) => Err(Close::bad_request("Invalid message: expected text").into()),
            // Answered by the library, which keeps answers that are not taken in: nothing more is read before this one was.
            Some(Ok(Message::Ping(_))) => self.send(None).await,
            Some(Ok(Message::Pong(_))) => Ok(()),
            Some(Ok(Message::Close(_))) => Err(End::Left),
        }
    }

    /// Room for a message that is to be read.
    async fn hold(&mut self, text: &[u8]) -> Result<Held, End> {
        let texts = [text];
        tokio::select! {
            biased;
            held = self.app.volume.hold(&texts) => held.map_err(|no_room| Close::from(no_room).into()),
            () = lost(&mut self.vigil) => Err(Close::FORBIDDEN.into()),
            () = self.presence.ending() => Err(Close::GOING_AWAY.into()),
        }
    }

    async fn heed(&mut self, incoming: Incoming, volume: Held) -> Result<(), End> {
        // Only operations need it for longer: who takes nothing in holds no room.
        let volume = matches!(incoming, Incoming::Subscribe { .. }).then_some(volume).unwrap_or_default();
        match incoming {
            Incoming::Init(_) if self.introduced => Err(Close::TOO_MANY_INITS.into()),
            Incoming::Init(payload) => self.introduce(&payload).await,
            Incoming::Ping(payload) => self.say(protocol::pong(payload)).await,
            Incoming::Pong => Ok(()),
            Incoming::Subscribe { .. } if !self.introduced => Err(Close::UNAUTHORIZED.into()),
            Incoming::Subscribe { id, .. } if self.operations.contains_key(id.as_str()) => Err(Close::already_there(&id).into()),
            Incoming::Subscribe { id, .. } if self.operations.len() >= self.app.config.limits.socket_operations => {
                drop(volume);
                self.refuse(&id).await
            }
            Incoming::Subscribe { id, payload } => {
                self.begin(id.into(), payload, volume);
                Ok(())
            }
            Incoming::Complete { id } => {
                if let Some((_, task)) = self.operations.remove(id.as_str()) {
                    task.abort();
                }
                Ok(())
            }
        }
    }

    /// Who is there, by the token in the payload; nobody in particular without one.
    async fn introduce(&mut self, payload: &Map<String, Value>) -> Result<(), End> {
        let authorization = match payload.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization")).map(|(_, value)| value) {
            None | Some(Value::Null) => None,
            Some(Value::String(value)) => Some(value.as_str()),
            Some(_) => return Err(Close::FORBIDDEN.into()),
        };
        match self.app.identity.authenticate(&self.app.engine, authorization).await {
            Ok(Caller::ExpiredSession) | Err(AuthenticationError::BadCredential) => return Err(Close::FORBIDDEN.into()),
            Ok(caller) => {
                let ends_at = authorization.and_then(|value| self.app.identity.ends_at(value));
                self.vigil = self.app.live.watch(caller.access(), ends_at);
            }
            Err(AuthenticationError::Storage(error)) => {
                tracing::error!(error = chain(&error), "the caller could not be looked up");
                return Err(Close::TRY_AGAIN.into());
            }
        }
        self.authorization = authorization.map(Arc::from);
        self.introduced = true;
        self.say(protocol::ACK.to_owned()).await
    }

    fn begin(&mut self, id: Arc<str>, payload: Map<String, Value>, volume: Held) {
        self.count += 1;
        let operation = Operation {
            app: self.app.clone(),
            id: id.clone(),
            number: self.count,
            authorization: self.authorization.clone(),
            peer: self.peer,
            frames: self.sender.clone(),
        };
        let task = self.tasks.spawn(operation.run(payload, volume));
        self.operations.insert(id, (self.count, task));
    }

    /// One operation more than there may be.
    async fn refuse(&mut self, id: &str) -> Result<(), End> {
        let maximum = self.app.config.limits.socket_operations;
        let text = format!("At most {maximum} operations may be under way on one socket: complete one first.");
        let fault = Fault { code: code::RATE_LIMITED.to_owned(), ..Fault::over_limit("socketOperations", maximum, text) };
        let request_id = RequestId::new(&*self.app.clock);
        Underway::on_socket(self.peer, &request_id).failed(std::slice::from_ref(&fault));
        self.say(protocol::error(id, errors(&[fault], &request_id))).await
    }

    /// Passes on what an operation says, unless the client has ended it.
    async fn pass_on(&mut self, Frame { id, number, said }: Frame) -> Result<(), End> {
        if self.operations.get(&id).is_none_or(|(running, _)| *running != number) {
            return Ok(());
        }
        match said {
            Said::Next(text) => self.say(text).await,
            Said::Last(text) => {
                self.operations.remove(&id);
                self.say(text).await
            }
            Said::Close(close) => Err(close.into()),
        }
    }

    async fn say(&mut self, text: String) -> Result<(), End> {
        self.send(Some(Message::Text(text.into()))).await
    }

    /// Says something, if there is something to be said, and waits until all that was said is taken in.
    async fn send(&mut self, message: Option<Message>) -> Result<(), End> {
        let patience = Duration::from_secs(self.app.config.limits.listener_stall_seconds as u64);
        let socket = &mut self.socket;
        let sent = async {
            if let Some(message) = message {
                socket.feed(message).await?;
            }
            socket.flush().await
        };
        tokio::select! {
            sent = sent => sent.map_err(|_| End::Gone),
            () = tokio::time::sleep(patience) => Err(Close::SLOW.into()),
            () = lost(&mut self.vigil) => Err(Close::FORBIDDEN.into()),
            () = self.presence.ending() => Err(Close::GOING_AWAY.into()),
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

/// Says why, and waits a little for the other side to agree, so that the reason gets through.
pub async fn close(mut socket: WebSocket, Close { code, reason }: Close) {
    let frame = CloseFrame { code, reason: reason.as_ref().into() };
    let said = tokio::time::timeout(LAST_WORDS_PATIENCE, socket.send(Message::Close(Some(frame))));
    if matches!(said.await, Ok(Ok(()))) {
        agree(socket).await;
    }
}

/// Reads to the end, and has the library say its part of the goodbye, so that the other side sees a clean one.
async fn agree(mut socket: WebSocket) {
    let agreed = async { while let Some(Ok(_)) = socket.next().await {} };
    let _ = tokio::time::timeout(CLOSE_PATIENCE, agreed).await;
}
