//! Reads what cargo test prints, and adds it up. It trusts cargo's exit code for success, not itself.

use std::fmt::Write as _;

/// One suite: a test binary, or the examples in a crate's documentation.
struct Suite {
    name: String,
    passed: u64,
    failed: u64,
    seconds: f64,
}

/// All suites so far.
#[derive(Default)]
pub(crate) struct Report {
    current: String,
    suites: Vec<Suite>,
}

impl Report {
    /// Takes the next line of cargo's output.
    pub(crate) fn read(&mut self, line: &str) {
        let line = line.trim_start();
        if let Some(rest) = line.strip_prefix("Running ") {
            self.current = suite_name(rest);
        } else if let Some(rest) = line.strip_prefix("Doc-tests ") {
            self.current = format!("{rest} (documentation)");
        } else if let Some(result) = line.strip_prefix("test result: ") {
            let name = self.current.clone();
            let (passed, failed) = (number_before(result, " passed"), number_before(result, " failed"));
            let seconds = result.split_once("finished in ").and_then(|(_, time)| time.strip_suffix('s'));
            let seconds = seconds.and_then(|time| time.parse().ok()).unwrap_or(0.0);
            self.suites.push(Suite { name, passed, failed, seconds });
        }
    }

    /// Tests that failed.
    pub(crate) fn failed(&self) -> u64 {
        self.suites.iter().map(|suite| suite.failed).sum()
    }

    /// One line a suite, with its time; suites without a test are left out.
    pub(crate) fn table(&self) -> String {
        let mut text = String::new();
        for suite in self.suites.iter().filter(|suite| suite.passed + suite.failed > 0) {
            let Suite { name, passed, failed, seconds } = suite;
            writeln!(text, "{name:<44} {passed:>5} passed {failed:>4} failed {seconds:>8.2} s")
                .expect("writing to a string");
        }
        text
    }

    /// The last line.
    pub(crate) fn sum(&self) -> String {
        let passed: u64 = self.suites.iter().map(|suite| suite.passed).sum();
        format!("{passed} passed, {} failed", self.failed())
    }
}

/// `unittests src/lib.rs (target/debug/deps/mcp-0123)` → `mcp (src/lib.rs)`.
fn suite_name(rest: &str) -> String {
    let Some((source, binary)) = rest.split_once(" (") else { return rest.to_owned() };
    let source = source.strip_prefix("unittests ").unwrap_or(source);
    let file = binary.trim_end_matches(')').rsplit(['/', '\\']).next().unwrap_or(binary);
    let name = file.rsplit_once('-').map_or(file, |(name, _)| name);
    format!("{name} ({source})")
}

fn number_before(text: &str, word: &str) -> u64 {
    let before = text.split_once(word).map_or("", |(before, _)| before);
    before.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}
