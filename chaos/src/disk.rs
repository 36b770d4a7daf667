//! A disk that is small enough to be filled: memory that is mounted, where this machine allows it.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use anyhow::Context;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

/// Much more than one schedule's database.
const SIZE: &std::ffi::CStr = c"size=512m";

/// Of the folders, before the process id of their maker.
const PREFIX: &str = "ordertally-disk-";

/// Unmounts what makers left that were killed.
fn sweep() -> anyhow::Result<()> {
    for entry in fs::read_dir(std::env::temp_dir())? {
        let path = entry?.path();
        let maker = path
            .file_name()
            .and_then(|name| name.to_str()?.strip_prefix(PREFIX)?.split('-').next());
        if maker.is_some_and(|maker| !Path::new("/proc").join(maker).exists()) {
            let unmounted = unmount(&path, UnmountFlags::DETACH);
            if let Err(error) = fs::remove_dir(&path) {
                eprintln!("{} stays: {error}, {unmounted:?}", path.display());
            }
        }
    }
    Ok(())
}

/// Mounted as long as this value is there.
#[derive(Debug)]
pub struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    /// Mounts it for the user and group of `owner`; nothing where that is not allowed.
    ///
    /// # Errors
    ///
    /// When there is no folder to mount it on, or it cannot be given away.
    pub fn mount(owner: (u32, u32)) -> anyhow::Result<Option<Self>> {
        sweep()?;
        let folder = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{}-", std::process::id()))
            .tempdir()?;
        // The user that runs the server must get through.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        match mount("tmpfs", folder.path(), "tmpfs", MountFlags::empty(), SIZE) {
            Ok(()) => {
                chown(folder.path(), Some(owner.0), Some(owner.1))?;
                Ok(Some(Self { folder }))
            }
            Err(error) => {
                println!("no disk can be filled here: {error}");
                Ok(None)
            }
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Fills it to its last byte, until the ballast is dropped.
    ///
    /// # Errors
    ///
    /// When something else stands in the way.
    pub fn fill(&self) -> anyhow::Result<Ballast> {
        let piece = vec![0; 64 << 10];
        let ballast = Ballast(self.path().join("ballast"));
        let mut file = File::create(&ballast.0)?;
        loop {
            match file.write(&piece) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return Ok(ballast),
                Err(error) => return Err(error).context("cannot fill the disk"),
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The server may have files open still; the mount goes with the last of them.
        if let Err(error) = unmount(self.path(), UnmountFlags::DETACH) {
            eprintln!("{} stays mounted: {error}", self.path().display());
        }
    }
}

/// What fills a disk.
#[derive(Debug)]
pub struct Ballast(PathBuf);

impl Drop for Ballast {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            eprintln!("{} stays: {error}", self.0.display());
        }
    }
}
