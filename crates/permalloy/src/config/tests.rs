//! Settings from all three places, every kind of mistake, and the reference page.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::log::Format;
use super::vault::KeySource;
use super::*;

fn load<const V: usize>(variables: [(&str, &str); V], file: &str) -> Result<Config, Vec<Problem>> {
    let flags = Flags { config: Some("p.toml".into()), ..Flags::default() };
    Config::load(&flags, &Source::given(variables, [("p.toml", file)]))
}

fn problems<const V: usize>(variables: [(&str, &str); V], file: &str) -> Vec<String> {
    load(variables, file).map(|_| ()).unwrap_err().iter().map(ToString::to_string).collect()
}

fn shown(config: &Config, key: &str) -> (String, String) {
    let found = config.show().iter().find(|effective| effective.key == key).unwrap();
    (found.value.clone(), found.origin.to_string())
}

#[test]
fn nothing_written_means_the_documented_defaults() {
    let config = Config::load(&Flags::default(), &Source::given([], [])).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:3000");
    assert_eq!(config.server.base_url(config.server.listen), "http://127.0.0.1:3000");
    assert_eq!(config.server.data_dir, Path::new("permalloy-data"));
    assert_eq!(config.database.url.expose(), "sqlite:permalloy-data/permalloy.db");
    assert_eq!(config.vault.key, KeySource::Generated("permalloy-data/vault.key".into()));
    assert!(config.servers.reveal_access_url && !config.retention.keep_bodies);
    assert_eq!((config.limits.requests_per_minute, config.limits.body_bytes), (100, 10 * 1024 * 1024));
    assert_eq!(config.retention.idempotency, Duration::from_hours(24));
    assert_eq!((config.log.filter.as_str(), config.log.format), ("info", Format::Auto));
    assert_eq!((config.outbound.allow.len(), config.outbound.idle_timeout.as_secs()), (0, 60));
    assert!(config.redis.is_none() && config.notices().is_empty());
}

#[test]
fn a_flag_stands_above_the_environment_and_the_environment_above_the_file() {
    let file =
        "[server]\nlisten = \"127.0.0.1:1\"\ndata_dir = \"/file\"\n\n[limits]\nrequests_per_minute = 7\n";
    let flags = Flags {
        config: Some("p.toml".into()),
        listen: Some("[::1]:3".into()),
        set: vec!["retention.keep_bodies=true".into()],
        ..Flags::default()
    };
    let variables = [("PERMALLOY_LISTEN", "127.0.0.1:2"), ("PERMALLOY_DATA_DIR", "/environment")];
    let config = Config::load(&flags, &Source::given(variables, [("p.toml", file)])).unwrap();
    assert_eq!(config.server.listen.to_string(), "[::1]:3");
    assert_eq!(config.server.data_dir, Path::new("/environment"));
    assert_eq!(config.limits.requests_per_minute, 7);
    assert!(config.retention.keep_bodies);
    assert_eq!(shown(&config, "server.listen").1, "--listen");
    assert_eq!(shown(&config, "server.data_dir").1, "PERMALLOY_DATA_DIR");
    assert_eq!(shown(&config, "limits.requests_per_minute").1, "p.toml:6");
    assert_eq!(shown(&config, "retention.keep_bodies").1, "--set");
    assert_eq!(shown(&config, "log.filter").1, "default");
}

#[test]
fn the_file_may_be_named_by_a_variable() {
    let source = Source::given([("PERMALLOY_CONFIG", "x.toml")], [("x.toml", "[log]\nformat = \"json\"")]);
    assert_eq!(Config::load(&Flags::default(), &source).unwrap().log.format, Format::Json);
}

#[test]
fn every_name_scripts_rely_on_works() {
    let variables = [
        ("PERMALLOY_LISTEN", "0.0.0.0:80"),
        ("PERMALLOY_DATA_DIR", "/d"),
        ("PERMALLOY_DATABASE", "postgres:///x?host=/tmp/pg&user=postgres"),
        ("PERMALLOY_REDIS", "redis://localhost"),
        ("PERMALLOY_PUBLIC_URL", "https://mcp.example.com/base/"),
        ("PERMALLOY_LOG", "warn,permalloy=debug"),
        ("PERMALLOY_LOG_FORMAT", "text"),
        ("PERMALLOY_OUTBOUND_ALLOW", "127.0.0.1/32, fd00::/8,10.0.0.1"),
        ("PERMALLOY_CONNECTORS_GITHUB_BASE_URL", "http://127.0.0.1:4000/api/v3/"),
        ("PERMALLOY_CONNECTORS_DIR", "/connectors"),
        ("PERMALLOY_TEST_POSTGRES", "ours"),
        ("HOME", "/root"),
    ];
    let config = load(variables, "").unwrap();
    assert_eq!(config.server.base_url(config.server.listen), "https://mcp.example.com/base");
    assert_eq!(config.database.url.expose(), "postgres:///x?host=/tmp/pg&user=postgres");
    assert_eq!(config.outbound.allow.len(), 3);
    let github = &config.connectors.by_id["github"];
    assert_eq!(github.base_url.as_deref(), Some("http://127.0.0.1:4000/api/v3"));
    assert_eq!(config.connectors.dir.as_deref(), Some(Path::new("/connectors")));
    assert_eq!(config.notices(), ["redis.url is set but not used yet: rate limits are per replica"]);
}

#[test]
fn the_base_url_follows_the_address_that_was_bound() {
    let config = load([("PERMALLOY_LISTEN", "0.0.0.0:0")], "").unwrap();
    assert_eq!(config.server.base_url("0.0.0.0:4711".parse().unwrap()), "http://127.0.0.1:4711");
    assert_eq!(config.server.base_url("[::1]:4711".parse().unwrap()), "http://[::1]:4711");
}

#[test]
fn all_problems_are_reported_at_once_with_their_places() {
    let file = "[server]\nlisten = 3000\nlisen = \"x\"\n\n[limits]\nrequests_per_minute = 0\n\n[surver]\na = 1\n\n\
        [outbound]\nallow = [\"10.0.0.0/8\", \"ten\"]\nca_file = \"absent.pem\"\n\n[connectors.slack]\nbase = \"x\"\n";
    let found =
        problems([("PERMALLOY_LOGFORMAT", "json"), ("PERMALLOY_PUBLIC_URL", "mcp.example.com")], file);
    let expected = [
        "server.lisen = \"***\" (p.toml:3): expected the name of a setting; did you mean server.listen?",
        "surver.a = \"***\" (p.toml:9): expected the name of a setting; docs/reference/config.md lists them",
        "connectors.slack.base = \"***\" (p.toml:16): expected the name of a setting; did you mean connectors.slack.base_url?",
        "PERMALLOY_LOGFORMAT = \"***\" (PERMALLOY_LOGFORMAT): expected the name of a setting; did you mean PERMALLOY_LOG_FORMAT?",
        "server.listen = \"3000\" (p.toml:2): expected an address and port such as 127.0.0.1:3000, [::]:3000 or localhost:3000",
        "server.public_url = \"mcp.example.com\" (PERMALLOY_PUBLIC_URL): expected an http or https URL without user, query and fragment",
        "limits.requests_per_minute = \"0\" (p.toml:6): expected a number from 1 to 100000",
        "outbound.allow = \"ten\" (p.toml:12): expected networks such as 10.1.0.0/16 or 127.0.0.1/32",
        "outbound.ca_file = \"absent.pem\" (p.toml:13): expected a file that can be read (entity not found)",
    ];
    let missing: Vec<_> = expected.iter().filter(|line| !found.iter().any(|found| found == *line)).collect();
    assert_eq!((missing, found.len()), (Vec::new(), expected.len()), "{found:#?}");
}

#[test]
fn a_file_that_is_not_toml_or_not_there_is_a_problem() {
    let found = problems([], "[server\nlisten = = 1\n");
    assert!(found.iter().all(|line| line.starts_with("config = ")), "{found:?}");
    assert!(found.iter().any(|line| line.contains("p.toml:1")), "{found:?}");
    let flags = Flags { config: Some("absent.toml".into()), ..Flags::default() };
    let found = Config::load(&flags, &Source::given([], [])).unwrap_err();
    assert_eq!((found.len(), found.first().unwrap().value.as_str()), (1, "absent.toml"));
}

#[test]
fn values_that_cannot_be_meant_are_refused() {
    let wrong = [
        ("PERMALLOY_LISTEN", "localhost"),
        ("PERMALLOY_LISTEN", ":3000"),
        ("PERMALLOY_DATABASE", "mysql://x"),
        ("PERMALLOY_DATABASE", "sqlite:"),
        ("PERMALLOY_REDIS", "http://x"),
        ("PERMALLOY_PUBLIC_URL", "https://u:p@example.com"),
        ("PERMALLOY_PUBLIC_URL", "https://example.com/?a=b"),
        ("PERMALLOY_LOG", "permalloy=loud"),
        ("PERMALLOY_LOG_FORMAT", "xml"),
        ("PERMALLOY_OUTBOUND_ALLOW", "10.0.0.0/33"),
        ("PERMALLOY_SERVERS_REVEAL_ACCESS_URL", "yes"),
        ("PERMALLOY_DATABASE_MAX_CONNECTIONS", "-1"),
        ("PERMALLOY_ACCESS_ALLOWED_HOSTS", "http://example.com"),
        ("PERMALLOY_ACCESS_ALLOWED_ORIGINS", "https://example.com/path"),
        ("PERMALLOY_ACCESS_ALLOWED_REDIRECT_URIS", "https://example.*"),
        ("PERMALLOY_VAULT_KEY_ENV", "NOT_SET"),
        ("PERMALLOY_SERVER_TLS_KEY", "key.pem"),
        ("PERMALLOY_CONNECTORS_SLACK_BASE_URL", "slack.com"),
    ];
    for (variable, value) in wrong {
        assert_eq!(problems([(variable, value)], "").len(), 1, "{variable}={value}");
    }
    assert_eq!(
        problems([("PERMALLOY_VAULT_KEY_FILE", "a"), ("PERMALLOY_VAULT_KEY_COMMAND", "b")], "").len(),
        1
    );
}

#[test]
fn secrets_are_never_shown() {
    let client_secret = concat!("not", "-a-secret");
    let database = format!("postgres://permalloy:{client_secret}@db/permalloy");
    let variables = [
        ("PERMALLOY_DATABASE", database.as_str()),
        ("PERMALLOY_CONNECTORS_SLACK_CLIENT_SECRET", client_secret),
        ("PERMALLOY_CONNECTORS_SLACK_CLIENT_ID", "id"),
        ("PERMALLOY_VAULT_KEY_ENV", "KEY"),
        ("KEY", client_secret),
    ];
    let config = load(variables, "").unwrap();
    assert_eq!(shown(&config, "database.url").0, "postgres://permalloy:***@db/permalloy");
    assert_eq!(shown(&config, "connectors.slack.client_secret").0, "***");
    assert_eq!(shown(&config, "connectors.slack.client_id").0, "id");
    assert!(!format!("{config:?}").contains(client_secret));
    let KeySource::Environment { value, .. } = &config.vault.key else { unreachable!("{config:?}") };
    assert_eq!(value.expose(), client_secret);
    let wrong = format!("mysql://permalloy:{client_secret}@db/x");
    let found = problems([("PERMALLOY_DATABASE", &wrong), ("PERMALLOY_PASSWORT", client_secret)], "");
    assert!(found.len() == 2 && !found.concat().contains(client_secret), "{found:?}");
}

#[test]
fn a_variable_set_to_nothing_is_not_set() {
    assert!(load([("PERMALLOY_REDIS", "")], "").unwrap().redis.is_none());
}

#[test]
fn a_star_in_a_redirect_uri_stands_after_a_host() {
    let uris = "https://app.example.com/*,http://localhost:1234/done,myapp://callback";
    let config = load([("PERMALLOY_ACCESS_ALLOWED_REDIRECT_URIS", uris)], "").unwrap();
    assert_eq!(config.access.allowed_redirect_uris.len(), 3);
    assert_eq!(
        problems([("PERMALLOY_ACCESS_ALLOWED_REDIRECT_URIS", "https://app.example.com*")], "").len(),
        1
    );
}

#[test]
fn keys_and_variables_are_unique_and_are_found_by_name() {
    let keys: Vec<_> = settings::all().map(|setting| setting.key).collect();
    let mut unique = keys.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(keys.len(), unique.len());
    for setting in settings::all() {
        let (key, variable) =
            (setting.key.replace("<id>", "slack"), setting.variable.replace("<ID>", "SLACK"));
        assert_eq!(settings::by_key(&key).map(|found| found.key), Some(setting.key));
        assert_eq!(settings::key_of_variable(&variable), Some(key));
        assert!(setting.about.ends_with('.') && !setting.expected.is_empty(), "{}", setting.key);
    }
}

#[test]
fn the_reference_page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/config.md");
    if update_wanted() {
        std::fs::write(&path, reference::page()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == reference::page(), "run this test with UPDATE=1 to write {}", path.display());
}

#[expect(clippy::disallowed_methods, reason = "a switch of the test, not a setting")]
fn update_wanted() -> bool {
    std::env::var("UPDATE").is_ok_and(|value| value == "1")
}

fn vault_with(key: KeySource) -> vault::Vault {
    vault::Vault { key, previous_key_files: Vec::new() }
}

fn key_id(vault: &vault::Vault) -> (::vault::KeyId, Option<PathBuf>) {
    let keys = vault_key::load_or_create(vault).map_err(|problem| problem.to_string()).unwrap();
    (keys.current.id(), keys.created)
}

#[test]
fn the_first_start_makes_a_key_that_later_starts_find() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data/vault.key");
    let vault = vault_with(KeySource::Generated(path.clone()));
    let (first, created) = key_id(&vault);
    assert_eq!(created, Some(path.clone()));
    assert_eq!(key_id(&vault), (first, None));
    let names = std::fs::read_dir(directory.path().join("data")).unwrap().count();
    assert_eq!(names, 1, "no draft is left behind");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }
    assert_eq!(key_id(&vault_with(KeySource::File(path.clone()))), (first, None));
    let command = format!("cat '{}'", path.display());
    assert_eq!(key_id(&vault_with(KeySource::Command(command))), (first, None));
    let value = Secret::new(std::fs::read_to_string(&path).unwrap());
    assert_eq!(key_id(&vault_with(KeySource::Environment { variable: "K".into(), value })), (first, None));
    let previous = vault::Vault { key: KeySource::File(path.clone()), previous_key_files: vec![path] };
    assert!(vault_key::load_or_create(&previous).is_ok_and(|keys| keys.previous.len() == 1));
}

#[test]
fn a_key_that_is_named_but_not_there_is_never_made() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vault.key");
    let refused = |key| vault_key::load_or_create(&vault_with(key)).map(|_| ()).unwrap_err().to_string();
    assert!(refused(KeySource::File(path.clone())).starts_with("vault key: cannot use "));
    assert!(!path.exists());
    assert!(refused(KeySource::Command("exit 3".into())).contains("exit status: 3"));
    std::fs::write(&path, "not a key\n").unwrap();
    let text = refused(KeySource::Generated(path.clone()));
    assert!(text.ends_with("does not hold base64 of 32 bytes") && !text.contains("not a key"), "{text}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "not a key\n", "never overwritten");
}
