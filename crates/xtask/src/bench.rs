//! `cargo xtask bench`: builds the product and the load generator as they ship, then lets the generator run.
//! All of the method is in the bench crate, so that this one stays small.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use crate::shell;

/// How to measure.
#[derive(Args)]
pub(crate) struct Options {
    /// Short windows and few repetitions: to see that it works, not to quote
    #[arg(long)]
    quick: bool,
    /// Also write every number to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Put the tables into docs/reference/performance.md
    #[arg(long)]
    write: bool,
    /// Only operations whose name holds this: list, details, execute
    #[arg(long)]
    only: Option<String>,
    /// Keep callgrind's profiles in this folder, for `callgrind_annotate`
    #[arg(long, value_name = "FOLDER")]
    profiles: Option<PathBuf>,
    /// Leave callgrind out
    #[arg(long)]
    without_instructions: bool,
}

/// Builds, pins the generator to core 0, and measures.
pub(crate) fn run(options: &Options) -> Result<()> {
    if shell::find("taskset").is_none() {
        bail!("the bench pins processes to cores: it needs Linux and taskset (util-linux)");
    }
    shell::run(shell::cargo().args(["build", "--release", "--locked", "-p", "permalloy", "-p", "bench"]))?;
    let release = shell::target().join("release");
    let mut bench = shell::program("taskset");
    bench.args(["-c", "0"]).arg(release.join("bench")).arg("run");
    bench.arg("--product").arg(release.join("permalloy"));
    if options.quick {
        bench.arg("--quick");
    }
    if options.without_instructions {
        bench.arg("--without-instructions");
    }
    if let Some(folder) = &options.profiles {
        bench.arg("--profiles").arg(std::path::absolute(folder)?);
    }
    if let Some(operation) = &options.only {
        bench.args(["--only", operation]);
    }
    if let Some(file) = &options.json {
        bench.arg("--json").arg(std::path::absolute(file)?);
    }
    if options.write {
        bench.arg("--write").arg(shell::root().join("docs/reference/performance.md"));
    }
    shell::run(&mut bench)
}
