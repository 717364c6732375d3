//! A bad line to a server on this machine: slow, by a little that differs all the time, and now and then it breaks.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::dice::Dice;

/// The line; it is cut when this is dropped.
pub struct Line {
    pub port: u16,
    task: JoinHandle<()>,
}

impl Line {
    /// To a port of this machine. Each piece that travels is late by up to that, and one in so many breaks its connection.
    pub async fn to(port: u16, late: Duration, breaks_once_in: u64) -> Line {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let own = listener.local_addr().expect("its address").port();
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            let mut seed = 0;
            while let Ok((near, _)) = listener.accept().await {
                seed += 2;
                connections.spawn(async move {
                    let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else { return };
                    let _ = (near.set_nodelay(true), far.set_nodelay(true));
                    let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
                    // When one direction ends, both do.
                    tokio::select! {
                        () = carry(from_near, to_far, Dice::new(seed), late, breaks_once_in) => {}
                        () = carry(from_far, to_near, Dice::new(seed + 1), late, breaks_once_in) => {}
                    }
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Line { port: own, task }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, mut dice: Dice, late: Duration, breaks_once_in: u64) {
    let mut piece = vec![0; 16 * 1024];
    let late = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        // Most pieces are hardly late, some very much.
        let wait = if dice.one_in(20) { dice.within(late + 1) } else { dice.within(late / 10 + 1) };
        tokio::time::sleep(Duration::from_micros(wait)).await;
        if dice.one_in(breaks_once_in) || to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}
