//! A mail server that takes what it is told to take, over real TCP.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A mail that was taken.
#[derive(Clone, Debug)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    /// Head and body as they came, without the dots that SMTP adds.
    pub data: String,
}

impl Mail {
    /// The line of the head that begins like this.
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = self.data.split("\r\n\r\n").next().unwrap();
        head.split("\r\n").find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The body, with the signs that quoted-printable writes in hexadecimal.
    pub fn body(&self) -> String {
        let body = self.data.split_once("\r\n\r\n").unwrap().1.replace("=\r\n", "");
        let mut parts = body.split('=');
        let mut bytes = parts.next().unwrap().as_bytes().to_vec();
        for part in parts {
            bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
            bytes.extend_from_slice(&part.as_bytes()[2..]);
        }
        String::from_utf8(bytes).unwrap()
    }
}

/// What the server does with mails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Takes them.
    Accept,
    /// Answers the recipient with this line.
    Refuse(&'static str),
    /// Says nothing once the text has come, until its sender gives up.
    Hang,
    /// Hangs up at once.
    Close,
    /// Takes the text and hangs up without a word.
    CloseLate,
}

/// The server; gone with the test.
pub struct MailServer {
    address: SocketAddr,
    manner: Arc<Mutex<Manner>>,
    mails: Arc<Mutex<Vec<Mail>>>,
}

impl MailServer {
    pub fn start() -> Self {
        Self::speaking(None)
    }

    /// A server that speaks TLS from the first byte.
    pub fn with_tls(tls: Arc<ServerConfig>) -> Self {
        Self::speaking(Some(tls))
    }

    fn speaking(tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (manner, mails) = (Arc::new(Mutex::new(Manner::Accept)), Arc::new(Mutex::new(Vec::new())));
        let (now, taken) = (Arc::clone(&manner), Arc::clone(&mails));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (now, taken, tls) = (Arc::clone(&now), Arc::clone(&taken), tls.clone());
                std::thread::spawn(move || {
                    // Whoever hangs up early is a part of some tests.
                    drop(match tls {
                        None => attend(stream, &now, &taken),
                        Some(tls) => {
                            let connection = ServerConnection::new(tls).unwrap();
                            attend(StreamOwned::new(connection, stream), &now, &taken)
                        }
                    });
                });
            }
        });
        Self { address, manner, mails }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What `SMTP_URL` says.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    pub fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// What was taken so far.
    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap().clone()
    }
}

/// A connection that waits at most a minute.
trait Patient {
    fn wait_long(&self) -> io::Result<()>;
}

impl Patient for TcpStream {
    fn wait_long(&self) -> io::Result<()> {
        self.set_read_timeout(Some(Duration::from_secs(60)))
    }
}

impl Patient for StreamOwned<ServerConnection, TcpStream> {
    fn wait_long(&self) -> io::Result<()> {
        self.sock.wait_long()
    }
}

fn attend(
    stream: impl Read + Write + Patient,
    now: &Mutex<Manner>,
    taken: &Mutex<Vec<Mail>>,
) -> io::Result<()> {
    stream.wait_long()?;
    let manner = *now.lock().unwrap();
    if manner == Manner::Close {
        return Ok(());
    }
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 sink.example ESMTP")?;
    let mut mail = Mail { from: String::new(), to: Vec::new(), data: String::new() };
    loop {
        let line = hear(&mut stream)?;
        let (verb, rest) = line.split_at(line.find([' ', ':']).unwrap_or(line.len()));
        match verb.to_ascii_uppercase().as_str() {
            "" => return Ok(()),
            "EHLO" => say(&mut stream, "250-sink.example\r\n250 8BITMIME")?,
            "MAIL" => {
                mail.from = address(rest);
                say(&mut stream, "250 ok")?;
            }
            "RCPT" => match manner {
                Manner::Refuse(answer) => say(&mut stream, answer)?,
                _ => {
                    mail.to.push(address(rest));
                    say(&mut stream, "250 ok")?;
                }
            },
            "DATA" => {
                say(&mut stream, "354 go on")?;
                mail.data = text(&mut stream)?;
                if manner == Manner::Hang {
                    return stream.read(&mut [0]).map(drop);
                }
                taken.lock().unwrap().push(mail.clone());
                if manner == Manner::CloseLate {
                    return Ok(());
                }
                say(&mut stream, "250 taken")?;
            }
            "QUIT" => return say(&mut stream, "221 bye"),
            _ => say(&mut stream, "502 not here")?,
        }
    }
}

fn say(stream: &mut BufReader<impl Read + Write>, line: &str) -> io::Result<()> {
    stream.get_mut().write_all(format!("{line}\r\n").as_bytes())?;
    stream.get_mut().flush()
}

fn hear(stream: &mut BufReader<impl Read>) -> io::Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

/// `anna@example.ch` of ` TO:<anna@example.ch> BODY=8BITMIME`.
fn address(rest: &str) -> String {
    rest.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}

fn text(stream: &mut BufReader<impl Read>) -> io::Result<String> {
    let mut data = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 || line == ".\r\n" {
            return Ok(data);
        }
        data.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
