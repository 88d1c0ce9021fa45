//! `cargo xtask test`: every suite, and what each needs. With `CI` set everything is required; on a machine
//! with only Rust it runs what can be run and says at the end what it could not.

pub(crate) mod peers;
mod postgres;
mod report;

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::Command,
    time::Instant,
};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::shell;
use postgres::Cluster;
use report::Report;

/// What to run.
#[derive(Args)]
pub(crate) struct Options {
    /// Only this crate
    #[arg(short, long)]
    package: Option<String>,
    /// Only tests whose name holds this
    filter: Option<String>,
}

/// Something that suites need and that a machine may lack.
struct Need {
    /// What does not run without it.
    suites: &'static str,
    /// Tells the suites that its absence is a failure.
    required: &'static str,
    /// Where it is, or how to get it.
    found: Result<String, String>,
    /// The variable that tells the suites where it is.
    variable: &'static str,
}

/// Runs the tests.
pub(crate) fn run(options: &Options) -> Result<()> {
    let everything_required = std::env::var_os("CI").is_some_and(|value| value == "true" || value == "1");
    let (cluster, postgres) = find_postgres();
    let needs = [postgres, find_peers(), find_specs()];
    if everything_required {
        let missing: Vec<String> = needs.iter().filter_map(Need::missing).collect();
        if !missing.is_empty() {
            bail!("CI is set, so everything must run:\n{}", missing.join("\n"));
        }
    }
    let mut command = tests(options);
    for need in &needs {
        if let Ok(place) = &need.found {
            command.env(need.variable, place);
        }
        if everything_required {
            command.env(need.required, "1");
        }
    }
    let start = Instant::now();
    let outcome = watched(&mut command);
    drop(cluster);
    let (report, succeeded) = outcome?;
    println!("\n{}", report.table());
    println!("all suites: {:.1} s", start.elapsed().as_secs_f64());
    for missing in needs.iter().filter_map(Need::missing) {
        println!("{missing}");
    }
    println!("{}", report.sum());
    if !succeeded || report.failed() > 0 {
        bail!("tests failed");
    }
    Ok(())
}

impl Need {
    fn missing(&self) -> Option<String> {
        let way = self.found.as_ref().err()?;
        Some(format!("not run: {}; to run: {way}", self.suites))
    }
}

fn tests(options: &Options) -> Command {
    let mut command = shell::cargo();
    command.args(["test", "--no-fail-fast"]);
    match &options.package {
        Some(package) => command.args(["--package", package]),
        None => command.arg("--workspace"),
    };
    if let Some(filter) = &options.filter {
        command.args(["--", filter]);
    }
    command.env("CARGO_TERM_COLOR", "never");
    command
}

/// Runs cargo with both of its streams in one, so that the order holds; copies every line to stdout.
fn watched(command: &mut Command) -> Result<(Report, bool)> {
    let (reader, writer) = std::io::pipe().context("cannot make a pipe")?;
    command.stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().context("cannot start cargo")?;
    // The command holds the pipe's other end; the last line comes only when it is gone.
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut report = Report::default();
    let mut lines = BufReader::new(reader);
    let (mut line, mut stdout) = (Vec::new(), std::io::stdout());
    while lines.read_until(b'\n', &mut line)? > 0 {
        stdout.write_all(&line)?;
        stdout.flush()?;
        report.read(String::from_utf8_lossy(&line).trim_end());
        line.clear();
    }
    Ok((report, child.wait()?.success()))
}

fn find_postgres() -> (Option<Cluster>, Need) {
    let variable = "PERMALLOY_TEST_POSTGRES";
    let given = std::env::var_os(variable).map(|url| url.to_string_lossy().into_owned());
    let (cluster, found) = match given.filter(|url| !url.is_empty()) {
        Some(url) => (None, Ok(url)),
        None => match Cluster::start() {
            Ok(cluster) => {
                let url = cluster.url();
                (Some(cluster), Ok(url))
            }
            Err(error) => {
                (None, Err(format!("install PostgreSQL 15 or newer, or set {variable} to a URL ({error:#})")))
            }
        },
    };
    let suites = "everything on PostgreSQL (it ran on SQLite only)";
    (cluster, Need { suites, required: "PERMALLOY_TEST_REQUIRE_POSTGRES", found, variable })
}

fn find_peers() -> Need {
    let variable = "PERMALLOY_TEST_PEERS";
    let given = std::env::var_os(variable).map(|folder| folder.to_string_lossy().into_owned());
    let found = given.or_else(peers::installed).ok_or_else(|| {
        "`cargo xtask peers`, which needs Node 20 and Python 3.11 and downloads from npm and PyPI".to_owned()
    });
    let suites = "the conformance suite, foreign clients and the foreign application";
    Need { suites, required: "PERMALLOY_TEST_REQUIRE_PEERS", found, variable }
}

fn find_specs() -> Need {
    let variable = "PERMALLOY_SPECS";
    let folder = std::env::var_os(variable)
        .map_or_else(|| shell::root().join("../shared/specs"), std::path::PathBuf::from);
    let found = match folder.canonicalize() {
        Ok(folder) if folder.is_dir() => Ok(folder.to_string_lossy().into_owned()),
        _ => Err(format!("set {variable} to a folder with the platforms' own API descriptions")),
    };
    let suites = "the comparison of connectors with the platforms' own descriptions";
    Need { suites, required: "PERMALLOY_TEST_REQUIRE_SPECS", found, variable }
}

#[cfg(test)]
mod tests;
