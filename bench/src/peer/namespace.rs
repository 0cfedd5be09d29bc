//! A network namespace without a name, and the settings and counters inside.
//!
//! A namespace lives as long as somebody holds it, so the devices, rules and tracked connections
//! inside are gone when the value is, or the process.

use std::{
    fs::{self, File},
    io,
    os::fd::{AsFd, AsRawFd as _},
    path::PathBuf,
    process, thread,
};

use nix::{
    errno::Errno,
    sched::{CloneFlags, setns, unshare},
};

use super::Unavailable;

/// A network namespace of our own.
pub(super) struct Namespace(File);

impl Namespace {
    /// Makes a namespace. A thread makes it and ends, so that no other thread moves.
    pub(super) fn new() -> Result<Namespace, Unavailable> {
        thread::scope(|scope| scope.spawn(Namespace::unshare).join().expect("it does not panic"))
    }

    fn unshare() -> Result<Namespace, Unavailable> {
        unshare(CloneFlags::CLONE_NEWNET).map_err(|errno| match errno {
            Errno::EPERM => Unavailable::NotRoot,
            other => Unavailable::NoNamespaces(other.into()),
        })?;
        File::open("/proc/thread-self/ns/net").map(Namespace).map_err(Unavailable::NoNamespaces)
    }

    /// What `ip` calls it, for as long as this value lives.
    pub(super) fn path(&self) -> String {
        format!("/proc/{}/fd/{}", process::id(), self.0.as_fd().as_raw_fd())
    }

    /// Does something inside, on a thread of its own; sockets that it opens stay of this namespace.
    pub(super) fn inside<T: Send>(
        &self,
        does: impl FnOnce() -> Result<T, Unavailable> + Send,
    ) -> Result<T, Unavailable> {
        let enter = || {
            setns(&self.0, CloneFlags::CLONE_NEWNET)
                .map_err(system("enter a network namespace"))?;
            does()
        };
        thread::scope(|scope| match scope.spawn(enter).join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    }

    /// Writes settings inside.
    pub(super) fn set(&self, settings: &[(&'static str, u64)]) -> Result<(), Unavailable> {
        self.inside(|| settings.iter().try_for_each(|(name, value)| set(name, *value)))
    }

    /// Connections that are tracked inside.
    pub(super) fn connections(&self) -> Result<u64, Unavailable> {
        self.inside(|| read("net.netfilter.nf_conntrack_count"))
    }

    /// Packets that the device received since it was made.
    pub(super) fn received(&self, device: &str) -> Result<u64, Unavailable> {
        self.inside(|| {
            let table = fs::read_to_string("/proc/thread-self/net/dev")
                .map_err(system("read the counters of a device"))?;
            received(&table, device).ok_or_else(|| {
                system("find the counters of a device")(io::Error::from(io::ErrorKind::NotFound))
            })
        })
    }
}

/// The third number of a device's line in `/proc/net/dev`, less the name: bytes, then packets.
fn received(table: &str, device: &str) -> Option<u64> {
    let of_device = |line: &str| {
        let (name, numbers) = line.split_once(':')?;
        (name.trim() == device).then(|| numbers.split_whitespace().nth(1)?.parse().ok())?
    };
    table.lines().find_map(of_device)
}

/// Reads a setting of the calling thread's namespace.
pub(super) fn read(name: &str) -> Result<u64, Unavailable> {
    let text = fs::read_to_string(file(name)).map_err(system("read a kernel setting"))?;
    text.trim()
        .parse()
        .map_err(|_| system("read a kernel setting")(io::Error::from(io::ErrorKind::InvalidData)))
}

/// Writes a setting of the calling thread's namespace.
pub(super) fn set(name: &str, value: u64) -> Result<(), Unavailable> {
    fs::write(file(name), value.to_string()).map_err(system("write a kernel setting"))
}

fn file(name: &str) -> PathBuf {
    PathBuf::from("/proc/sys").join(name.replace('.', "/"))
}

/// Says what was to be done when the kernel refused it.
pub(super) fn system<E: Into<io::Error>>(doing: &'static str) -> impl Fn(E) -> Unavailable {
    move |error| Unavailable::System { doing, error: error.into() }
}

/// A setting of the whole machine, raised for a while.
pub(super) struct Raised {
    name: &'static str,
    before: u64,
}

impl Raised {
    /// Raises the setting to at least the value; `None` where it is high enough already.
    pub(super) fn to(name: &'static str, value: u64) -> Result<Option<Raised>, Unavailable> {
        let before = read(name)?;
        if before >= value {
            return Ok(None);
        }
        set(name, value)?;
        Ok(Some(Raised { name, before }))
    }
}

impl Drop for Raised {
    fn drop(&mut self) {
        // Nobody is left to tell when it fails, and a limit that stays raised harms nobody.
        let _ = set(self.name, self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_read_from_its_device_only() {
        let table = "Inter-| Receive | Transmit\n face |bytes packets errs\n    lo: 10 1 0 0\n\
                     from-nat: 6400 100 0 0 0 0 0 0 0 0\nfrom-nat2: 1 7 0\n";
        assert_eq!(received(table, "from-nat"), Some(100));
        assert_eq!(received(table, "from-nat2"), Some(7));
        assert_eq!(received(table, "from"), None);
    }

    #[test]
    fn a_setting_is_a_file() {
        assert_eq!(file("net.ipv4.ip_forward"), PathBuf::from("/proc/sys/net/ipv4/ip_forward"));
    }
}
