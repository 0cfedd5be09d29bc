//! Blocks of a pcapng file (draft-ietf-opsawg-pcapng): little-endian, nanosecond stamps, packets that
//! begin with an IP header.

/// LINKTYPE_RAW: the packet begins with its IP header.
const LINK_TYPE: u16 = 101;
/// Stamps count 10^-9 seconds.
const NANOSECONDS: u8 = 9;

const END: u16 = 0;
const COMMENT: u16 = 1;
const USER_APPLICATION: u16 = 4;
const INTERFACE_NAME: u16 = 2;
const TIME_RESOLUTION: u16 = 9;
const PACKET_ID: u16 = 5;

/// A section header: what a file begins with, and who wrote it.
pub(super) fn section(application: &str) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(0x1a2b_3c4d_u32.to_le_bytes());
    body.extend([1, 0, 0, 0]);
    // The length of the section is not said.
    body.extend(u64::MAX.to_le_bytes());
    option(&mut body, USER_APPLICATION, application.as_bytes());
    option(&mut body, END, b"");
    block(0x0a0d_0d0a, &body)
}

/// An interface's description; they are numbered from 0 in the order of the file.
pub(super) fn interface(name: &str, snaplen: u32) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(LINK_TYPE.to_le_bytes());
    body.extend([0, 0]);
    body.extend(snaplen.to_le_bytes());
    option(&mut body, INTERFACE_NAME, name.as_bytes());
    option(&mut body, TIME_RESOLUTION, &[NANOSECONDS]);
    option(&mut body, END, b"");
    block(1, &body)
}

/// A packet as one interface saw it.
pub(super) struct Packet<'a> {
    /// The interface's number.
    pub(super) interface: u32,
    /// Nanoseconds since the beginning of 1970.
    pub(super) at: u64,
    /// As much of it as is kept.
    pub(super) bytes: &'a [u8],
    /// How long it really is.
    pub(super) len: usize,
    /// The same for a packet at all interfaces that it passes.
    pub(super) number: u64,
    /// What is said about it, in two parts.
    pub(super) comment: (&'a [u8], &'a [u8]),
}

impl Packet<'_> {
    /// Appends its block.
    pub(super) fn append(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let comment = self.comment.0.len() + self.comment.1.len();
        let mut head = [0; 28];
        head[0] = 6;
        head[8..12].copy_from_slice(&self.interface.to_le_bytes());
        head[12..16].copy_from_slice(&((self.at >> 32) as u32).to_le_bytes());
        head[16..20].copy_from_slice(&(self.at as u32).to_le_bytes());
        head[20..24].copy_from_slice(&(self.bytes.len() as u32).to_le_bytes());
        head[24..28].copy_from_slice(&(self.len as u32).to_le_bytes());
        out.extend_from_slice(&head);
        out.extend_from_slice(self.bytes);
        pad(out, self.bytes.len());
        out.extend_from_slice(&option_head(COMMENT, comment));
        out.extend_from_slice(self.comment.0);
        out.extend_from_slice(self.comment.1);
        pad(out, comment);
        out.extend_from_slice(&option_head(PACKET_ID, 8));
        out.extend_from_slice(&self.number.to_le_bytes());
        out.extend_from_slice(&option_head(END, 0));
        let len = (out.len() - start + 4) as u32;
        out[start + 4..start + 8].copy_from_slice(&len.to_le_bytes());
        out.extend_from_slice(&len.to_le_bytes());
    }
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let len = (body.len() + 12) as u32;
    [&kind.to_le_bytes(), &len.to_le_bytes(), body, &len.to_le_bytes()].concat()
}

fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    body.extend(option_head(code, value.len()));
    body.extend(value);
    pad(body, value.len());
}

fn option_head(code: u16, len: usize) -> [u8; 4] {
    let ([a, b], [c, d]) = (code.to_le_bytes(), (len as u16).to_le_bytes());
    [a, b, c, d]
}

/// Everything begins at a multiple of four bytes.
fn pad(out: &mut Vec<u8>, len: usize) {
    out.extend_from_slice(&[0; 3][..len.wrapping_neg() % 4]);
}
