//! The load generator: some connections, each sending its next request when the last is answered. Every
//! answer is checked; a wrong one ends the run.

use std::{
    cell::{Cell, RefCell},
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use tokio::{task::JoinSet, time::sleep};

use crate::{
    client::Connection,
    operation::{Expected, FIRST_ID, Operation, Request, next_id},
};

/// Where to send what.
#[derive(Args)]
pub(crate) struct Options {
    address: SocketAddr,
    /// A server's token URL, without scheme and host
    path: String,
    operation: Operation,
    #[arg(long, default_value_t = 32)]
    connections: u32,
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
}

/// A subject's operation, and what it answers.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) request: Request,
    pub(crate) expected: Expected,
}

impl Target {
    /// Asks once, to learn what is answered.
    pub(crate) async fn learn(
        operation: Operation,
        address: SocketAddr,
        path: &str,
    ) -> Result<(Self, Vec<u8>)> {
        let mut request = Request::new(operation, address, path)?;
        let mut connection = Connection::open(address).await?;
        let answer = connection.exchange(request.with(FIRST_ID)).await?;
        if answer.status != 200 {
            bail!("{}: status {}: {}", operation.name(), answer.status, String::from_utf8_lossy(answer.body));
        }
        let expected = Expected::learn(operation, answer.body)?;
        let body = answer.body.to_vec();
        Ok((Self { address, request, expected }, body))
    }

    /// One request after the other on one connection.
    pub(crate) async fn send(&self, count: u32) -> Result<()> {
        let mut connection = Connection::open(self.address).await?;
        let (mut request, mut id) = (self.request.clone(), FIRST_ID);
        for _ in 0..count {
            id = next_id(id);
            self.exchange(&mut connection, &mut request, id).await?;
        }
        Ok(())
    }

    async fn exchange(&self, connection: &mut Connection, request: &mut Request, id: u32) -> Result<()> {
        let answer = connection.exchange(request.with(id)).await?;
        if answer.status != 200 || !self.expected.fits(id, answer.body) {
            let body = String::from_utf8_lossy(answer.body);
            bail!(
                "wrong answer to request {id}: status {}, {} bytes: {body:.600}",
                answer.status,
                body.len()
            );
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Warming,
    Measuring,
    Over,
}

/// What all connections of a load share.
struct Shared {
    phase: Cell<Phase>,
    id: Cell<u32>,
    sent: Cell<u64>,
    latencies_us: RefCell<Vec<u32>>,
}

/// What a load measured.
pub(crate) struct Measured {
    /// Answered within the window.
    pub(crate) requests: usize,
    pub(crate) seconds: f64,
    pub(crate) p50_us: u32,
    pub(crate) p99_us: u32,
    /// Including those before and after the window.
    pub(crate) sent: u64,
}

impl Measured {
    pub(crate) fn requests_per_second(&self) -> f64 {
        as_f64(self.requests) / self.seconds
    }
}

/// Counts here are far below 2^52.
pub(crate) fn as_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

/// How long, and over how many connections.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) connections: u32,
    pub(crate) warming: Duration,
    pub(crate) window: Duration,
}

/// Loads the target; `edge` is called when the window opens and when it closes.
pub(crate) async fn measure(
    target: &Target,
    shape: Shape,
    edge: &mut impl FnMut() -> Result<()>,
) -> Result<Measured> {
    let shared = Rc::new(Shared {
        phase: Cell::new(Phase::Warming),
        id: Cell::new(FIRST_ID),
        sent: Cell::new(0),
        latencies_us: RefCell::new(Vec::with_capacity(1 << 20)),
    });
    let mut connections = JoinSet::new();
    for _ in 0..shape.connections {
        connections.spawn_local(keep_asking(target.clone(), shared.clone()));
    }
    sleep(shape.warming).await;
    edge()?;
    shared.phase.set(Phase::Measuring);
    let start = Instant::now();
    sleep(shape.window).await;
    shared.phase.set(Phase::Over);
    let seconds = start.elapsed().as_secs_f64();
    edge()?;
    while let Some(ended) = connections.join_next().await {
        ended.context("a connection's task broke")??;
    }
    let mut latencies = shared.latencies_us.take();
    latencies.sort_unstable();
    let at = |share: usize| latencies.get(latencies.len() * share / 100).copied();
    let (Some(p50_us), Some(p99_us)) = (at(50), at(99)) else { bail!("nothing was answered in time") };
    Ok(Measured { requests: latencies.len(), seconds, p50_us, p99_us, sent: shared.sent.get() })
}

async fn keep_asking(target: Target, shared: Rc<Shared>) -> Result<()> {
    let mut connection = Connection::open(target.address).await?;
    let mut request = target.request.clone();
    while shared.phase.get() != Phase::Over {
        let id = next_id(shared.id.get());
        shared.id.set(id);
        shared.sent.set(shared.sent.get() + 1);
        let start = Instant::now();
        target.exchange(&mut connection, &mut request, id).await?;
        if shared.phase.get() == Phase::Measuring {
            let taken = u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX);
            shared.latencies_us.borrow_mut().push(taken);
        }
    }
    Ok(())
}

/// One load, for a profiler to watch its subject.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let (target, _) = Target::learn(options.operation, options.address, &options.path).await?;
    let window = Duration::from_secs_f64(options.seconds);
    let shape = Shape { connections: options.connections, warming: Duration::from_millis(500), window };
    let measured = measure(&target, shape, &mut || Ok(())).await?;
    println!(
        "{:.0} requests/s, p50 {} µs, p99 {} µs, answers of {} bytes",
        measured.requests_per_second(),
        measured.p50_us,
        measured.p99_us,
        target.expected.length()
    );
    Ok(())
}
