//! A network between the server and its PostgreSQL that can be cut.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use url::Url;

use super::process::free_port;

/// A way to a database.
pub struct Proxy {
    address: SocketAddr,
    target: Arc<str>,
    url: String,
    running: Option<JoinHandle<()>>,
}

impl Proxy {
    /// A way to the database of that URL.
    pub async fn before(url: &str) -> Proxy {
        let mut url = Url::parse(url).expect("a URL");
        let target = format!("{}:{}", url.host_str().expect("a host"), url.port().expect("a port")).into();
        let listener = TcpListener::bind(("127.0.0.1", free_port())).await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        url.set_port(Some(address.port())).expect("a port");
        let mut proxy = Proxy { address, target, url: url.into(), running: None };
        proxy.run(listener);
        proxy
    }

    /// The URL of the database by this way.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends all connections, and takes none.
    pub async fn cut(&mut self) {
        if let Some(running) = self.running.take() {
            running.abort();
            let _ = running.await;
        }
    }

    /// Takes connections again.
    pub async fn mend(&mut self) {
        for _ in 0..100 {
            if let Ok(listener) = TcpListener::bind(self.address).await {
                return self.run(listener);
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("the port of the proxy is taken");
    }

    fn run(&mut self, listener: TcpListener) {
        let target = self.target.clone();
        self.running = Some(tokio::spawn(async move {
            // Dropped with this task, and all connections with it.
            let mut connections = JoinSet::new();
            loop {
                let Ok((mut near, _)) = listener.accept().await else { continue };
                let target = target.clone();
                connections.spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(&*target).await {
                        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                    }
                });
            }
        }));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.abort();
        }
    }
}
