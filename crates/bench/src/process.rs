//! Processes pinned to a core: started, watched through `/proc`, stopped with a signal and never left behind.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use tokio::{net::TcpStream, time::sleep};

/// Linux reports process times in hundredths of a second, whatever the kernel's own tick.
const TICKS_PER_SECOND: f64 = 100.0;

/// The core of the load generator and the platform.
pub(crate) const DRIVER_CORE: u8 = 0;

/// The core that the subject has for itself.
pub(crate) const SUBJECT_CORE: u8 = 1;

/// A running process; stopped when dropped.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a command on one core; what it prints goes to `log`, what it complains about beside it.
    pub(crate) fn start(core: u8, command: &Command, log: &Path) -> Result<Self> {
        let mut pinned = Command::new("taskset");
        pinned.arg("-c").arg(core.to_string()).arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => pinned.env(name, value),
                None => pinned.env_remove(name),
            };
        }
        let errors = File::create(errors_beside(log))?;
        pinned.stdin(Stdio::null()).stdout(File::create(log)?).stderr(errors);
        let child =
            pinned.spawn().with_context(|| format!("cannot start {}", command.get_program().display()))?;
        Ok(Self { child, log: log.to_path_buf() })
    }

    /// What it printed so far.
    pub(crate) fn printed(&self) -> Result<String> {
        Ok(fs::read_to_string(&self.log)?)
    }

    /// What it complained about so far.
    pub(crate) fn complaints(&self) -> Result<String> {
        Ok(fs::read_to_string(errors_beside(&self.log))?)
    }

    /// Waits until it accepts connections.
    pub(crate) async fn listening(&mut self, address: SocketAddr, patience: Duration) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < patience {
            if TcpStream::connect(address).await.is_ok() {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended with {status}: {}{}", self.printed()?, self.complaints()?);
            }
            sleep(Duration::from_millis(1)).await;
        }
        bail!("nothing listens on {address} after {patience:?}: {}", self.complaints()?)
    }

    /// CPU time so far, user and system, of all its threads.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name, in parentheses, may hold spaces; the times are the 14th and 15th field.
        let after_name = stat.rsplit_once(')').context("/proc has another form here")?.1;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok());
        let (user, system) = ticks(11).zip(ticks(12)).context("/proc has another form here")?;
        Ok((user + system) / TICKS_PER_SECOND)
    }

    /// Resident memory, in megabytes of 1024 × 1024 bytes.
    pub(crate) fn resident_mb(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS in /proc")?;
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kilobytes / 1024.0)
    }

    /// Asks it to end and waits for that.
    pub(crate) async fn stop(mut self, patience: Duration) -> Result<()> {
        let pid = self.child.id().to_string();
        if !Command::new("kill").args(["-TERM", &pid]).status()?.success() {
            bail!("cannot stop process {pid}");
        }
        let start = Instant::now();
        while start.elapsed() < patience {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            sleep(Duration::from_millis(10)).await;
        }
        bail!("process {pid} has not ended {patience:?} after SIGTERM")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait()
            && let Err(error) = self.child.kill().and_then(|()| self.child.wait())
        {
            eprintln!("warning: a process was left behind: {error}");
        }
    }
}

fn errors_beside(log: &Path) -> PathBuf {
    log.with_extension("err")
}

/// An address on loopback that nothing listens on.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
