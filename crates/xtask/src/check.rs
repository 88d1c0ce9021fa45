//! `cargo xtask check`: all that can be said about the code without running it. Every step runs, also
//! after one has failed, so that one run shows everything.

use std::{process::Command, time::Instant};

use anyhow::{Result, bail};

use crate::{shell, tidy};

/// Formatting, house rules, clippy, documentation.
pub(crate) fn run() -> Result<()> {
    let mut failed = Vec::new();
    let mut step = |name: &'static str, work: &mut dyn FnMut() -> Result<()>| {
        println!("== {name}");
        let start = Instant::now();
        match work() {
            Ok(()) => println!("== {name}: ok, {:.1} s", start.elapsed().as_secs_f64()),
            Err(error) => {
                println!("== {name}: FAILED, {:.1} s: {error:#}", start.elapsed().as_secs_f64());
                failed.push(name);
            }
        }
    };
    step("format", &mut || shell::run(shell::cargo().args(["fmt", "--all", "--", "--check"])));
    step("tidy", &mut tidy::run);
    step("clippy", &mut || shell::run(&mut clippy()));
    step("documentation", &mut || shell::run(&mut documentation()));
    if failed.is_empty() {
        return Ok(());
    }
    bail!("failed: {}", failed.join(", "))
}

fn clippy() -> Command {
    let mut command = shell::cargo();
    command.args(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]);
    command
}

fn documentation() -> Command {
    let mut command = shell::cargo();
    command.args(["doc", "--workspace", "--no-deps", "--document-private-items", "--locked"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    command
}
