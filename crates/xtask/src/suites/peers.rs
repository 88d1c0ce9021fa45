//! The clients and judges that nobody here wrote: installed into target/peers from the exact versions pinned
//! in tests/peers, with npm and pip as they come. Nothing else of the project needs Node or Python.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};

use crate::shell;

/// The files that pin versions, and so decide whether an installation is current.
const PINS: [&str; 2] = ["package.json", "requirements.txt"];

/// Written last: an installation that was cut off has none.
const COMPLETE: &str = "complete";

fn folder() -> PathBuf {
    shell::target().join("peers")
}

fn pins() -> PathBuf {
    shell::root().join("tests").join("peers")
}

/// Where the peers are, if they are all there in the pinned versions.
pub(crate) fn installed() -> Option<String> {
    is_current(&pins(), &folder()).then(|| folder().to_string_lossy().into_owned())
}

fn is_current(pins: &Path, folder: &Path) -> bool {
    let same = |name: &str| match (fs::read(pins.join(name)), fs::read(folder.join(name))) {
        (Ok(wanted), Ok(present)) => wanted == present,
        _ => false,
    };
    folder.join(COMPLETE).is_file() && PINS.iter().all(|name| same(name))
}

/// Installs what is missing; does nothing when all is there.
pub(crate) fn install() -> Result<()> {
    let (pins, folder) = (pins(), folder());
    if is_current(&pins, &folder) {
        println!("{} is current", folder.display());
        return Ok(());
    }
    fs::create_dir_all(&folder)?;
    let complete = folder.join(COMPLETE);
    if complete.is_file() {
        fs::remove_file(&complete)?;
    }
    for name in PINS {
        let from = pins.join(name);
        fs::copy(&from, folder.join(name)).with_context(|| format!("cannot copy {}", from.display()))?;
    }
    shell::run(Command::new("npm").current_dir(&folder).args(["install", "--no-audit", "--no-fund"]))?;
    install_python(&folder)?;
    fs::write(&complete, "")?;
    println!("installed into {}", folder.display());
    Ok(())
}

fn install_python(folder: &Path) -> Result<()> {
    let environment = folder.join("py");
    let python = ["python3.13", "python3.12", "python3.11", "python3"];
    let Some(python) = python.iter().find(|name| is_new_enough(name)) else {
        bail!("no Python 3.11 or newer in PATH");
    };
    shell::run(Command::new(python).args(["-m", "venv"]).arg(&environment))?;
    let pip = environment.join("bin").join("pip");
    shell::run(Command::new(pip).current_dir(folder).args(["install", "--quiet", "-r", "requirements.txt"]))
}

fn is_new_enough(python: &str) -> bool {
    let test = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";
    let answer = Command::new(python).args(["-c", test]).output();
    answer.is_ok_and(|answer| answer.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installation_is_current_only_when_complete_and_of_the_same_pins() {
        let (pins, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for name in PINS {
            fs::write(pins.path().join(name), "a==1").unwrap();
            fs::write(folder.path().join(name), "a==1").unwrap();
        }
        assert!(!is_current(pins.path(), folder.path()));
        fs::write(folder.path().join(COMPLETE), "").unwrap();
        assert!(is_current(pins.path(), folder.path()));
        fs::write(pins.path().join("package.json"), "a==2").unwrap();
        assert!(!is_current(pins.path(), folder.path()));
    }
}
