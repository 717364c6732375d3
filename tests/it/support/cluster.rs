//! A PostgreSQL of a test's own, which it may stop and start. Unlike the one that all other tests run on, it writes every commit to the disk.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::process::free_port;

/// How PostgreSQL is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Connections are ended, and what is committed is written down.
    Fast,
    /// As when the machine goes down: it recovers with the next start.
    Immediate,
}

/// A cluster; it is stopped and removed when this is dropped.
pub struct Cluster {
    home: PathBuf,
    port: u16,
    secret: String,
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set, and these tests are never skipped: run scripts/test, which sets it"))
}

/// A server program of PostgreSQL, run by whom `scripts/test` says: it refuses to be run by root.
fn program(name: &str, home: &Path) -> Command {
    let program = Path::new(&variable("TENURE_TEST_POSTGRES_PROGRAMS")).join(name);
    let owner = variable("TENURE_TEST_POSTGRES_USER");
    let mut command = match owner.is_empty() {
        true => Command::new(program),
        false => {
            let mut command = Command::new("runuser");
            command.args(["-u", &owner, "--"]).arg(program);
            command
        }
    };
    command.current_dir(home).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

impl Cluster {
    /// A new one, running.
    pub async fn start() -> Cluster {
        tokio::task::spawn_blocking(Cluster::new).await.expect("a cluster")
    }

    fn new() -> Cluster {
        // In the folder that `scripts/test` removes, should this process be killed.
        let folder = tempfile::Builder::new().prefix("cluster-").tempdir_in(variable("TENURE_TEST_POSTGRES_HOME")).expect("a folder");
        let mut random = [0u8; 24];
        std::io::Read::read_exact(&mut std::fs::File::open("/dev/urandom").expect("random bytes"), &mut random).expect("random bytes");
        let secret: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut cluster = Cluster { home: folder.keep(), port: 0, secret };
        let home = cluster.home.clone();
        let password = home.join("secret");
        std::fs::write(&password, &cluster.secret).expect("the password");
        let owner = variable("TENURE_TEST_POSTGRES_USER");
        if !owner.is_empty() {
            assert!(Command::new("chown").arg(&owner).args([&home, &password]).status().expect("chown").success());
        }
        let made = program("initdb", &home)
            .args(["-U", "tenure", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--pwfile=secret", "-D", "data"])
            .status();
        assert!(made.expect("initdb").success(), "initdb failed");
        std::fs::remove_file(&password).expect("the password");
        for _ in 0..10 {
            cluster.port = free_port();
            // fsync, synchronous_commit and full_page_writes are left on.
            let settings = format!(
                "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nport = {}\nmax_connections = 100\nshared_buffers = 32MB\njit = off\n",
                cluster.port
            );
            std::fs::write(home.join("data/postgresql.auto.conf"), settings).expect("the settings");
            // A port is free until somebody takes it.
            if cluster.control(&["-l", "log", "-w", "-t", "60", "start"]) {
                return cluster;
            }
        }
        panic!("PostgreSQL does not start: {}", std::fs::read_to_string(home.join("log")).unwrap_or_default());
    }

    fn control(&self, arguments: &[&str]) -> bool {
        program("pg_ctl", &self.home).args(["-D", "data"]).args(arguments).status().is_ok_and(|status| status.success())
    }

    /// What `TENURE_DATABASE_URL` would be.
    pub fn url(&self) -> String {
        self.url_by(self.port)
    }

    /// The same, by way of another port.
    pub fn url_by(&self, port: u16) -> String {
        format!("postgres://tenure:{}@127.0.0.1:{port}/postgres", self.secret)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops it.
    pub fn stop(&self, how: Stop) {
        let mode = if how == Stop::Fast { "fast" } else { "immediate" };
        tokio::task::block_in_place(|| assert!(self.control(&["-m", mode, "-w", "-t", "60", "stop"]), "PostgreSQL does not stop"));
    }

    /// Starts it again, on the same port.
    pub fn start_again(&self) {
        tokio::task::block_in_place(|| {
            let is_there = self.control(&["-l", "log", "-w", "-t", "60", "start"]);
            assert!(is_there, "PostgreSQL does not start: {}", std::fs::read_to_string(self.home.join("log")).unwrap_or_default());
        });
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.control(&["-m", "immediate", "-w", "-t", "20", "stop"]);
        let _ = std::fs::remove_dir_all(&self.home);
    }
}
