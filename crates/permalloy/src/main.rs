//! Permalloy: a self-hosted, multi-tenant MCP server platform. Parses the command line, runs one command,
//! returns its exit code; everything else is in the rooms below (see ARCHITECTURE.md).

mod access;
mod app;
mod chance;
mod cli;
mod clock;
mod config;
mod error;
mod http;
mod jobs;
mod nearest;
mod ops;
mod outbound;
mod schema;
mod scope;
mod telemetry;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::run()
}
