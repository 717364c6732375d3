//! A TCP stream that does not take its last words back. Closing one with bytes unread makes the system tell the other end to forget what it
//! was sent, so after a change of protocol, and behind a head that was refused, what still comes is read and thrown away for a moment. (HTTP itself
//! has an end that can wait, see `Wire`.) Nothing of a WebSocket's message that is too long needs to be kept for that.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

use super::wire::Exchange;

/// How long what a client still sends is read and thrown away.
pub(super) const LINGER: Duration = Duration::from_secs(1);

/// The stream of one connection.
#[derive(Debug)]
pub struct Lingering {
    /// Taken when this is dropped, and never before.
    stream: Option<TcpStream>,
    exchange: Exchange,
}

impl Lingering {
    /// Of the connection that is spoken of there.
    pub fn new(stream: TcpStream, exchange: Exchange) -> Lingering {
        Lingering { stream: Some(stream), exchange }
    }

    fn stream(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        self.stream.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl AsyncRead for Lingering {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_read(cx, buffer)
    }
}

impl AsyncWrite for Lingering {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write(cx, bytes)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.stream()?.poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(cx)
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        let Some(stream) = self.stream.take().filter(|_| self.exchange.is_upgraded() || self.exchange.is_refused()) else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async { tokio::time::timeout(LINGER, listen_on(stream)).await });
        }
    }
}

/// Until the other end has nothing more to say.
async fn listen_on(mut stream: TcpStream) {
    let mut scrap = [0u8; 4096];
    if stream.shutdown().await.is_ok() {
        while stream.read(&mut scrap).await.is_ok_and(|length| length > 0) {}
    }
}
