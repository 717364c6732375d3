//! A mail server on loopback, with moods: it takes mails, refuses them, breaks off.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::mail::{Message, parse};

/// What it does about one attempt to hand a mail in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Takes it.
    Takes,
    /// Answers RCPT with a number, and repeats the address as servers do.
    Answers(u16),
    /// Breaks off when it has read a line of the message.
    BreaksOff,
    /// Takes it, after a while.
    TakesItsTime(Duration),
}

/// A mail that was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    /// RCPT.
    pub recipient: String,
    /// Header `Message-ID`.
    pub id: String,
    /// As it came.
    pub raw: String,
    pub message: Message,
}

#[derive(Default)]
struct Desk {
    moods: HashMap<String, VecDeque<Mood>>,
    attempts: Vec<String>,
    taken: Vec<Taken>,
    connections: usize,
}

/// A mail server; it stops when this is dropped.
pub struct MailServer {
    port: u16,
    desk: Arc<Mutex<Desk>>,
    task: JoinHandle<()>,
}

impl MailServer {
    /// Starts one on a free port.
    pub async fn start() -> MailServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let desk: Arc<Mutex<Desk>> = Arc::default();
        let shared = Arc::clone(&desk);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let desk = Arc::clone(&shared);
                desk.lock().expect("the desk").connections += 1;
                // Whoever hangs up has hung up.
                tokio::spawn(async move { serve(stream, desk).await.ok() });
            }
        });
        MailServer { port, desk, task }
    }

    /// What `TENURE_MAIL` would be.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// What happens to the next mails for an address, one attempt each; all later ones are taken.
    pub fn expect(&self, recipient: &str, moods: &[Mood]) {
        self.desk.lock().expect("the desk").moods.entry(recipient.to_owned()).or_default().extend(moods);
    }

    /// How often somebody tried to hand in a mail for an address.
    pub fn attempts(&self, recipient: &str) -> usize {
        self.desk.lock().expect("the desk").attempts.iter().filter(|a| a.as_str() == recipient).count()
    }

    /// All mails that were taken, in order.
    pub fn taken(&self) -> Vec<Taken> {
        self.desk.lock().expect("the desk").taken.clone()
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.desk.lock().expect("the desk").connections
    }

    /// Waits until there were so many attempts for an address.
    pub async fn tried(&self, recipient: &str, attempts: usize) {
        for _ in 0..400 {
            if self.attempts(recipient) >= attempts {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{recipient}: {} attempts instead of {attempts}", self.attempts(recipient));
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, desk: Arc<Mutex<Desk>>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 mail.example ready\r\n").await?;
    let (mut recipient, mut mood) = (String::new(), Mood::Takes);
    while let Some(line) = lines.next_line().await? {
        let command = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match command.as_str() {
            "EHLO" | "HELO" | "MAIL" | "RSET" | "NOOP" => "250 fine".to_owned(),
            "RCPT" => {
                recipient = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                let mut desk = desk.lock().expect("the desk");
                desk.attempts.push(recipient.clone());
                mood = desk.moods.get_mut(&recipient).and_then(VecDeque::pop_front).unwrap_or(Mood::Takes);
                match mood {
                    Mood::Answers(code) => format!("{code} <{recipient}>: not today"),
                    Mood::Takes | Mood::BreaksOff | Mood::TakesItsTime(_) => "250 fine".to_owned(),
                }
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let mut raw = String::new();
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                    raw.push_str("\r\n");
                    if mood == Mood::BreaksOff {
                        return Ok(());
                    }
                }
                if let Mood::TakesItsTime(time) = mood {
                    tokio::time::sleep(time).await;
                }
                let id = raw.lines().find_map(|l| l.strip_prefix("Message-ID: ")).unwrap_or_default().to_owned();
                let taken = Taken { recipient: recipient.clone(), id, message: parse(&raw), raw };
                desk.lock().expect("the desk").taken.push(taken);
                "250 taken".to_owned()
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "502 what?".to_owned(),
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}
