//! The program itself, as somebody would start it.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::UnboundedReceiver;

/// The program with a clean environment: none of the settings of whoever runs the tests.
pub fn tenure(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tenure"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TENURE_") {
            command.env_remove(name);
        }
    }
    command
}

/// A server of its own process; it is killed when this is dropped.
pub struct Served {
    child: Child,
    /// `http://127.0.0.1:…`
    pub base: String,
    /// What it printed until it served.
    pub printed: Vec<String>,
    /// What it prints from then on.
    later: UnboundedReceiver<String>,
}

impl Served {
    /// Starts a command that serves, and waits until it answers. `port` is put into `TENURE_LISTEN`.
    pub async fn start(command: Command) -> Served {
        Served::start_on(free_port(), command).await
    }

    /// The same on a port that was another one's before.
    pub async fn start_on(port: u16, command: Command) -> Served {
        Served::try_start_on(port, command).await.unwrap_or_else(|status| panic!("the program ended with {status} instead of serving"))
    }

    /// The same, where it may end instead: the database may not be there at that moment.
    pub async fn try_start_on(port: u16, mut command: Command) -> Result<Served, ExitStatus> {
        let base = format!("http://127.0.0.1:{port}");
        let mut child =
            command.env("TENURE_LISTEN", format!("127.0.0.1:{port}")).stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let (said, mut hear) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let _ = said.send(line);
            }
        });
        for _ in 0..600 {
            if let Ok(answer) = reqwest::get(format!("{base}/health/ready")).await
                && answer.status().is_success()
            {
                let mut printed = Vec::new();
                while let Ok(Some(line)) = tokio::time::timeout(Duration::from_millis(100), hear.recv()).await {
                    printed.push(line);
                }
                return Ok(Served { child, base, printed, later: hear });
            }
            if let Some(status) = child.try_wait().expect("its state") {
                return Err(status);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the program does not get ready");
    }

    /// Asks it to end, and gives what it has printed since it served; fails the test unless it ends in order.
    pub async fn end(mut self) -> Vec<String> {
        let process = self.child.id().expect("it runs").to_string();
        let asked = Command::new("kill").args(["-TERM", &process]).status().await.expect("kill");
        let status = self.child.wait().await.expect("an end");
        assert!(asked.success() && status.success(), "the program ended with {status}");
        let mut lines = Vec::new();
        while let Some(line) = self.later.recv().await {
            lines.push(line);
        }
        lines
    }

    /// Its number.
    pub fn number(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Whether it runs still.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().expect("its state").is_none()
    }

    /// The process, to see it die.
    pub fn into_child(self) -> Child {
        self.child
    }

    /// Stops it without a chance to tidy up.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it can be killed");
    }
}

/// A port that nobody listens on just now, of those that no outgoing connection is given: a server that is started again on it finds it free, and
/// whoever calls meanwhile is not connected with themselves.
pub fn free_port() -> u16 {
    let random = || RandomState::new().build_hasher().finish();
    (0..100)
        .map(|_| 10_000 + u16::try_from(random() % 22_000).expect("a small number"))
        .find(|port| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}
