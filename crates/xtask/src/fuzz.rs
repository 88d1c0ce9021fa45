//! `cargo xtask fuzz`: runs the targets in fuzz/ for a while each; a crash is an error. The seeds in
//! fuzz/corpus are only read; what is found grows below fuzz/target and is where the next run begins.

use anyhow::{Result, bail};
use clap::Args;

use crate::shell;

/// What to fuzz, and for how long.
#[derive(Args)]
pub(crate) struct Options {
    /// One target; without it each in turn
    target: Option<String>,
    /// Seconds for each target
    #[arg(default_value_t = 60)]
    seconds: u32,
}

/// Fuzzes.
pub(crate) fn run(options: &Options) -> Result<()> {
    if shell::find("cargo-fuzz").is_none() {
        shell::run(shell::program("cargo").args(["install", "--locked", "cargo-fuzz"]))?;
    }
    let all = targets()?;
    let chosen: Vec<&String> = match &options.target {
        Some(name) => all.iter().filter(|target| *target == name).collect(),
        None => all.iter().collect(),
    };
    if chosen.is_empty() {
        bail!("no such target; there are {}", all.join(", "));
    }
    for target in chosen {
        println!("== {target}, {} s", options.seconds);
        let (found, seeds) = (format!("fuzz/target/corpus/{target}"), format!("fuzz/corpus/{target}"));
        std::fs::create_dir_all(shell::root().join(&found))?;
        let mut fuzz = nightly();
        fuzz.args(["run", target, &found, &seeds, "--", "-timeout=10"]);
        fuzz.arg(format!("-max_total_time={}", options.seconds));
        shell::run(&mut fuzz)?;
    }
    Ok(())
}

fn targets() -> Result<Vec<String>> {
    Ok(shell::output(nightly().arg("list"))?.lines().map(str::to_owned).collect())
}

/// Through rustup: `cargo xtask` itself runs on the pinned toolchain, which its children would inherit.
fn nightly() -> std::process::Command {
    let mut command = shell::program("rustup");
    command.args(["run", "nightly", "cargo", "fuzz"]);
    command.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
    command
}
