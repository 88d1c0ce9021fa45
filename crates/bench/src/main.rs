//! What `cargo xtask bench` runs: the load generator, the bare endpoints that the product is compared with,
//! and a stand-in for the platform that actions call. Loopback only, Linux only.
//!
//! Method: core 0 has the load generator and the platform, core 1 the subject alone. Every cell is measured
//! for the bare endpoint and for the product, one after the other, several times over; a ratio is taken
//! within one repetition and the median of the ratios is shown. Every answer is checked, and the platform
//! counts the calls, so that nothing can be answered from a cache.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line for people")]

mod client;
mod floor;
mod instructions;
mod load;
mod operation;
mod platform;
mod process;
mod product;
mod report;
mod run;

use std::{net::SocketAddr, process::ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};

/// As in the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures the product beside bare endpoints.
#[derive(Parser)]
struct CommandLine {
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Part {
    /// Measure everything
    Run(run::Options),
    /// The bare endpoints
    #[command(hide = true)]
    Floor(floor::Options),
    /// The stand-in for the platform
    #[command(hide = true)]
    Platform { listen: SocketAddr },
    /// One load on one address: to run a profiler beside
    #[command(hide = true)]
    Load(load::Options),
}

fn main() -> ExitCode {
    let outcome = match CommandLine::parse().part {
        Part::Run(options) => on_one_thread(run::run(&options)),
        Part::Floor(options) => on_one_thread(floor::serve(&options)),
        Part::Platform { listen } => on_one_thread(platform::serve(listen)),
        Part::Load(options) => on_one_thread(load::run(&options)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Each part has one core, so more threads would only get in each other's way.
fn on_one_thread<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, work)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        CommandLine::command().debug_assert();
    }
}
