//! Starts the workspace's processes: this program again, in another role.
//!
//! For `cargo run` and `cargo test`, Cargo does not build programs of other packages, so this program contains the
//! workspace. An environment variable selects the role, not an argument, because ssh starts the proxy and passes the
//! environment on.

use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, io};

use tokio::process::Command;

/// Set in the environment of a process to make it the workspace.
const ROLE: (&str, &str) = ("DISCONNECT_SCENARIOS_ROLE", "workspace");

/// Whether this process is the workspace.
pub(crate) fn is_workspace() -> bool {
    std::env::var_os(ROLE.0).is_some_and(|role| role == ROLE.1)
}

/// Returns a command that runs the workspace with these arguments, in this folder.
///
/// # Errors
///
/// The path of this program is unknown.
pub(crate) fn workspace<S: AsRef<OsStr>>(place: &Place, arguments: impl IntoIterator<Item = S>) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments).envs(place.environment());
    Ok(command)
}

/// A folder for the processes of one scenario: their files, an empty home, and their token. It is removed when this
/// value is dropped.
pub(crate) struct Place {
    folder: PathBuf,
    token: String,
}

impl Place {
    /// # Errors
    ///
    /// The folder for temporary files cannot be written.
    pub(crate) fn new() -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // Short, because the path of a Unix socket has at most 108 bytes.
        let folder = std::env::temp_dir().join(format!("ws-{}-{number}", std::process::id()));
        // Only for its owner, because people use `live`.
        fs::DirBuilder::new().mode(0o700).create(&folder)?;
        fs::create_dir(folder.join("home"))?;
        let mut random = [0; 16];
        fs::File::open("/dev/urandom")?.read_exact(&mut random)?;
        let token = format!("{:032x}", u128::from_ne_bytes(random));
        fs::write(folder.join("token"), &token)?;
        Ok(Self { folder, token })
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// The environment of a process. An empty home has no start-up files.
    pub(crate) fn environment(&self) -> [(&'static str, String); 5] {
        let home = self.file("home").display().to_string();
        [
            (ROLE.0, ROLE.1.to_owned()),
            ("WORKSPACE_TOKEN", self.token.clone()),
            ("HOME", home.clone()),
            ("XDG_STATE_HOME", home),
            ("SHELL", "/bin/bash".to_owned()),
        ]
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // A folder that cannot be removed is in the folder for temporary files.
        let _ = fs::remove_dir_all::<&Path>(&self.folder);
    }
}
