//! Sends frames into a device, and catches one that comes out of another.
//!
//! The sender is an AF_PACKET socket: no address to look up and no socket to match, the lightest way
//! into a device from a process. A veth has no queue, so there is none to bypass.

use std::{
    io::IoSlice,
    os::fd::{AsRawFd as _, OwnedFd},
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    ifaddrs::getifaddrs,
    sys::{
        socket::{
            AddressFamily, LinkAddr, MsgFlags, MultiHeaders, SockFlag, SockProtocol, SockType,
            SockaddrLike as _, bind, recv, sendmmsg, setsockopt, socket, sockopt::ReceiveTimeout,
        },
        time::TimeVal,
    },
};

use super::{
    Unavailable,
    namespace::system,
    packet::{BURST, Flow, Stamp, blank, flow_of},
};

/// Sends bursts into one device.
pub(super) struct Sender {
    socket: OwnedFd,
    frames: Vec<Vec<u8>>,
    headers: MultiHeaders<LinkAddr>,
}

impl Sender {
    /// A sender into the device, which is of the calling thread's namespace.
    pub(super) fn new(device: &str, size: u16) -> Result<Sender, Unavailable> {
        Ok(Sender {
            socket: open(device, None)?,
            frames: vec![blank(size); BURST],
            headers: MultiHeaders::preallocate(BURST, None),
        })
    }

    /// Sends a packet of each stamp, at most a burst of them.
    pub(super) fn send(&mut self, stamps: &[Stamp]) -> Result<(), Unavailable> {
        for (frame, stamp) in self.frames.iter_mut().zip(stamps) {
            stamp.press(frame);
        }
        let mut done = 0;
        while done < stamps.len() {
            done += self.hand_over(done..stamps.len())?;
        }
        Ok(())
    }

    /// The kernel may take a part of them only, and refuses one when it is out of buffers.
    fn hand_over(&mut self, frames: std::ops::Range<usize>) -> Result<usize, Unavailable> {
        let slices: [[IoSlice<'_>; 1]; BURST] =
            std::array::from_fn(|n| [IoSlice::new(&self.frames[n])]);
        let sent = sendmmsg(
            self.socket.as_raw_fd(),
            &mut self.headers,
            &slices[frames],
            [None; BURST],
            [],
            MsgFlags::empty(),
        );
        match sent {
            Ok(sent) => Ok(sent.count()),
            Err(Errno::EINTR | Errno::ENOBUFS | Errno::EAGAIN) => Ok(0),
            Err(errno) => Err(system("send a packet")(errno)),
        }
    }
}

/// Sees every frame that a device receives, before any hook does.
pub(super) struct Catcher(OwnedFd);

impl Catcher {
    /// A catcher at the device, which is of the calling thread's namespace.
    pub(super) fn new(device: &str) -> Result<Catcher, Unavailable> {
        let socket = open(device, Some(SockProtocol::EthAll))?;
        setsockopt(&socket, ReceiveTimeout, &TimeVal::new(0, 50_000))
            .map_err(system("limit the wait for a packet"))?;
        Ok(Catcher(socket))
    }

    /// The next UDP packet's flow, or `None` when half a second brought none.
    pub(super) fn next(&self) -> Result<Option<Flow>, Unavailable> {
        let mut frame = [0; 2048];
        let until = Instant::now() + Duration::from_millis(500);
        while Instant::now() < until {
            match recv(self.0.as_raw_fd(), &mut frame, MsgFlags::empty()) {
                Ok(length) => {
                    if let Some(flow) = flow_of(&frame[..length]) {
                        return Ok(Some(flow));
                    }
                }
                Err(Errno::EAGAIN | Errno::EINTR) => {}
                Err(errno) => return Err(system("catch a packet")(errno)),
            }
        }
        Ok(None)
    }
}

/// A packet socket at the device. Without a protocol it receives nothing.
fn open(device: &str, protocol: Option<SockProtocol>) -> Result<OwnedFd, Unavailable> {
    let socket = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)
        .map_err(system("open a packet socket"))?;
    bind(socket.as_raw_fd(), &address(device)?).map_err(system("bind a packet socket"))?;
    Ok(socket)
}

/// The device's own address at the packet level, which names it by number.
fn address(device: &str) -> Result<LinkAddr, Unavailable> {
    getifaddrs()
        .map_err(system("list the devices"))?
        .filter(|listed| listed.interface_name == device)
        .filter_map(|listed| listed.address)
        .find(|address| address.family() == Some(AddressFamily::Packet))
        .and_then(|address| address.as_link_addr().copied())
        .ok_or_else(|| system("find a device")(Errno::ENODEV))
}
