//! A server that answers as Vault does, except where a test says otherwise.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// What is asked.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    pub path: String,
    /// Names in lower case.
    pub headers: HashMap<String, String>,
    pub body: String,
}

impl Asked {
    pub fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path == path
    }

    /// Whether this is the write of the secret.
    pub fn is_write(&self) -> bool {
        self.is("POST", "/v1/secret/data/fw1")
    }
}

/// What is answered: status, more header lines, body.
pub enum Answer {
    Whole(u16, String, String),
    /// The connection is closed without a word.
    HangUp,
}

pub fn json_of(status: u16, body: &Value) -> Answer {
    Answer::Whole(status, String::new(), body.to_string())
}

type Twist = dyn FnMut(&Asked, usize) -> Option<Answer> + Send;

pub struct Server {
    pub port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// `twist` gets each question and its number, from 0, and answers in place of the usual.
    pub fn start(twist: impl FnMut(&Asked, usize) -> Option<Answer> + Send + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, asked) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(Vec::new())));
        let seen = Arc::clone(&asked);
        let mut twist: Box<Twist> = Box::new(twist);
        // It ends with the process; nobody waits for it.
        thread::spawn(move || listener.incoming().for_each(|stream| serve(stream.unwrap(), &mut twist, &seen)));
        Server { port, asked }
    }

    /// Everything that was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub fn writes(&self) -> Vec<Value> {
        self.asked().iter().filter(|asked| asked.is_write()).map(|asked| asked.body.parse().unwrap()).collect()
    }
}

/// One question a connection.
fn serve(mut stream: TcpStream, twist: &mut Twist, seen: &Mutex<Vec<Asked>>) {
    let Some(asked) = read(&stream) else { return };
    let number = {
        let mut seen = seen.lock().unwrap();
        seen.push(asked.clone());
        seen.len() - 1
    };
    match twist(&asked, number).unwrap_or_else(|| usual(&asked)) {
        Answer::HangUp => {}
        Answer::Whole(status, headers, body) => {
            let length = body.len();
            let head = format!("HTTP/1.1 {status} -\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n");
            let _ = stream.write_all((head + &body).as_bytes());
        }
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok().map(|_| line.trim_end().to_owned()).filter(|line| !line.is_empty())
    };
    let first = line()?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let header = |line: String| line.split_once(": ").map(|(name, text)| (name.to_lowercase(), text.to_owned()));
    let headers: HashMap<String, String> = std::iter::from_fn(line).filter_map(header).collect();
    let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { method, path, headers, body: String::from_utf8(body).ok()? })
}

/// A token that never ends, an engine at `secret`, nothing in it, everything allowed.
fn usual(asked: &Asked) -> Answer {
    match (asked.method.as_str(), asked.path.trim_start_matches("/v1/")) {
        ("GET", "auth/token/lookup-self") => json_of(200, &json!({ "data": { "ttl": 0, "expire_time": null } })),
        ("GET", path) if path.starts_with("sys/internal/ui/mounts/secret/") => {
            json_of(200, &json!({ "data": { "path": "secret/", "type": "kv", "options": { "version": "2" } } }))
        }
        ("POST", "sys/capabilities-self") => {
            json_of(200, &json!({ "data": { "capabilities": ["create", "read", "update"] } }))
        }
        ("GET", _) => json_of(404, &json!({ "errors": [] })),
        ("POST", _) => json_of(200, &json!({ "data": { "version": 1 } })),
        _ => json_of(405, &json!({ "errors": [] })),
    }
}
