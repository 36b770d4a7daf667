//! Where children are born: one thread that lives as long as this process.
//!
//! Linux sends a child its parent-death signal when the *thread* that started it ends, not the
//! process (`man 2 PR_SET_PDEATHSIG`, Caveats). A test's runtime threads end long before the
//! servers that the tests share, so no other thread may start a child.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Sender, SyncSender};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};

type Order = (Command, SyncSender<io::Result<Child>>);

/// Starts the command on the thread that never ends.
pub(crate) fn spawn(command: Command) -> io::Result<Child> {
    static SPAWNER: OnceLock<Sender<Order>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (orders, received) = mpsc::channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, reply) in received {
                // An asker that is gone drops the answer, and with it nothing that we could save.
                drop(reply.send(command.spawn()));
            }
        });
        orders
    });
    let gone = || io::Error::other("the thread that starts children is gone");
    let (reply, answer) = mpsc::sync_channel(1);
    spawner.send((command, reply)).map_err(|_| gone())?;
    answer.recv().map_err(|_| gone())?
}

/// Has the child die by `signal` when this process does, and keep `inherited` open under its number.
#[allow(unsafe_code)] // `pre_exec` has no safe form
pub(crate) fn bind_to_this_process(
    command: &mut Command,
    signal: Signal,
    inherited: Option<OwnedFd>,
) {
    let parent = std::process::id();
    let prepare = move || {
        set_parent_process_death_signal(Some(signal))?;
        // The parent may have died between fork and the line above.
        if getppid()
            .map(Pid::as_raw_nonzero)
            .map(|pid| pid.get().cast_unsigned())
            != Some(parent)
        {
            return Err(io::ErrorKind::NotConnected.into());
        }
        if let Some(inherited) = &inherited {
            fcntl_setfd(inherited, FdFlags::empty())?;
        }
        Ok(())
    };
    // SAFETY: between fork and exec the closure makes three system calls without a lock or an
    // allocation; the errors it gives back hold a plain code.
    unsafe {
        command.pre_exec(prepare);
    }
}
