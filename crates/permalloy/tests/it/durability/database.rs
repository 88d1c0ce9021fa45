//! A PostgreSQL database for one test, on the server that `PERMALLOY_TEST_POSTGRES` names.
//!
//! It is made and removed with PostgreSQL's own `createdb` and `dropdb`. Without the variable that half of the
//! tests is left out, unless `PERMALLOY_TEST_REQUIRE_POSTGRES=1` says that leaving it out is a failure.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use url::Url;

/// Numbers the databases of this process.
static NUMBER: AtomicU32 = AtomicU32::new(0);

pub(super) struct Database {
    server: String,
    name: String,
    pub(super) url: Url,
}

impl Database {
    /// An empty database, or none where the tests were given no PostgreSQL.
    pub(super) fn fresh() -> Option<Self> {
        let server = server()?;
        let name = format!("permalloy_it_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut url = Url::parse(&server).expect("PERMALLOY_TEST_POSTGRES is a URL");
        url.set_path(&format!("/{name}"));
        run(Command::new("createdb").arg("--maintenance-db").arg(&server).arg(&name));
        Some(Self { server, name, url })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let mut command = Command::new("dropdb");
        command.args(["--force", "--maintenance-db"]).arg(&self.server).arg(&self.name);
        if std::thread::panicking() {
            // The test has failed already, and what it left may tell why.
            return;
        }
        run(&mut command);
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[expect(clippy::disallowed_methods, reason = "tests are told where PostgreSQL is by the environment")]
fn server() -> Option<String> {
    let url = std::env::var("PERMALLOY_TEST_POSTGRES").ok().filter(|url| !url.is_empty());
    let required = std::env::var("PERMALLOY_TEST_REQUIRE_POSTGRES").is_ok_and(|value| value == "1");
    assert!(url.is_some() || !required, "PERMALLOY_TEST_POSTGRES is not set but required");
    url
}
