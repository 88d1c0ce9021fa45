//! A PostgreSQL of our own for the length of one run: in a new folder, on a socket only, gone afterwards.
//!
//! The server and its removal belong to a small shell in a process group of its own, which waits for the end
//! of its standard input. However this program ends, also by Ctrl-C or `kill -9`, that input ends with it.

use std::{
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use crate::shell;

/// How long the server may take to accept connections.
const START: Duration = Duration::from_secs(30);

/// `$1` folder, `$2` data, `$3…` the server's command.
const KEEPER: &str = r#"
folder=$1 data=$2; shift 2
"$@" </dev/null >>"$folder/log" 2>&1 &
cat >/dev/null
pid=$(head -n 1 "$data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid"
wait
rm -rf "$folder"
"#;

/// A running server.
pub(crate) struct Cluster {
    keeper: Child,
    folder: PathBuf,
}

impl Cluster {
    /// Makes and starts one. Errors when PostgreSQL is not installed, or does not start.
    pub(crate) fn start() -> Result<Self> {
        let programs = programs().context("no initdb found")?;
        // A socket's path must be short, so this is not below target/.
        let folder = tempfile::Builder::new().prefix("permalloy-pg-").tempdir()?.keep();
        let mut keeper = Err(anyhow::anyhow!("not started"));
        let made = make(&programs, &folder);
        if made.is_ok() {
            keeper = keep(&programs, &folder);
        }
        if made.is_err() || keeper.is_err() {
            std::fs::remove_dir_all(&folder)?;
        }
        made?;
        let cluster = Self { keeper: keeper?, folder };
        cluster.wait(&programs)?;
        Ok(cluster)
    }

    /// For sqlx: over the socket, without a password.
    pub(crate) fn url(&self) -> String {
        format!("postgres:///postgres?host={}&user=postgres", self.folder.display())
    }

    fn wait(&self, programs: &Path) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < START {
            let mut probe = Command::new(programs.join("pg_isready"));
            probe.arg("-q").arg("-h").arg(&self.folder);
            if probe.status().is_ok_and(|status| status.success()) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        bail!("PostgreSQL did not start:\n{log}")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        if let Err(error) = self.keeper.wait() {
            eprintln!("warning: cannot wait for PostgreSQL to end: {error}");
        }
    }
}

/// The folder of PostgreSQL's programs: the newest of Debian's, Homebrew's, or what `PATH` has.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for parent in ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"] {
        for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().replace("postgresql@", "");
            let folder = entry.path().join("bin");
            if let (Ok(version), true) = (name.parse(), folder.join("initdb").is_file()) {
                found.push((version, folder));
            }
        }
    }
    let newest = found.into_iter().max().map(|(_, folder)| folder);
    newest.or_else(|| shell::find("initdb")?.canonicalize().ok()?.parent().map(Path::to_path_buf))
}

fn make(programs: &Path, folder: &Path) -> Result<()> {
    if is_root()? {
        shell::run(Command::new("chown").arg("postgres").arg(folder)).context("there is no user postgres")?;
    }
    let mut initdb = as_postgres(&programs.join("initdb"))?;
    initdb.args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale", "--no-sync", "-D"]);
    initdb.arg(folder.join("data")).current_dir(folder).stdout(Stdio::null());
    shell::run(&mut initdb)
}

fn keep(programs: &Path, folder: &Path) -> Result<Child> {
    let server = as_postgres(&programs.join("postgres"))?;
    let mut keeper = Command::new("sh");
    keeper.args(["-c", KEEPER, "keeper"]).arg(folder).arg(folder.join("data"));
    keeper.arg(server.get_program()).args(server.get_args());
    keeper.arg("-D").arg(folder.join("data")).arg("-k").arg(folder);
    // Nothing here outlives the run, so nothing has to reach the disk.
    for setting in ["listen_addresses=", "fsync=off", "full_page_writes=off", "max_connections=300"] {
        keeper.args(["-c", setting]);
    }
    keeper.stdin(Stdio::piped()).current_dir(folder).process_group(0);
    keeper.spawn().context("cannot start sh")
}

/// PostgreSQL refuses to run as root.
fn as_postgres(program: &Path) -> Result<Command> {
    if !is_root()? {
        return Ok(Command::new(program));
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    Ok(command)
}

fn is_root() -> Result<bool> {
    Ok(shell::output(Command::new("id").arg("-u"))? == "0")
}
