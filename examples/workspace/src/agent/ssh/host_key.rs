//! The agent's host key, with which clients recognize it. Made at the first start, and kept.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use russh::keys::ssh_key::LineEnding;
use russh::keys::{Algorithm, PrivateKey};

/// Loads the key from this file, or from the user's folder for state.
///
/// # Errors
///
/// The file cannot be written or read, or does not contain such a key.
pub(super) fn read_or_make(path: Option<&Path>) -> Result<PrivateKey, Box<dyn Error>> {
    let path = match path {
        Some(path) => path.to_owned(),
        None => usual()?,
    };
    let unusable = |error: &dyn Error| format!("cannot use the host key {}: {error}", path.display());
    match make(&path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(unusable(&error).into()),
        Ok(()) | Err(_) => {}
    }
    let key = PrivateKey::read_openssh_file(&path).map_err(|error| unusable(&error))?;
    Ok(key)
}

/// Writes a new key to a temporary file and links it to its place, so that no process reads an incomplete key.
fn make(path: &Path) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let key = PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519).map_err(io::Error::other)?;
    let text = key.to_openssh(LineEnding::LF).map_err(io::Error::other)?;
    let new = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(text.as_bytes())?;
    let linked = fs::hard_link(&new, path);
    fs::remove_file(&new)?;
    linked
}

fn usual() -> io::Result<PathBuf> {
    let home = || std::env::home_dir().map(|home| home.join(".local/state"));
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).or_else(home);
    let folder = state.ok_or_else(|| io::Error::other("there is no home: give --host-key FILE"))?.join("workspace");
    fs::create_dir_all(&folder)?;
    Ok(folder.join("host_key"))
}
