//! Connections that are kept, and a request after the other on each.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// A request, as clients of AWS send it, but for its signature.
#[derive(Clone, Debug)]
pub(crate) enum Ask {
    /// What a load balancer asks for: nothing happens but HTTP.
    Health,
    /// An action of App Runner, and its JSON.
    AppRunner(&'static str, String),
    /// An action of EC2, and the rest of its form.
    Ec2(&'static str, String),
}

impl Ask {
    fn request(self, adopted: bool) -> Request<Full<Bytes>> {
        let request = Request::builder().header("host", "egret");
        let request = if adopted { request.header("x-egret-adopted", "true") } else { request };
        let (request, body) = match self {
            Ask::Health => (request.uri("/health/live"), String::new()),
            Ask::AppRunner(action, body) => {
                let request = request.method("POST").uri("/");
                let request = request.header("x-amz-target", format!("AppRunner.{action}"));
                (request.header("content-type", "application/x-amz-json-1.0"), body)
            }
            Ask::Ec2(action, rest) => {
                let request = request.method("POST").uri("/");
                let form = format!("Action={action}&Version=2016-11-15&{rest}");
                (request.header("content-type", "application/x-www-form-urlencoded"), form)
            }
        };
        request.body(Full::new(Bytes::from(body))).expect("a request")
    }
}

/// A connection.
pub(crate) struct Client(SendRequest<Full<Bytes>>);

impl Client {
    pub(crate) async fn connect(at: SocketAddr) -> Client {
        let stream = TcpStream::connect(at).await.expect("the server listens");
        stream.set_nodelay(true).expect("a socket");
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP");
        tokio::spawn(connection);
        Client(sender)
    }

    /// The answer's body. Whatever is not answered by 200 is no answer here.
    pub(crate) async fn ask(&mut self, ask: Ask) -> Bytes {
        self.send(ask.request(false)).await
    }

    /// The same when all workers of the dataplane run on what was asked for.
    pub(crate) async fn ask_adopted(&mut self, ask: Ask) -> Bytes {
        self.send(ask.request(true)).await
    }

    /// An answer of App Runner's.
    pub(crate) async fn app_runner(&mut self, action: &'static str, body: String) -> Value {
        let answer = self.ask(Ask::AppRunner(action, body)).await;
        serde_json::from_slice(&answer).expect("JSON")
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> Bytes {
        self.0.ready().await.expect("the connection is kept");
        let answer: Response<_> = self.0.send_request(request).await.expect("an answer");
        let status = answer.status();
        let body = answer.into_body().collect().await.expect("a body").to_bytes();
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        body
    }
}

/// Makes a request from its connection's number and its own number on it. What an even one does, the
/// odd one after it may undo.
pub(crate) type Load = Arc<dyn Fn(usize, u64) -> Ask + Send + Sync>;

/// Answers a second, where each of so many connections sends its next request when it has the answer
/// to the last one.
pub(crate) async fn rate(at: SocketAddr, connections: usize, time: Duration, load: &Load) -> f64 {
    let mut clients = Vec::new();
    for _ in 0..connections {
        clients.push(Client::connect(at).await);
    }
    let start = Instant::now();
    let tasks = clients.into_iter().enumerate().map(|(connection, mut client)| {
        let load = Arc::clone(load);
        tokio::spawn(async move {
            let mut answers = 0;
            while start.elapsed() < time || answers % 2 == 1 {
                client.ask(load(connection, answers)).await;
                answers += 1;
            }
            answers
        })
    });
    let mut answers = 0_u64;
    for task in tasks.collect::<Vec<_>>() {
        answers += task.await.expect("a load to its end");
    }
    answers as f64 / start.elapsed().as_secs_f64()
}
