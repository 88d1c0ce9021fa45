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

/// `$1` folder, `$2` PostgreSQL's programs, `$3` the user's id: PostgreSQL refuses to run as root.
/// Nothing here outlives the run, so nothing has to reach the disk.
const KEEPER: &str = r#"
folder=$1 programs=$2 data=$1/data
as_postgres() { if [ "$user" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
user=$3
serve() {
    if [ "$user" = 0 ]; then chown postgres "$folder" || return; fi
    as_postgres "$programs/initdb" --auth=trust --username=postgres --encoding=UTF8 --no-locale --no-sync \
        -D "$data" || return
    as_postgres "$programs/postgres" -D "$data" -k "$folder" -c listen_addresses= -c max_connections=300 \
        -c fsync=off -c full_page_writes=off
}
{ serve </dev/null >"$folder/log" 2>&1; touch "$folder/ended"; } &
cat >/dev/null
while [ ! -e "$folder/ended" ]; do
    pid=$(head -n 1 "$data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid" 2>/dev/null
    sleep 0.05
done
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
        let user = shell::output(Command::new("id").arg("-u"))?;
        // A socket's path must be short, so this is not below target/.
        let folder = tempfile::Builder::new().prefix("permalloy-pg-").tempdir()?;
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "keeper"]).arg(folder.path()).arg(&programs).arg(user);
        keeper.stdin(Stdio::piped()).current_dir(folder.path()).process_group(0);
        let keeper = keeper.spawn().context("cannot start sh")?;
        let cluster = Self { keeper, folder: folder.keep() };
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
            if self.folder.join("ended").exists() {
                break;
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
