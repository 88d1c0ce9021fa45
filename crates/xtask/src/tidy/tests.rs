//! One test for each rule: what it finds, and what it leaves alone.

use super::{lexer, tree::Tree, *};

fn findings(rule: Rule, files: &[(&str, &str)]) -> Vec<String> {
    let mut found = Vec::new();
    rule(&Tree::of(files), &mut found);
    found.into_iter().map(|finding| format!("{}:{}: {}", finding.path, finding.line, finding.rule)).collect()
}

const NOTHING: &[&str] = &[];

#[test]
fn the_lexer_tells_code_from_comments_and_literals() {
    let source = lexer::split(concat!(
        "let a = \"x // \\\" y\"; // note\n",
        "let b = r#\"one \" two\"#; /* a /* nested */ b */ let c = '\"'; let d: &'a str = b\"z\";\n",
        "let e = '\\''; fn f() {}\n",
    ));
    let strings: Vec<_> = source.strings.iter().map(|piece| (piece.line, &*piece.text)).collect();
    assert_eq!(strings, [(1, "x // \\\" y"), (2, "one \" two"), (2, "z")]);
    let comments: Vec<_> = source.comments.iter().map(|piece| (piece.line, &*piece.text)).collect();
    assert_eq!(comments, [(1, "// note"), (2, "/* a /* nested */ b */")]);
    assert_eq!(
        source.code,
        "let a = \"\"; \nlet b = \"\";  let c = ' '; let d: &'a str = b\"\";\nlet e = ' '; fn f() {}\n"
    );
}

#[test]
fn the_lexer_finds_inline_tests_but_not_those_in_their_own_file() {
    assert_eq!(lexer::split("fn f() {}\n#[cfg(test)]\nmod tests {\n}\n").tests_from, Some(2));
    assert_eq!(lexer::split("fn f() {}\n#[cfg(test)]\nmod tests;\n").tests_from, None);
    assert_eq!(lexer::split("#[cfg(test)]\nfn for_tests() {}\n").tests_from, None);
}

#[test]
fn a_file_of_more_than_500_production_lines_is_too_long() {
    let (long, fits) = ("//!\n".repeat(501), "//!\n".repeat(500));
    let with_tests = format!("{fits}#[cfg(test)]\nmod tests {{\n{}}}\n", "\n".repeat(400));
    let files = [
        ("crates/a/src/long.rs", &*long),
        ("crates/a/src/fits.rs", &*fits),
        ("crates/a/src/half.rs", &*with_tests),
        ("crates/a/src/b/tests.rs", &*long),
        ("crates/a/tests/it/main.rs", &*long),
    ];
    assert_eq!(findings(text::length, &files), ["crates/a/src/long.rs:501: length"]);
}

#[test]
fn a_file_begins_with_what_it_is() {
    let files = [("a.rs", "fn f() {}\n"), ("b.rs", "//! It is b.\n"), ("c.sh", "echo\n")];
    assert_eq!(findings(text::head, &files), ["a.rs:1: head"]);
}

#[test]
fn tests_are_neither_ignored_nor_expected_to_panic() {
    let files = [("a.rs", "//!\n#[ignore]\nfn a() {}\n#[should_panic(expected = \"b\")]\n// #[ignore]\n")];
    assert_eq!(findings(text::skipped_tests, &files), ["a.rs:2: tests", "a.rs:4: tests"]);
}

#[test]
fn open_ends_name_their_issue() {
    let word = concat!("TO", "DO");
    let rust = format!("//!\n// {word}: later\n// {word}(#12): later\nlet a = \"{word}\";\n");
    let yaml = format!("a: 1 # {word} b\n");
    let files = [("a.rs", &*rust), ("b.yaml", &*yaml), ("c.md", &*yaml)];
    assert_eq!(findings(text::open_ends, &files), ["a.rs:2: open-end", "b.yaml:1: open-end"]);
}

#[test]
fn places_of_one_machine_and_mirrors_are_found() {
    let folder = concat!("/wo", "rk/main");
    let bad = format!("see {folder}\nhttps://a.example{folder}\n");
    let lock = "source = \"registry+https://mirror.example/index\"\n";
    let files = [("docs/a.md", &*bad), ("Cargo.lock", lock)];
    assert_eq!(findings(text::places, &files), ["docs/a.md:1: place", "Cargo.lock:1: place"]);
}

#[test]
fn what_looks_like_a_secret_is_found() {
    let secret =
        format!("token: {}{}\nprefix: {}\n", concat!("gh", "p_"), "a".repeat(36), concat!("gh", "p_"));
    assert_eq!(findings(text::secrets, &[("a.yaml", &secret)]), ["a.yaml:1: secret"]);
}

#[test]
fn http_names_neither_store_nor_vault_nor_the_way_out() {
    let http = concat!(
        "//! store::x in a comment\n",
        "use crate::{access::Admin, outbound::{self, Call}, ops::store};\n",
        "use store::Account;\n",
        "fn f() { let a = vault::open(); crate::access::store::b(); hyper_util::client::legacy::c(); }\n",
        "fn g(app: &App) { app.db.find(); app.tasks.spawn(); state.app.outbound.send(); }\n",
        "#[cfg(test)]\nmod tests {\n use store::Db;\n}\n",
    );
    let path = "crates/permalloy/src/http/api.rs";
    let mut found = Vec::new();
    edges::modules(&Tree::of(&[(path, http), ("crates/permalloy/src/app.rs", http)]), &mut found);
    let named: Vec<_> = found.iter().map(|f| (f.line, f.advice.split('`').nth(1).unwrap())).collect();
    assert_eq!(
        named,
        [
            (2, "crate::outbound"),
            (2, "crate::outbound::Call"),
            (3, "store::Account"),
            (4, "vault::open"),
            (4, "hyper_util::client::legacy::c"),
            (5, "app.db"),
            (5, "app.outbound"),
        ]
    );
}

#[test]
fn a_leaf_depends_on_no_leaf_and_nothing_on_the_product() {
    let files = [
        ("crates/mcp/Cargo.toml", "[dependencies]\nstore.workspace = true\nserde.workspace = true\n"),
        ("crates/bench/Cargo.toml", "[dependencies]\npermalloy = { path = \"../permalloy\" }\n"),
        (
            "crates/permalloy/Cargo.toml",
            "[package]\nname = \"permalloy\"\n[dependencies]\nmcp.workspace = true\n",
        ),
    ];
    assert_eq!(
        findings(edges::crates, &files),
        ["crates/mcp/Cargo.toml:2: edge", "crates/bench/Cargo.toml:2: edge"]
    );
}

#[test]
fn sql_outside_the_store_is_found() {
    let elsewhere =
        "//! select a from b\nlet a = \"select id from servers\";\nlet b = \"select a server\";\n";
    let files = [
        ("crates/permalloy/src/ops/servers.rs", elsewhere),
        ("crates/store/src/servers.rs", "//!\nlet a = \"select id from servers\"; AssertSqlSafe(b);\n"),
    ];
    assert_eq!(
        findings(sql::home, &files),
        ["crates/permalloy/src/ops/servers.rs:2: sql", "crates/store/src/servers.rs:2: sql"]
    );
}

#[test]
fn a_statement_on_an_account_table_mentions_the_account() {
    let migration = "-- Rows of accounts.\ncreate table servers (account_id text, server_id text);\ncreate table leases (name text);\n";
    let store = concat!(
        "//!\n",
        "let a = \"select * from servers where server_id = $1\";\n",
        "let b = \"update servers \\\n set name = $3 where account_id = $1 and server_id = $2\";\n",
        "let c = \"delete from leases where name = $1\";\n",
    );
    let files = [
        ("crates/store/migrations/sqlite/0001_start.sql", migration),
        ("crates/store/src/servers.rs", store),
    ];
    assert_eq!(findings(sql::accounts, &files), ["crates/store/src/servers.rs:2: account"]);
}

#[test]
fn both_databases_have_the_same_migrations_without_a_gap() {
    let of = |name: &'static str| -> [(String, &'static str); 2] {
        ["sqlite", "postgres"].map(|db| (format!("crates/store/migrations/{db}/{name}"), ""))
    };
    let [first, twin] = of("0001_start.sql");
    let [lonely, _] = of("0003_tokens.sql");
    let files: Vec<(&str, &str)> = [&first, &twin, &lonely].map(|(path, text)| (&**path, *text)).to_vec();
    assert_eq!(
        findings(store::migrations, &files),
        [
            "crates/store/migrations/sqlite/0003_tokens.sql:0: migration",
            "crates/store/migrations/sqlite/0003_tokens.sql:0: migration"
        ]
    );
    assert_eq!(findings(store::migrations, &files[..2]), NOTHING);
}

#[test]
fn a_public_function_of_the_store_is_named_in_a_test() {
    let store = "//!\npub async fn find() {}\npub fn lost() {}\npub(crate) fn own() {}\nfn private() {}\n";
    let files = [("crates/store/src/a.rs", store), ("crates/store/src/a/tests.rs", "//!\nfind().await;\n")];
    assert_eq!(findings(store::tested, &files), ["crates/store/src/a.rs:3: untested"]);
}

#[test]
fn a_connector_folder_is_complete() {
    let files = [
        ("connectors/slack/definition.yaml", ""),
        ("connectors/slack/icon.svg", ""),
        ("connectors/slack/fixtures/a.yaml", ""),
        ("connectors/slack/fixtures/b.yaml", ""),
        ("connectors/slack/fixtures/c.yaml", ""),
        ("connectors/notion/icon.svg", ""),
    ];
    assert_eq!(
        findings(connectors::complete, &files),
        ["connectors/notion/definition.yaml:0: connector", "connectors/notion/fixtures:0: connector"]
    );
}

#[test]
fn a_finding_reads_as_file_line_rule_and_advice() {
    let finding = Finding { path: "a.rs".into(), line: 3, rule: "head", advice: "do this".into() };
    assert_eq!(finding.to_string(), "a.rs:3: head: do this");
}
