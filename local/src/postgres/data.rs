//! The data folder: made whole or not at all, of the installed version, and used by one server.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};

use super::{Cluster, PostgresError, SUPERUSER, io_at};
use crate::child::Launch;

/// `initdb` takes about a second.
const INIT_DEADLINE: Duration = Duration::from_secs(60);
/// How long a server whose parent was killed may take to end.
const LEFTOVER_DEADLINE: Duration = Duration::from_secs(15);
const PASSWORD_BYTES: usize = 18;

/// A handle of the folder for a child to inherit.
pub(super) fn open(folder: &Path) -> Result<OwnedFd, PostgresError> {
    rustix::fs::open(
        folder,
        OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )
    .map_err(|error| io_at(folder)(error.into()))
}

/// What a child that inherits the handle calls the folder.
pub(super) fn inherited_path(folder: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", folder.as_raw_fd())
}

/// Beside the data folder, so that it is not the server's.
pub(super) fn password_file(folder: &Path) -> PathBuf {
    folder.with_extension("pgpass")
}

/// The superuser's password, from the last field of the file.
pub(super) fn password(folder: &Path) -> Result<String, PostgresError> {
    let path = password_file(folder);
    let line = fs::read_to_string(&path).map_err(io_at(&path))?;
    Ok(line
        .trim()
        .rsplit(':')
        .next()
        .unwrap_or_default()
        .to_owned())
}

/// Leaves a data folder that a server can start on.
pub(super) async fn prepare(cluster: &Cluster) -> Result<(), PostgresError> {
    let version = cluster.folder.join("PG_VERSION");
    if !version.exists() {
        return make(cluster).await;
    }
    let found = fs::read_to_string(&version).map_err(io_at(&version))?;
    let installed = cluster.binaries.major_version();
    if found.trim() != installed {
        return Err(PostgresError::OtherVersion {
            path: cluster.folder.clone(),
            found: found.trim().to_owned(),
            installed: installed.to_owned(),
        });
    }
    clear_stale_pid(&cluster.folder).await
}

/// `initdb` into a folder beside, renamed once it is whole: one that was cut off is made again.
async fn make(cluster: &Cluster) -> Result<(), PostgresError> {
    let draft = cluster.folder.with_extension("draft");
    if draft.exists() {
        fs::remove_dir_all(&draft).map_err(io_at(&draft))?;
    }
    fs::create_dir_all(&draft).map_err(io_at(&draft))?;
    fs::set_permissions(&draft, Permissions::from_mode(0o700)).map_err(io_at(&draft))?;
    let password = new_password().map_err(io_at(Path::new("/dev/urandom")))?;
    let password_file = password_file(&cluster.folder);
    write_private(
        &password_file,
        &format!("127.0.0.1:*:*:{SUPERUSER}:{password}\n"),
    )
    .map_err(io_at(&password_file))?;
    // initdb wants the bare password in a file that it may open, and its folder empty.
    let bare = cluster.folder.with_extension("password");
    write_private(&bare, &format!("{password}\n")).map_err(io_at(&bare))?;
    if let Some(user) = cluster.user {
        for path in [&draft, &bare] {
            chown(path, Some(user.uid), Some(user.gid)).map_err(io_at(path))?;
        }
    }
    let made = init(cluster, &draft, &bare).await;
    fs::remove_file(&bare).map_err(io_at(&bare))?;
    made?;
    fs::rename(&draft, &cluster.folder).map_err(io_at(&cluster.folder))
}

async fn init(cluster: &Cluster, draft: &Path, password: &Path) -> Result<(), PostgresError> {
    let folder = open(draft)?;
    let mut command = cluster.tool("initdb");
    command
        .args(["-D", &inherited_path(&folder), "-U", SUPERUSER])
        // The C locale is on every machine, and our answers must not depend on the database's.
        .args(["--encoding=UTF8", "--locale=C"])
        .args(["--auth=scram-sha-256", "--pwfile=/dev/stdin"]);
    let mut process = Launch::new("initdb", command, &cluster.log)
        .input(fs::File::open(password).map_err(io_at(password))?)
        .user(cluster.user)
        .inherit(folder)
        .start()?;
    match process.end_within(INIT_DEADLINE).await? {
        Some(status) if status.success() => Ok(()),
        Some(_) => Ok(process.alive()?),
        None => Err(PostgresError::Tool {
            tool: "initdb".to_owned(),
            said: format!("it did not end within {} s", INIT_DEADLINE.as_secs()),
        }),
    }
}

fn new_password() -> io::Result<String> {
    let mut bytes = [0; PASSWORD_BYTES];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(path)?
        .write_all(text.as_bytes())
}

/// Postgres itself ignores a stale `postmaster.pid`, except where another process of its user got
/// the same id meanwhile. We know better: whoever serves this folder works in it.
async fn clear_stale_pid(folder: &Path) -> Result<(), PostgresError> {
    let path = folder.join("postmaster.pid");
    let started = Instant::now();
    loop {
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            read => read.map_err(io_at(&path))?,
        };
        let server = text.lines().next().and_then(|line| line.parse().ok());
        match server.filter(|process| works_in(*process, folder)) {
            None => {
                return match fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        Err(io_at(&path)(error))
                    }
                    _ => Ok(()),
                };
            }
            Some(process) if started.elapsed() > LEFTOVER_DEADLINE => {
                return Err(PostgresError::StillRunning {
                    path: folder.to_owned(),
                    process,
                });
            }
            Some(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

fn works_in(process: u32, folder: &Path) -> bool {
    let folder = folder.canonicalize();
    fs::read_link(format!("/proc/{process}/cwd")).is_ok_and(|cwd| folder.is_ok_and(|f| f == cwd))
}
