//! File transfer: the server side of SFTP, version 3 (draft-ietf-secsh-filexfer-02).
//!
//! The packets are russh-sftp's. Its ready-made server never says how a session ended, and takes garbage for a request
//! that failed.

use std::collections::HashMap;
use std::fs::Permissions;
use std::io::{self, SeekFrom};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use disconnect_core::DisconnectEvidence;
use russh_sftp::protocol::{
    Attrs, Data, File as Entry, FileAttributes, Handle, Name, OpenFlags, Packet, StatusCode, Version,
};
use thiserror::Error;
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, DuplexStream};

/// Why a session of file transfer ended otherwise than in good order.
#[derive(Debug, Error, DisconnectEvidence)]
pub(crate) enum SftpError {
    #[error("not a packet of SFTP: {0}")]
    #[reason(ProtocolError, side = Remote, cause = Malformed)]
    Malformed(String),
    #[error("a packet of {0} bytes")]
    #[reason(ProtocolError, side = Remote, cause = TooLarge)]
    TooLarge(u32),
    /// The client's input ended without a goodbye, which is to close its files.
    #[error("{0} files were left open")]
    #[reason(NetworkError, cause = UncleanEof)]
    Unfinished(usize),
    #[error(transparent)]
    #[transparent]
    Io(#[from] io::Error),
}

/// Serves a session until the client's input ends.
///
/// # Errors
///
/// It did not end in good order.
pub(super) async fn serve(mut stream: DuplexStream, home: PathBuf) -> Result<(), SftpError> {
    let mut files = Files { home, open: HashMap::new(), opened: 0 };
    while let Some(packet) = next(&mut stream).await? {
        let id = packet.get_request_id();
        let reply = match files.answer(packet).await? {
            Ok(reply) => reply,
            Err(error) => refusal(id, &error),
        };
        let reply = Bytes::try_from(reply).map_err(|error| io::Error::other(error.to_string()))?;
        stream.write_all(&reply).await?;
    }
    match files.open.len() {
        0 => Ok(()),
        left => Err(SftpError::Unfinished(left)),
    }
}

/// What OpenSSH takes and sends at most.
const LONGEST: u32 = 256 * 1024;
/// As much as fits into a packet.
const LONGEST_READ: u32 = LONGEST - 1024;
const MOST_OPEN: usize = 256;

/// The next packet, unless the input has ended before it.
async fn next(stream: &mut DuplexStream) -> Result<Option<Packet>, SftpError> {
    let mut length = [0; 4];
    if stream.read(&mut length[..1]).await? == 0 {
        return Ok(None);
    }
    stream.read_exact(&mut length[1..]).await?;
    let length = u32::from_be_bytes(length);
    if length > LONGEST {
        return Err(SftpError::TooLarge(length));
    }
    let mut packet = vec![0; length as usize];
    stream.read_exact(&mut packet).await?;
    let packet = Packet::try_from(&mut Bytes::from(packet));
    packet.map(Some).map_err(|error| SftpError::Malformed(error.to_string()))
}

/// The files that a client has open, by their handles.
struct Files {
    /// Where relative paths start.
    home: PathBuf,
    open: HashMap<String, Open>,
    opened: u64,
}

enum Open {
    File(File),
    Directory(fs::ReadDir),
}

impl Files {
    /// Does what a packet asks for: an error inside is told to the client, one outside ends the session.
    async fn answer(&mut self, packet: Packet) -> Result<io::Result<Packet>, SftpError> {
        let id = packet.get_request_id();
        Ok(match packet {
            Packet::Init(_) => Ok(Version::new().into()),
            Packet::Open(open) => self.open(id, &open.filename, open.pflags, &open.attrs).await,
            Packet::Close(close) => self.close(id, &close.handle).await,
            Packet::Read(read) => self.read(id, &read.handle, read.offset, read.len).await,
            Packet::Write(write) => self.write(id, &write.handle, write.offset, &write.data).await,
            Packet::OpenDir(open) => self.open_directory(id, &open.path).await,
            Packet::ReadDir(read) => self.read_directory(id, &read.handle).await,
            Packet::Stat(stat) => attributes(id, fs::metadata(self.at(&stat.path)).await),
            Packet::Lstat(stat) => attributes(id, fs::symlink_metadata(self.at(&stat.path)).await),
            Packet::Fstat(stat) => match self.file(&stat.handle) {
                Ok(file) => attributes(id, file.metadata().await),
                Err(error) => Err(error),
            },
            Packet::FSetStat(set) => done(id, self.set_of_file(&set.handle, &set.attrs).await),
            Packet::Remove(remove) => done(id, fs::remove_file(self.at(&remove.filename)).await),
            Packet::Rename(rename) => done(id, self.rename(&rename.oldpath, &rename.newpath).await),
            Packet::RealPath(path) => self.real_path(id, &path.path).await,
            // What `get`, `put` and `ls` can do without.
            Packet::SetStat(_)
            | Packet::MkDir(_)
            | Packet::RmDir(_)
            | Packet::ReadLink(_)
            | Packet::Symlink(_)
            | Packet::Extended(_) => Err(io::ErrorKind::Unsupported.into()),
            _ => return Err(SftpError::Malformed("an answer, and no request".to_owned())),
        })
    }

    fn at(&self, path: &str) -> PathBuf {
        self.home.join(path)
    }

    fn file(&mut self, handle: &str) -> io::Result<&mut File> {
        match self.open.get_mut(handle) {
            Some(Open::File(file)) => Ok(file),
            Some(Open::Directory(_)) | None => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    fn insert(&mut self, id: u32, open: Open) -> io::Result<Packet> {
        if self.open.len() >= MOST_OPEN {
            return Err(io::Error::other("too many open files"));
        }
        self.opened += 1;
        let handle = self.opened.to_string();
        self.open.insert(handle.clone(), open);
        Ok(Handle { id, handle }.into())
    }

    async fn open(&mut self, id: u32, path: &str, flags: OpenFlags, attributes: &FileAttributes) -> io::Result<Packet> {
        let mut options = std::fs::OpenOptions::from(flags);
        options.mode(attributes.permissions.map_or(0o666, |mode| mode & 0o7777));
        let file = fs::OpenOptions::from(options).open(self.at(path)).await?;
        self.insert(id, Open::File(file))
    }

    async fn close(&mut self, id: u32, handle: &str) -> io::Result<Packet> {
        match self.open.remove(handle) {
            Some(Open::File(mut file)) => done(id, file.flush().await),
            Some(Open::Directory(_)) => done(id, Ok(())),
            None => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    async fn read(&mut self, id: u32, handle: &str, offset: u64, length: u32) -> io::Result<Packet> {
        let file = self.file(handle)?;
        file.seek(SeekFrom::Start(offset)).await?;
        let length = u64::from(length.min(LONGEST_READ));
        let mut data = Vec::new();
        file.take(length).read_to_end(&mut data).await?;
        if data.is_empty() && length > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Data { id, data }.into())
    }

    async fn write(&mut self, id: u32, handle: &str, offset: u64, data: &[u8]) -> io::Result<Packet> {
        let file = self.file(handle)?;
        file.seek(SeekFrom::Start(offset)).await?;
        file.write_all(data).await?;
        // So that an error is this request's.
        done(id, file.flush().await)
    }

    async fn open_directory(&mut self, id: u32, path: &str) -> io::Result<Packet> {
        let directory = fs::read_dir(self.at(path)).await?;
        self.insert(id, Open::Directory(directory))
    }

    async fn read_directory(&mut self, id: u32, handle: &str) -> io::Result<Packet> {
        const AT_ONCE: usize = 100;

        let Some(Open::Directory(directory)) = self.open.get_mut(handle) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let mut files = Vec::new();
        while files.len() < AT_ONCE
            && let Some(entry) = directory.next_entry().await?
        {
            let name = entry.file_name().to_string_lossy().into_owned();
            // One that has gone meanwhile is not there.
            if let Ok(metadata) = entry.metadata().await {
                files.push(Entry::new(name, FileAttributes::from(&metadata)));
            }
        }
        if files.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(Name { id, files }.into()) }
    }

    async fn set_of_file(&mut self, handle: &str, attributes: &FileAttributes) -> io::Result<()> {
        let file = self.file(handle)?;
        if let Some(size) = attributes.size {
            file.set_len(size).await?;
        }
        if let Some(mode) = attributes.permissions {
            file.set_permissions(Permissions::from_mode(mode & 0o7777)).await?;
        }
        set_times(&file.try_clone().await?.into_std().await, attributes)
    }

    /// Version 3 does not replace a file that is there.
    async fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let (from, to) = (self.at(from), self.at(to));
        if fs::try_exists(&to).await? {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        fs::rename(from, to).await
    }

    /// The path without links; as it is where there is nothing as yet.
    async fn real_path(&self, id: u32, path: &str) -> io::Result<Packet> {
        let path = self.at(path);
        match fs::canonicalize(&path).await {
            Ok(real) => Ok(name(id, &real)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(name(id, &path)),
            Err(error) => Err(error),
        }
    }
}

fn name(id: u32, path: &Path) -> Packet {
    Name { id, files: vec![Entry::dummy(path.to_string_lossy())] }.into()
}

fn attributes(id: u32, metadata: io::Result<std::fs::Metadata>) -> io::Result<Packet> {
    Ok(Attrs { id, attrs: FileAttributes::from(&metadata?) }.into())
}

fn set_times(file: &std::fs::File, attributes: &FileAttributes) -> io::Result<()> {
    let time = |seconds: u32| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.into());
    let Some(modified) = attributes.mtime.map(time) else { return Ok(()) };
    let times = std::fs::FileTimes::new().set_modified(modified);
    file.set_times(attributes.atime.map_or(times, |accessed| times.set_accessed(time(accessed))))
}

fn done(id: u32, result: io::Result<()>) -> io::Result<Packet> {
    result.map(|()| Packet::error(id, StatusCode::Ok))
}

fn refusal(id: u32, error: &io::Error) -> Packet {
    let code = match error.kind() {
        io::ErrorKind::UnexpectedEof => StatusCode::Eof,
        io::ErrorKind::NotFound => StatusCode::NoSuchFile,
        io::ErrorKind::PermissionDenied => StatusCode::PermissionDenied,
        io::ErrorKind::Unsupported => StatusCode::OpUnsupported,
        _ => StatusCode::Failure,
    };
    match code {
        StatusCode::Failure => Packet::status(id, code, &error.to_string(), "en"),
        _ => Packet::error(id, code),
    }
}
