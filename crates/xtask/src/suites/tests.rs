//! Reading cargo's output, and what is said about suites that could not run.

use super::*;

const OUTPUT: &str = "\
   Compiling mcp v0.1.0
     Running unittests src/lib.rs (target/debug/deps/mcp-0123456789abcdef)
running 2 tests
test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.25s
     Running tests/it/main.rs (target/debug/deps/it-0123456789abcdef)
test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.50s
   Doc-tests mcp
test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

#[test]
fn the_report_adds_up_every_suite_and_shows_its_time() {
    let mut report = Report::default();
    OUTPUT.lines().for_each(|line| report.read(line));
    assert_eq!(report.sum(), "5 passed, 1 failed");
    let table = report.table();
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        lines,
        [
            ["mcp", "(src/lib.rs)", "2", "passed", "0", "failed", "0.25", "s"],
            ["it", "(tests/it/main.rs)", "3", "passed", "1", "failed", "1.50", "s"],
        ]
    );
}

#[test]
fn a_missing_need_says_what_did_not_run_and_how_to_run_it() {
    let need = |found| Need { suites: "the peers", required: "R", found, variable: "V" };
    assert_eq!(need(Ok("there".to_owned())).missing(), None);
    let said = need(Err("install it".to_owned())).missing();
    assert_eq!(said.as_deref(), Some("not run: the peers; to run: install it"));
}
