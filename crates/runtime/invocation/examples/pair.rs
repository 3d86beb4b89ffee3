//! A minimal sidecar, app and load generator, to measure what an invocation costs.
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tender_channel::{App, AppConfig, Protocol};
use tender_component::Error;
use tender_component::name_resolution::{Instance, NameResolver, ResolveRequest};
use tender_core::body;
use tender_invocation::{Invocation, InvocationConfig, serve_internal};
use tender_tasks::{TaskKind, Tasks};
use tokio::net::{TcpListener, TcpStream};

struct Fixed(HashMap<String, String>);
#[async_trait]
impl NameResolver for Fixed {
    async fn register(&self, _: Instance) -> Result<(), Error> {
        Ok(())
    }
    async fn resolve(&self, request: &ResolveRequest) -> Result<Vec<String>, Error> {
        Ok(self.0.get(&request.app_id).cloned().into_iter().collect())
    }
}

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    match args[1].as_str() {
        "app" => app(args[2].parse().unwrap()).await,
        "sidecar" => {
            sidecar(
                &args[2],
                args[3].parse().unwrap(),
                args[4].parse().unwrap(),
                args[5].parse().unwrap(),
                &args[6],
            )
            .await
        }
        "load" => {
            load(
                args[2].parse().unwrap(),
                &args[3],
                args[4].parse().unwrap(),
                args[5].parse().unwrap(),
                args[6].parse().unwrap(),
            )
            .await
        }
        _ => panic!(),
    }
}

async fn app(port: u16) {
    let tasks = Tasks::new();
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    loop {
        let (tcp, _) = listener.accept().await.unwrap();
        tcp.set_nodelay(true).unwrap();
        tasks.spawn(TaskKind::Finite, "c", async move {
            let service = service_fn(|request: Request<Incoming>| async move {
                let data = request.into_body().collect().await.unwrap().to_bytes();
                let mut r = Response::new(Full::new(data));
                r.headers_mut().insert("content-type", http::HeaderValue::from_static("text/plain"));
                Ok::<_, Infallible>(r)
            });
            let _ =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(tcp), service).await;
        });
    }
}

async fn sidecar(id: &str, http: u16, internal: u16, app: u16, peers: &str) {
    let tasks = Tasks::new();
    let peers = peers
        .split(',')
        .filter_map(|p| p.split_once('='))
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .collect();
    let app = (app > 0).then(|| App::new(&AppConfig::new(Protocol::Http, app), &tasks).unwrap());
    let mut config = InvocationConfig::new(id, "");
    config.host_address = Some([10, 1, 2, 3].into());
    config.host_name = Some("host".into());
    let invocation = Arc::new(Invocation::new(config, app, Arc::new(Fixed(peers)), &tasks));
    let listener = TcpListener::bind(("127.0.0.1", internal)).await.unwrap();
    let (i, t) = (invocation.clone(), tasks.clone());
    tasks.spawn(TaskKind::Finite, "internal", async move { serve_internal(listener, i, t).await });
    let listener = TcpListener::bind(("127.0.0.1", http)).await.unwrap();
    loop {
        let (tcp, _) = listener.accept().await.unwrap();
        tcp.set_nodelay(true).unwrap();
        let invocation = invocation.clone();
        tasks.spawn(TaskKind::Finite, "c", async move {
            let service = service_fn(|request: Request<Incoming>| {
                let invocation = invocation.clone();
                async move {
                    Ok::<_, Infallible>(match invocation.invoke_http(request.map(body::boxed)).await {
                        Ok(r) => r,
                        Err(e) => {
                            let mut r = Response::new(body::full(e.to_json()));
                            *r.status_mut() = e.http_status();
                            r
                        }
                    })
                }
            });
            let _ =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(tcp), service).await;
        });
    }
}

async fn load(port: u16, path: &str, size: usize, concurrency: usize, total: usize) {
    let addr: SocketAddr = ([127, 0, 0, 1], port).into();
    let data = Bytes::from(vec![b'x'; size]);
    let start = Instant::now();
    let mut set = tokio::task::JoinSet::new();
    for _ in 0..concurrency {
        let (data, path) = (data.clone(), path.to_owned());
        set.spawn(async move {
            let tcp = TcpStream::connect(addr).await.unwrap();
            tcp.set_nodelay(true).unwrap();
            let (mut s, c) = hyper::client::conn::http1::handshake(TokioIo::new(tcp)).await.unwrap();
            let t = Tasks::new();
            t.spawn(TaskKind::Finite, "c", async move {
                let _ = c.await;
            });
            let mut lat = Vec::new();
            for _ in 0..total / concurrency {
                let at = Instant::now();
                let r = Request::post(&path)
                    .header("host", "localhost")
                    .header("content-type", "text/plain")
                    .header("user-agent", "load")
                    .body(Full::new(data.clone()))
                    .unwrap();
                let r = s.send_request(r).await.unwrap();
                assert_eq!(r.status(), 200);
                let b = r.into_body().collect().await.unwrap().to_bytes();
                assert_eq!(b.len(), data.len());
                lat.push(at.elapsed());
            }
            lat
        });
    }
    let mut all: Vec<_> = set.join_all().await.into_iter().flatten().collect();
    all.sort();
    let el = start.elapsed();
    println!(
        "{} requests in {:?}: {:.0}/s p50 {:?} p99 {:?}",
        all.len(),
        el,
        all.len() as f64 / el.as_secs_f64(),
        all[all.len() / 2],
        all[all.len() * 99 / 100]
    );
}
