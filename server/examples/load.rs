//! A load for `egret serve`: how many changes and reads it answers in a second.
//!
//! ```sh
//! egret serve --data /tmp/load --no-quotas &
//! cargo run --release -p egret-server --example load -- 127.0.0.1:4566 SUBNET
//! ```
//!
//! Each connection sends its next request when it has the answer to the last one. Changes are
//! CreateVpcConnector and, for what exists, CreateTags; reads are DescribeVpcConnector and a page of
//! ListVpcConnectors. Only answers with status 200 count.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long each load goes on.
const TIME: Duration = Duration::from_secs(5);

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A connection that is kept.
struct Client {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Client {
    async fn connect(at: SocketAddr) -> Result<Client, Failure> {
        let stream = TcpStream::connect(at).await?;
        stream.set_nodelay(true)?;
        Ok(Client { stream, answer: Vec::new() })
    }

    async fn app_runner(&mut self, action: &str, body: &str) -> Result<String, Failure> {
        let kind =
            format!("X-Amz-Target: AppRunner.{action}\r\nContent-Type: application/x-amz-json-1.0");
        self.post(&kind, body).await
    }

    async fn ec2(&mut self, form: &str) -> Result<String, Failure> {
        self.post("Content-Type: application/x-www-form-urlencoded", form).await
    }

    async fn post(&mut self, headers: &str, body: &str) -> Result<String, Failure> {
        let length = body.len();
        let request = format!(
            "POST / HTTP/1.1\r\nHost: x\r\n{headers}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.answer.clear();
        loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err("the server closed the connection".into());
            }
            if let Some(body) = whole(&self.answer)? {
                return Ok(body);
            }
        }
    }
}

/// The body of an answer that is complete.
fn whole(answer: &[u8]) -> Result<Option<String>, Failure> {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return Ok(None) };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.ok_or("an answer without a length")?.parse()?;
    if body.len() < length {
        return Ok(None);
    }
    if !head.starts_with("HTTP/1.1 200") {
        return Err(format!("{}: {body}", head.lines().next().unwrap_or_default()).into());
    }
    Ok(Some(body.to_owned()))
}

/// What a connection asks for, over and over.
#[derive(Clone, Copy)]
enum Load {
    CreateConnectors,
    CreateTags,
    Describe,
    List,
}

/// What loads are about.
struct Subject {
    subnet: String,
    connector: String,
}

async fn run(
    load: Load,
    at: SocketAddr,
    connections: usize,
    subject: &Arc<Subject>,
) -> Result<f64, Failure> {
    let (count, start) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let tasks: Vec<_> = (0..connections)
        .map(|number| {
            let (count, subject) = (Arc::clone(&count), Arc::clone(subject));
            tokio::spawn(async move {
                let mut client = Client::connect(at).await?;
                while start.elapsed() < TIME {
                    let next = count.fetch_add(1, Ordering::Relaxed);
                    ask(&mut client, load, number, next, &subject).await?;
                }
                Ok::<(), Failure>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(count.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64())
}

async fn ask(
    client: &mut Client,
    load: Load,
    number: usize,
    next: u64,
    subject: &Subject,
) -> Result<String, Failure> {
    let Subject { subnet, connector } = subject;
    match load {
        Load::CreateConnectors => {
            let body =
                format!(r#"{{"VpcConnectorName": "c-{number}-{next}", "Subnets": ["{subnet}"]}}"#);
            client.app_runner("CreateVpcConnector", &body).await
        }
        Load::CreateTags => {
            let form = format!(
                "Action=CreateTags&Version=2016-11-15&ResourceId.1={subnet}&Tag.1.Key=k{number}&Tag.1.Value={next}"
            );
            client.ec2(&form).await
        }
        Load::Describe => {
            let body = format!(r#"{{"VpcConnectorArn": "{connector}"}}"#);
            client.app_runner("DescribeVpcConnector", &body).await
        }
        Load::List => client.app_runner("ListVpcConnectors", r#"{"MaxResults": 20}"#).await,
    }
}

/// What the loads are about: a connector in the given subnet.
async fn subject(at: SocketAddr) -> Result<Subject, Failure> {
    let mut client = Client::connect(at).await?;
    let subnet = std::env::args().nth(2).ok_or("give the id of a subnet as the second argument")?;
    let body = format!(r#"{{"VpcConnectorName": "described", "Subnets": ["{subnet}"]}}"#);
    let made = client.app_runner("CreateVpcConnector", &body).await?;
    let made: serde_json::Value = serde_json::from_str(&made)?;
    let connector = made["VpcConnector"]["VpcConnectorArn"].as_str().unwrap_or_default().to_owned();
    Ok(Subject { subnet, connector })
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let at: SocketAddr = std::env::args().nth(1).ok_or("give the server's address")?.parse()?;
    let subject = Arc::new(subject(at).await?);
    for (name, load) in [
        ("changes: CreateTags", Load::CreateTags),
        ("changes: CreateVpcConnector", Load::CreateConnectors),
        ("reads: DescribeVpcConnector", Load::Describe),
        ("reads: ListVpcConnectors, pages of 20", Load::List),
    ] {
        for connections in [1, 16, 64] {
            let rate = run(load, at, connections, &subject).await?;
            writeln!(io::stdout(), "{name}, {connections} connections: {rate:.0}/s")?;
        }
    }
    Ok(())
}
