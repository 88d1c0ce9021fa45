//! Developer tasks: one command for each thing a person or CI does to this repository.
//!
//! Built before every task, so it must stay small: no runtime, no HTTP, nothing of the product.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line for people")]

mod bench;
mod check;
mod fuzz;
mod shell;
mod suites;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Everything done to this repository, by one name.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct CommandLine {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Formatting, house rules, clippy and documentation; no warning is left standing
    Check,
    /// Only the house rules (milliseconds)
    Tidy,
    /// Every test suite; starts what it needs (a throw-away PostgreSQL) and says what it could not run
    Test(suites::Options),
    /// Install the pinned clients and judges that the suites drive, into target/peers (needs Node and Python)
    Peers,
    /// Measure the product beside bare endpoints: throughput, CPU, latency, memory, instructions
    Bench(bench::Options),
    /// Fuzz one target, or each for a while (needs the nightly toolchain)
    Fuzz(fuzz::Options),
}

fn main() -> ExitCode {
    let outcome = match CommandLine::parse().task {
        Task::Check => check::run(),
        Task::Tidy => tidy::run(),
        Task::Test(options) => suites::run(&options),
        Task::Peers => suites::peers::install(),
        Task::Bench(options) => bench::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
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
