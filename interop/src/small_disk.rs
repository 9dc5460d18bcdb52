//! A small disk under a broker's data folder, which a test fills up: a file system in memory, in a mount namespace of its own.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::launch_options::LaunchOptions;

/// A mounted disk. Dropping it ends the namespace, and with it the mount.
#[derive(Debug)]
pub struct SmallDisk {
    /// A process that keeps the namespace, until its standard input is closed.
    holder: Child,
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts a disk of that size at `folder`, which is created. Returns `None` if this process may not mount anything; a test
    /// is skipped then.
    #[must_use]
    pub fn mount(folder: &Path, bytes: u64) -> Option<Self> {
        fs::create_dir_all(folder).expect("a folder");
        let script =
            format!("mount -t tmpfs -o mode=700,size={bytes} tmpfs \"$1\" && echo mounted && exec cat");
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", &script, "sh"]).arg(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut holder = command.spawn().ok()?;
        let is_mounted = holder.stdout.take().is_some_and(has_line);
        let disk = Self { holder, folder: folder.to_owned() };
        if !is_mounted {
            eprintln!("skipped: this process may not mount a file system; run the tests as root");
            return None;
        }
        Some(disk)
    }

    /// The launch options of a broker that uses the disk.
    #[must_use]
    pub fn launch_options(&self) -> LaunchOptions {
        let holder = self.holder.id().to_string();
        LaunchOptions::default().wrapped_in(["nsenter", "-m", "-t", &holder, "--"])
    }

    /// The path of a file on the disk, for this process, which is outside of the namespace.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(self.folder.strip_prefix("/").expect("an absolute path")).join(name)
    }

    /// Fills the disk, except for `left` bytes.
    pub fn fill(&self, left: u64) {
        let mut filler = self.filler();
        let page = [1; PAGE];
        let error = loop {
            if let Err(error) = filler.write_all(&page) {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
        self.free(left);
    }

    /// Frees space on a full disk.
    pub fn free(&self, bytes: u64) {
        let filler = self.filler();
        let length = filler.metadata().expect("a file").len();
        filler.set_len(length.checked_sub(bytes).expect("a longer file")).expect("a file");
    }

    fn filler(&self) -> File {
        OpenOptions::new().create(true).append(true).open(self.path("filler")).expect("a file")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}

/// Whether the process writes something before it ends.
fn has_line(mut output: ChildStdout) -> bool {
    let mut first = [0; 8];
    std::io::Read::read_exact(&mut output, &mut first).is_ok()
}

const PAGE: usize = 4096;
