//! Takes connections, with a limit to everything a slow or silent peer could hold on to, and ends in order.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tenure_core::clock::Clock;
use tenure_core::engine::{Engine, Licence};
use tenure_core::storage::Storage;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use tokio::task::JoinSet;
use tower_service::Service;

use super::adapter::Adapter;
use super::admission::Allowance;
use super::arrivals::Arrivals;
use super::line::Line;
use super::linger::Lingering;
use super::listeners::Listeners;
use super::log::Asked;
use super::origins::Origins;
use super::peer::Peer;
use super::request_id::RequestId;
use super::volume::Volume;
use super::wire::{Access, Exchange, Refuse, Wire};
use super::{App, SharedApp, ending_router, metrics_router, router, unread};
use crate::config::Config;
use crate::graphql::Api;
use crate::identity::{Identity, IdentityError};
use crate::live::Live;
use crate::mail::{Bell, MailError, Mailer, Worker};
use crate::telemetry::metrics::{Inside, Level, Recorder};

/// The part of the time for ending that is kept for mails under way, once requests have been waited for.
const MAIL_PART: u32 = 10;
/// Connections at once of who collects numbers.
const METRICS_CONNECTIONS: usize = 16;
/// How often what was recorded is sorted.
const TIDY_PAUSE: Duration = Duration::from_secs(5);
/// What is kept of a head that is not whole yet, at most; bodies come in smaller pieces (`wire::AT_ONCE`).
const READ_BUFFER: usize = 128 * 1024;
/// By how much hyper is more patient than the wire.
const SPARE_PATIENCE: Duration = Duration::from_secs(60);
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
    /// Nobody can listen there for who collects numbers.
    #[error("TENURE_METRICS_LISTEN (--metrics-listen): cannot listen on {listen}: {}", listen_fault(source))]
    ListenMetrics {
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
    metrics: Option<TcpListener>,
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
        let metrics = config.metrics_listen.map(listen_for_metrics).transpose()?;
        if let Some(metrics) = &metrics {
            config.metrics_listen = Some(metrics.local_addr()?);
        }
        let config = Arc::new(config);
        let identity = Identity::open(&config.key_file, clock.clone())?.with_passwords_waiting(config.connections.passwords_waiting);
        let identity = Arc::new(identity);
        let mailer = Mailer::open(&config, identity.link_key())?;
        let bell = Bell::default();
        let licence = Licence { seat_limit: config.seat_limit, plan: config.plan.clone() };
        let engine = Arc::new(Engine::new(storage, clock.clone(), Arc::new(bell.clone()), identity.link_key(), licence));
        let worker = Worker::new(engine.clone(), mailer, bell, config.mail_poll);
        let live = Arc::new(Live::new(engine.storage().clone(), clock.clone(), config.event_poll));
        let api = Api::new(engine.clone(), identity.clone(), config.clone(), live.clone());
        let app = App {
            adapter: Arc::new(Adapter::new(api, config.limits.clone())),
            live,
            listeners: Listeners::default(),
            origins: Origins::of(&config),
            allowance: Allowance::of(&config),
            arrivals: Arrivals::of(&config.limits, config.connections.head_bytes),
            volume: Volume::of(&config.limits),
            draining: std::sync::atomic::AtomicBool::new(false),
            config,
            clock,
            identity,
            engine,
        };
        Ok(Server { listener, metrics, app: Arc::new(app), worker })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.app.config.listen
    }

    /// Where it serves numbers, if it does.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.app.config.metrics_listen
    }

    /// Serves and sends mails until `end` comes, then answers what is under way, and finishes the mails under way. All of that ends in the
    /// time there is for it: whoever asked for the end may be about to kill what has not ended by then.
    pub async fn run(self, end: impl Future<Output = ()>) {
        let Server { listener, metrics, app, worker } = self;
        // Sets, so that what is in them ends with this, even when this is dropped.
        let (mut mails, mut numbers) = (JoinSet::new(), JoinSet::new());
        let (last_call, called) = oneshot::channel::<()>();
        mails.spawn(worker.run(async move {
            let _ = called.await;
        }));
        let mut listening = JoinSet::new();
        let live = app.live.clone();
        listening.spawn(async move { live.run().await });
        if let (Some(listener), Some(recorder)) = (metrics, Recorder::of_process()) {
            numbers.spawn(tidy(recorder.clone()));
            let mut door = Door::new(metrics_router(app.clone(), recorder), &app);
            door.permits = Arc::new(Semaphore::new(METRICS_CONNECTIONS));
            numbers.spawn(async move { door.take_connections(&listener).await });
        }
        let door = Door::new(router(app.clone()), &app);
        tokio::select! {
            () = end => {}
            () = door.take_connections(&listener) => {}
        }
        tracing::info!("ending: requests under way are answered");
        let patience = app.config.connections.drain;
        let over = tokio::time::Instant::now() + patience;
        app.drain();
        let rest = async {
            door.close().await;
            // Sockets are connections of their own by then.
            app.listeners.gone().await;
            // Behind the answers: whoever was told that a link comes gets one.
            app.identity.resets().end().await;
        };
        // Whoever has not noticed yet that it ends is told so, meanwhile, instead of finding nobody.
        let late = Door::new(ending_router(app.clone()), &app);
        let answered = async {
            tokio::select! {
                () = rest => {}
                () = late.take_connections(&listener) => {}
            }
        };
        if tokio::time::timeout_at(over - patience / MAIL_PART, answered).await.is_err() {
            tracing::warn!("some requests were not answered in time");
        }
        drop(listener);
        let _ = late.ending.send(());
        // Only now: what was answered just before wrote mails, too.
        drop(last_call);
        if tokio::time::timeout_at(over, mails.join_next()).await.is_err() {
            tracing::warn!("some mails were not sent in time: they are tried again later");
        }
    }
}

fn listen_for_metrics(listen: SocketAddr) -> Result<TcpListener, ServeError> {
    let bound = std::net::TcpListener::bind(listen).and_then(|listener| {
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener)
    });
    bound.map_err(|source| ServeError::ListenMetrics { listen, source })
}

/// Keeps what was recorded from piling up while nobody collects it.
async fn tidy(recorder: Recorder) {
    loop {
        tokio::time::sleep(TIDY_PAUSE).await;
        recorder.tidy();
    }
}

/// Where connections come in.
struct Door {
    router: Router,
    app: SharedApp,
    permits: Arc<Semaphore>,
    /// Every connection listens here, and is gone when it no longer does.
    ending: watch::Sender<()>,
}

impl Door {
    fn new(router: Router, app: &SharedApp) -> Door {
        let permits = Arc::new(Semaphore::new(app.config.connections.connections));
        Door { router, app: app.clone(), permits, ending: watch::Sender::default() }
    }

    async fn take_connections(&self, listener: &TcpListener) {
        loop {
            match self.accept(listener).await {
                Ok((stream, from, permit)) => {
                    let place = Place { _permit: permit, _inside: Level::Connections.enter() };
                    let connection = Connection { stream, from, place, router: self.router.clone(), app: self.app.clone() };
                    tokio::spawn(connection.serve(self.ending.subscribe()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Has every connection end with the answer that is under way, if any, and waits for that.
    async fn close(self) {
        let _ = self.ending.send(());
        self.ending.closed().await;
    }

    async fn accept(&self, listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        let permit = self.permits.clone().acquire_owned().await.map_err(io::Error::other)?;
        let (stream, from) = listener.accept().await?;
        Ok((stream, from, permit))
    }
}

/// A place among the connections.
struct Place {
    _permit: OwnedSemaphorePermit,
    _inside: Inside,
}

struct Connection {
    stream: TcpStream,
    from: SocketAddr,
    place: Place,
    router: Router,
    app: SharedApp,
}

impl Connection {
    async fn serve(self, mut ending: watch::Receiver<()>) {
        let Connection { stream, from, place, router, app } = self;
        // Answers are small: waiting for more to send only makes them late.
        let _ = stream.set_nodelay(true);
        let peer = from.ip().to_canonical();
        let (exchange, line) = (Exchange::default(), Line::default());
        let over = line.clone();
        let limits = app.config.connections.clone();
        let mut builder = http1::Builder::new();
        // The timers are the wire's. hyper looks at a connection that has become idle only if it has a timer of its own, so it gets one that
        // is never the first to end.
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(limits.idle + limits.head + SPARE_PATIENCE)
            .max_header_size(limits.head_bytes)
            .max_buf_size(limits.head_bytes.max(READ_BUFFER));
        let access = Access { limits, arrivals: app.arrivals.clone(), refuse: refuse(app, peer) };
        let wire = Wire::new(Lingering::new(stream, exchange.clone()), exchange.clone(), access, place);
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            request.extensions_mut().insert(exchange.next());
            request.extensions_mut().insert(over.clone());
            let mut turn = exchange.turn();
            let answer = router.clone().call(request);
            async move {
                let response = answer.await?;
                if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                    turn.upgrade();
                }
                Ok::<_, Infallible>(response.map(|body| turn.until_written(body)))
            }
        });
        let mut connection = pin!(builder.serve_connection(TokioIo::new(wire), service).with_upgrades());
        let served = async {
            tokio::select! {
                ended = connection.as_mut() => ended,
                _ = ending.changed() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            }
        };
        tokio::select! {
            ended = served => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke off");
                }
            }
            () = line.hung_up() => tracing::debug!("a connection was broken off: nobody took in what it was sent"),
        }
    }
}

/// Answers in place of a request that could not be read, and notes it like any other.
fn refuse(app: SharedApp, peer: IpAddr) -> Refuse {
    Box::new(move |status| {
        let id = RequestId::of(&HeaderMap::new(), &*app.clock);
        let (response, bytes) = unread(status, &id, &app);
        Asked::unread(peer, &id).answered(&response, Duration::ZERO);
        bytes
    })
}
