//! Takes connections, with a limit to everything a slow or silent peer could hold on to, and ends in order.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tenure_core::clock::Clock;
use tenure_core::engine::{Engine, Licence};
use tenure_core::storage::Storage;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tower_service::Service;

use super::adapter::Adapter;
use super::framing::{Framing, Watched};
use super::origins::Origins;
use super::peer::Peer;
use super::{App, SharedApp, router};
use crate::config::Config;
use crate::graphql::Api;
use crate::identity::{Identity, IdentityError};
use crate::mail::{Bell, MailError, Mailer, Worker};

/// How long the head of a request may take, and how long a connection may be idle before it.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);
/// Connections at once; more wait in the system's queue.
const CONNECTIONS_MAX: usize = 2048;
/// How long requests under way may take after the end was announced.
const DRAIN_PATIENCE: Duration = Duration::from_secs(10);
/// How long mails under way may take after that.
const MAIL_PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait after the system refused a connection, e.g. for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why the server cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Nobody can listen there.
    #[error("TENURE_LISTEN (--listen): cannot listen on {listen}: {}", listen_fault(source))]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Keys or hashing cannot be used.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Mails cannot be sent.
    #[error("TENURE_MAIL (--mail): {0}")]
    Mail(#[from] MailError),
    /// The system failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

fn listen_fault(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "another program listens there; expected a free port".to_owned(),
        io::ErrorKind::AddrNotAvailable => "expected an address of this machine".to_owned(),
        io::ErrorKind::PermissionDenied => "not permitted; expected a port from 1024 on".to_owned(),
        _ => error.to_string(),
    }
}

/// Takes the port, before anything else is touched. Whoever connects waits until the server runs.
pub async fn listen(config: &Config) -> Result<TcpListener, ServeError> {
    let listen = config.listen;
    TcpListener::bind(listen).await.map_err(|source| ServeError::Listen { listen, source })
}

/// A server that listens already.
pub struct Server {
    listener: TcpListener,
    app: SharedApp,
    worker: Worker,
}

impl Server {
    /// Listens and makes everything ready. Port 0 takes any free port, which links in mails then carry.
    pub async fn bind(config: Config, storage: Arc<dyn Storage>, clock: Arc<dyn Clock>) -> Result<Server, ServeError> {
        Server::on(listen(&config).await?, config, storage, clock)
    }

    /// Makes everything ready behind a port that is taken already, see [`listen`].
    pub fn on(listener: TcpListener, mut config: Config, storage: Arc<dyn Storage>, clock: Arc<dyn Clock>) -> Result<Server, ServeError> {
        config.listen = listener.local_addr()?;
        let config = Arc::new(config);
        let identity = Arc::new(Identity::open(&config.key_file, clock.clone())?);
        let mailer = Mailer::open(&config, identity.link_key())?;
        let bell = Bell::default();
        let licence = Licence { seat_limit: config.seat_limit, plan: config.plan.clone() };
        let engine = Arc::new(Engine::new(storage, clock.clone(), Arc::new(bell.clone()), identity.link_key(), licence));
        let worker = Worker::new(engine.clone(), mailer, bell, config.mail_poll);
        let api = Api::new(engine.clone(), identity.clone(), config.clone());
        let app = App {
            adapter: Adapter::new(api, config.limits.clone()),
            origins: Origins::of(&config),
            draining: std::sync::atomic::AtomicBool::new(false),
            config,
            clock,
            identity,
            engine,
        };
        Ok(Server { listener, app: Arc::new(app), worker })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.app.config.listen
    }

    /// Serves and sends mails until `end` comes, then answers what is under way, and finishes the mails under way, for ten seconds each at
    /// most.
    pub async fn run(self, end: impl Future<Output = ()>) {
        let Server { listener, app, worker } = self;
        // A set, so that the worker ends with this, even when this is dropped.
        let mut mails = JoinSet::new();
        let (last_call, called) = oneshot::channel::<()>();
        mails.spawn(worker.run(async move {
            let _ = called.await;
        }));
        let router = router(app.clone());
        let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let graceful = GracefulShutdown::new();
        let mut end = pin!(end);
        loop {
            let accepted = tokio::select! {
                () = &mut end => break,
                accepted = accept(&listener, &permits) => accepted,
            };
            match accepted {
                Ok((stream, from, permit)) => {
                    let connection = serve_connection(stream, from, router.clone(), graceful.watcher());
                    tokio::spawn(async move {
                        connection.await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        tracing::info!("ending: requests under way are answered");
        app.drain();
        drop(listener);
        let rest = async {
            graceful.shutdown().await;
            // Behind the answers: whoever was told that a link comes gets one.
            app.identity.resets().end().await;
        };
        if tokio::time::timeout(DRAIN_PATIENCE, rest).await.is_err() {
            tracing::warn!("some requests were not answered in time");
        }
        // Only now: what was answered just before wrote mails, too.
        drop(last_call);
        if tokio::time::timeout(MAIL_PATIENCE, mails.join_next()).await.is_err() {
            tracing::warn!("some mails were not sent in time: they are tried again later");
        }
    }
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let permit = permits.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, from) = listener.accept().await?;
    Ok((stream, from, permit))
}

async fn serve_connection(stream: TcpStream, from: SocketAddr, router: Router, watcher: Watcher) {
    // Answers are small: waiting for more to send only makes them late.
    let _ = stream.set_nodelay(true);
    let framing = Framing::default();
    let watched = Watched::new(stream, framing.clone());
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(from.ip().to_canonical()));
        request.extensions_mut().insert(framing.clone());
        router.clone().call(request)
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_PATIENCE);
    if let Err(error) = watcher.watch(builder.serve_connection(TokioIo::new(watched), service)).await {
        tracing::debug!(%error, "a connection broke off");
    }
}
