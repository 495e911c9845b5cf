//! One writer: a lock of the operating system on a file that names its holder. The lock goes
//! with the process, however it ends; the file stays.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use bareboat_base::Instant;

use crate::error::StoreError;
use crate::files::failed;
use crate::store::Holder;

pub(super) struct Lock {
    holder: Holder,
    // Unlocked when it is closed.
    _file: File,
}

impl Lock {
    pub(super) fn take(path: &Path, since: Instant) -> Result<Self, StoreError> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed("open", path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Whoever it is may be writing it just now: a name that does not read is no name.
                let _ = file.read_to_string(&mut text);
                return Err(StoreError::Locked {
                    holder: parse(&text),
                });
            }
            Err(TryLockError::Error(error)) => return Err(failed("lock", path)(error)),
        }
        let holder = Holder {
            pid: std::process::id(),
            host: host_name(),
            since,
        };
        let text = format!("{}\n{}\n{}\n", holder.pid, holder.host, holder.since);
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(text.as_bytes()))
            .map_err(failed("write", path))?;
        Ok(Self {
            holder,
            _file: file,
        })
    }

    pub(super) fn holder(&self) -> &Holder {
        &self.holder
    }
}

fn parse(text: &str) -> Option<Holder> {
    let mut lines = text.lines();
    Some(Holder {
        pid: lines.next()?.parse().ok()?,
        host: lines.next()?.to_owned(),
        since: lines.next()?.parse().ok()?,
    })
}

/// The machine's name, for people; empty names and unreadable ones are "this machine".
fn host_name() -> String {
    ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok())
        .or_else(|| std::env::var("HOSTNAME").ok())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "this machine".to_owned())
}
