//! Creates Unix sockets and removes stale socket files. A socket file outlives a process that is killed.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};

use super::BindError;
use super::streams::StreamSocket;

/// The file of the listener's own socket. Dropping the value removes the file, unless another file has replaced it.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    inode: u64,
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|file| file.ino() == self.inode) {
            // A failure cannot be reported here. The next start removes the stale file.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Creates a listening Unix socket at `path`.
pub(super) fn listen(path: &Path, mode: u32, backlog: u32) -> Result<StreamSocket, BindError> {
    remove_stale(path)?;
    let opened = open_socket(path, mode, backlog);
    let (socket, file) = opened.map_err(|fault| BindError::Path { path: path.to_owned(), fault })?;
    Ok(StreamSocket::with_file(socket, file))
}

/// Creates the socket and its file. The permissions are set before clients can connect: a bound socket refuses
/// connections until it listens.
fn open_socket(path: &Path, mode: u32, backlog: u32) -> io::Result<(Socket, SocketFile)> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::unix(path)?)?;
    let inode = fs::symlink_metadata(path)?.ino();
    let file = SocketFile { path: path.to_owned(), inode };
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    Ok((socket, file))
}

/// Removes a stale socket file, which a killed process has left behind. A file is stale if it refuses connections.
fn remove_stale(path: &Path) -> Result<(), BindError> {
    let Ok(file) = fs::symlink_metadata(path) else { return Ok(()) };
    if !file.file_type().is_socket() {
        return Err(BindError::NotASocket { path: path.to_owned() });
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(|fault| BindError::Path { path: path.to_owned(), fault })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(_) => Err(BindError::SocketInUse { path: path.to_owned() }),
        Err(fault) => Err(BindError::Path { path: path.to_owned(), fault }),
    }
}
