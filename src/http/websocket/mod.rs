//! WebSockets, by the protocol `graphql-transport-ws` and no other: <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>.

mod broken;
mod handshake;
mod operation;
mod protocol;
mod socket;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::header::UPGRADE;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;

use super::accept::Media;
use super::answer::{Refusal, code};
use super::log::OpenSocket;
use super::request_id::RequestId;
use super::{SharedApp, peer};
use protocol::Close;
use socket::Socket;

/// The only protocol.
const PROTOCOL: &str = "graphql-transport-ws";
/// Longest control frame, whatever the limit of messages is.
const CONTROL_MAX: usize = 125;
/// What is read of a socket at once. The library fills all of it with zeros each time, and keeps it as long as the socket.
const READ_BUFFER: usize = 8 * 1024;

/// Whether a request wants to become a WebSocket.
pub fn is_asked_for(headers: &HeaderMap) -> bool {
    headers.get(UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Makes a WebSocket of a request.
pub async fn upgrade(app: SharedApp, request: Request<Body>, id: &RequestId) -> Response {
    // Pages of other sites would come with the rights of whoever looks at them.
    if !app.origins.may_open_sockets(request.headers()) {
        let text = "This origin may not open a WebSocket here: add it to TENURE_ALLOWED_ORIGINS.";
        return Refusal::new(StatusCode::FORBIDDEN, code::FORBIDDEN, text).answer(Media::Json, id);
    }
    if let Err(objection) = handshake::check(request.headers()) {
        return objection.answer(id);
    }
    let peer = peer::of(&request, &app.config.trusted_proxies);
    let (mut head, _) = request.into_parts();
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut head, &()).await else {
        return Refusal::bad_request("This is no well-formed request for a WebSocket.").answer(Media::Json, id);
    };
    // No byte beyond the limit is kept, whatever the frames say that they bring.
    let limit = app.config.limits.message_bytes.max(CONTROL_MAX);
    let mut upgrade = upgrade.max_message_size(limit).max_frame_size(limit).read_buffer_size(READ_BUFFER).protocols([PROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        // Agreed to, so that the client gets to hear the code by which it is told; browsers hide everything else.
        let other = upgrade.requested_protocols().next().cloned();
        if let Some(other) = other {
            upgrade.set_selected_protocol(other);
        }
        let open = OpenSocket::of(peer, id);
        return upgrade.on_upgrade(|socket| {
            open.closed(Some(Close::PROTOCOL.code));
            socket::close(socket, Close::PROTOCOL)
        });
    }
    let id = id.clone();
    upgrade.on_upgrade(move |socket| Socket::new(app, socket, peer).run(OpenSocket::of(peer, &id)))
}
