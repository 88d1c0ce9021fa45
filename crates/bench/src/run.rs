//! One run of the bench, from an empty folder to the tables.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::Value;
use tokio::time::sleep;

use crate::{
    client::{self, Call, Connection},
    instructions,
    load::{self, Shape, Target, as_f64},
    operation::{FIRST_ID, Operation, number_of, parameters},
    process::{DRIVER_CORE, Process, free_address},
    product::{Account, Product},
    report::{Cell, Instructions, Report, Subject},
};

const PATIENCE: Duration = Duration::from_secs(20);

/// How to measure, and where the results go.
#[derive(Args)]
pub(crate) struct Options {
    /// The product's program
    #[arg(long)]
    product: PathBuf,
    /// Short windows and two repetitions
    #[arg(long)]
    quick: bool,
    /// Only operations whose name holds this
    #[arg(long)]
    only: Option<String>,
    /// Leave callgrind out
    #[arg(long)]
    without_instructions: bool,
    /// Keep callgrind's profiles in this folder
    #[arg(long)]
    profiles: Option<PathBuf>,
    /// Every number, as JSON
    #[arg(long)]
    json: Option<PathBuf>,
    /// The page whose measured part is replaced
    #[arg(long)]
    write: Option<PathBuf>,
}

impl Options {
    fn operations(&self) -> impl Iterator<Item = Operation> {
        let wanted =
            |operation: &Operation| self.only.as_ref().is_none_or(|part| operation.name().contains(part));
        Operation::ALL.into_iter().filter(wanted)
    }

    fn repetitions(&self) -> u32 {
        if self.quick { 2 } else { 5 }
    }

    fn shape(&self, connections: u32) -> Shape {
        let (warming, window) = if self.quick { (300, 1000) } else { (1000, 4000) };
        Shape { connections, warming: Duration::from_millis(warming), window: Duration::from_millis(window) }
    }
}

/// A subject that is being loaded.
struct Running {
    subject: Subject,
    process: Process,
    address: SocketAddr,
}

/// Measures everything and shows it.
pub(crate) async fn run(options: &Options) -> Result<()> {
    // Beside the programs, so that the database is on a disk and not in memory.
    let beside = options.product.parent().context("the product's program has no folder")?;
    let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(beside)?;
    let folder = folder.path();
    let platform_address = free_address()?;
    let mut platform = Command::new(std::env::current_exe()?);
    platform.args(["platform", &platform_address.to_string()]);
    let mut platform = Process::start(DRIVER_CORE, &platform, &folder.join("platform.log"))?;
    platform.listening(platform_address, PATIENCE).await?;

    let product = Product::new(&options.product, folder, platform_address);
    eprintln!("setting up the product");
    let account = product.set_up().await?;
    let mut report = Report { machine: machine(options)?, ..Report::default() };
    for _ in 0..5 {
        report.start_ms.push(product.start_to_answer(&account.path).await?.as_secs_f64() * 1000.0);
    }
    let bench = Bench { options, folder, platform_address, account };
    bench.load(&product, &mut report).await?;
    if !options.without_instructions {
        bench.instructions(&product, &mut report).await?;
    }
    println!("{}", report.tables());
    if let Some(file) = &options.json {
        fs::write(file, serde_json::to_vec_pretty(&report)?)?;
    }
    if let Some(page) = &options.write {
        report.write_page(page)?;
    }
    platform.stop(PATIENCE).await
}

/// What all parts of a run need.
struct Bench<'a> {
    options: &'a Options,
    folder: &'a Path,
    platform_address: SocketAddr,
    account: Account,
}

impl Bench<'_> {
    /// All cells, and memory before and after.
    async fn load(&self, product: &Product, report: &mut Report) -> Result<()> {
        let (process, address) = product.start().await?;
        sleep(Duration::from_secs(2)).await;
        report.idle_mb = process.resident_mb()?;
        let answers = self.learn(address).await?;
        let product = Running { subject: Subject::Product, process, address };

        let floor_address = free_address()?;
        let mut floor = self.start_floor(floor_address, &answers)?;
        floor.listening(floor_address, PATIENCE).await?;
        report.floor_idle_mb = floor.resident_mb()?;
        let floor = Running { subject: Subject::Floor, process: floor, address: floor_address };

        let subjects = [floor, product];
        for operation in self.options.operations() {
            for connections in [1, 32] {
                self.cells(operation, connections, &subjects, report).await?;
            }
        }
        let [floor, product] = subjects;
        report.loaded_mb = product.process.resident_mb()?;
        report.floor_loaded_mb = floor.process.resident_mb()?;
        self.check_record(product.address).await?;
        product.process.stop(PATIENCE).await?;
        floor.process.stop(PATIENCE).await
    }

    async fn cells(
        &self,
        operation: Operation,
        connections: u32,
        subjects: &[Running],
        report: &mut Report,
    ) -> Result<()> {
        for repetition in 0..self.options.repetitions() {
            for running in subjects {
                let cell = self
                    .cell(operation, connections, repetition, running)
                    .await
                    .with_context(|| format!("{} of {:?}", operation.name(), running.subject))?;
                eprintln!(
                    "{:<26} {connections:>2} connections #{repetition} {:<8} {:>8.0}/s cpu {:>6.1} µs p50 {:>5} p99 {:>5}",
                    operation.name(),
                    format!("{:?}", running.subject),
                    cell.requests_per_second,
                    cell.cpu_us,
                    cell.p50_us,
                    cell.p99_us
                );
                report.cells.push(cell);
            }
        }
        Ok(())
    }

    async fn cell(
        &self,
        operation: Operation,
        connections: u32,
        repetition: u32,
        running: &Running,
    ) -> Result<Cell> {
        let (target, _) = Target::learn(operation, running.address, &self.account.path).await?;
        let calls_before = self.platform_calls().await?;
        let mut cpu = Vec::new();
        let mut edge = || {
            cpu.push(running.process.cpu_seconds()?);
            Ok(())
        };
        let measured = load::measure(&target, self.options.shape(connections), &mut edge).await?;
        let calls = self.platform_calls().await? - calls_before;
        let wanted = if operation == Operation::Execute { measured.sent } else { 0 };
        if calls != wanted {
            bail!("{wanted} calls should have reached the platform, {calls} did");
        }
        let cpu_seconds = cpu.last().zip(cpu.first()).map_or(0.0, |(end, start)| end - start);
        Ok(Cell {
            operation,
            connections,
            repetition,
            subject: running.subject,
            requests_per_second: measured.requests_per_second(),
            cpu_us: cpu_seconds * 1e6 / as_f64(measured.requests),
            p50_us: measured.p50_us,
            p99_us: measured.p99_us,
            answer_bytes: target.expected.length(),
        })
    }

    /// Keeps the product's own answers, for the floor to give the same.
    async fn learn(&self, address: SocketAddr) -> Result<PathBuf> {
        let answers = self.folder.join("answers");
        fs::create_dir_all(&answers)?;
        for (operation, name) in Operation::ALL.into_iter().zip(["list", "details", "execute"]) {
            let (_, answer) = Target::learn(operation, address, &self.account.path).await?;
            fs::write(answers.join(name), answer)?;
        }
        let body = parameters(number_of(FIRST_ID)).to_string();
        let request = format!(
            "POST /echo HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer not-a-secret\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.platform_address,
            body.len()
        );
        let mut connection = Connection::open(self.platform_address).await?;
        fs::write(answers.join("platform"), connection.exchange(request.as_bytes()).await?.body)?;
        Ok(answers)
    }

    fn floor_command(&self, address: SocketAddr, answers: &Path) -> Result<Command> {
        let mut floor = Command::new(std::env::current_exe()?);
        floor.args(["floor", "--listen", &address.to_string()]);
        floor.args(["--platform", &self.platform_address.to_string()]).arg("--answers").arg(answers);
        Ok(floor)
    }

    fn start_floor(&self, address: SocketAddr, answers: &Path) -> Result<Process> {
        let command = self.floor_command(address, answers)?;
        Process::start(crate::process::SUBJECT_CORE, &command, &self.folder.join("floor.log"))
    }

    async fn platform_calls(&self) -> Result<u64> {
        let call = Call { method: "GET", path: "/stats", key: "", body: None };
        let (_, stats) = client::call(self.platform_address, &call).await?;
        stats.get("calls").and_then(Value::as_u64).context("the platform counts its calls")
    }

    /// The executions are in the log: the durable record was on.
    async fn check_record(&self, address: SocketAddr) -> Result<()> {
        if !self.options.operations().any(|operation| operation == Operation::Execute) {
            return Ok(());
        }
        let call =
            Call { method: "GET", path: "/api/executions?limit=1", key: &self.account.key, body: None };
        let (status, answer) = client::call(address, &call).await?;
        if status != 200 || !answer.to_string().contains("\"echo\"") {
            bail!("no record of the executions: status {status}: {answer}");
        }
        Ok(())
    }

    async fn instructions(&self, product: &Product, report: &mut Report) -> Result<()> {
        let requests = if self.options.quick { 300 } else { 1500 };
        let answers = self.folder.join("answers");
        let profiles = self.options.profiles.as_deref().unwrap_or(self.folder);
        fs::create_dir_all(profiles)?;
        for operation in self.options.operations() {
            let count = async |name: &str, subject: Command, address: SocketAddr| {
                let profile =
                    profiles.join(format!("{name}-{}.callgrind", operation.name().replace('/', "-")));
                let path = &self.account.path;
                let each =
                    instructions::per_request(&subject, address, operation, path, requests, &profile).await?;
                eprintln!("{:<26} instructions a request: {name} {each:.0}", operation.name());
                anyhow::Ok(each)
            };
            let address = free_address()?;
            let floor = count("bare", self.floor_command(address, &answers)?, address).await?;
            let address = free_address()?;
            let product = count("product", product.command(address), address).await?;
            report.instructions.push(Instructions { operation, floor, product });
        }
        Ok(())
    }
}

/// The machine and the method, for the reader of the tables.
fn machine(options: &Options) -> Result<String> {
    let text = fs::read_to_string("/proc/cpuinfo")?;
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown CPU", |(_, model)| model);
    let cores = text.lines().filter(|line| line.starts_with("processor")).count();
    let window = options.shape(1).window.as_secs_f64();
    Ok(format!(
        "{model}, {cores} cores seen. Load generator and platform on core 0, the subject alone on core 1; \
         median of {} repetitions of {window:.0} s, ratios within a repetition.",
        options.repetitions()
    ))
}
