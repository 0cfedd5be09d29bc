//! What goes over a connection: bytes that both ends can tell from a few numbers, so that every one
//! that arrives can be compared with what was sent.

/// So many bytes: a head, and a body that a seed decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stream {
    head: Box<[u8]>,
    seed: u64,
    len: u64,
    at: u64,
}

impl Stream {
    /// A stream of `len` bytes in all, or of the head alone where that is longer.
    pub(crate) fn new(head: String, seed: u64, len: u64) -> Stream {
        let head: Box<[u8]> = head.into_bytes().into();
        let len = len.max(head.len() as u64);
        Stream { head, seed, len, at: 0 }
    }

    /// A request of HTTP's form for a response of `response` bytes; `len` is what both sides count.
    pub(crate) fn request(host: &str, response: u64, seed: u64, len: u64) -> Stream {
        let head = |body: u64| {
            format!(
                "POST /{response} HTTP/1.1\r\nHost: {host}\r\nX-Seed: {seed:016x}\r\n\
                 Content-Length: {body:010}\r\n\r\n"
            )
        };
        let body = len.saturating_sub(head(0).len() as u64);
        Stream::new(head(body), seed, len)
    }

    /// The response to the request of that seed.
    pub(crate) fn response(seed: u64, len: u64) -> Stream {
        let head = |body: u64| {
            format!("HTTP/1.1 200 OK\r\nX-Seed: {seed:016x}\r\nContent-Length: {body:010}\r\n\r\n")
        };
        let body = len.saturating_sub(head(0).len() as u64);
        Stream::new(head(body), !seed, len)
    }

    /// Bytes that are not written or compared yet.
    pub(crate) fn left(&self) -> u64 {
        self.len - self.at
    }

    /// Writes the next bytes; how many.
    pub(crate) fn write(&mut self, to: &mut [u8]) -> usize {
        let count = to.len().min(usize::try_from(self.left()).unwrap_or(usize::MAX));
        let mut to = &mut to[..count];
        if let Some(head) = self.head.get(self.at as usize..) {
            let (first, rest) = to.split_at_mut(head.len().min(to.len()));
            first.copy_from_slice(&head[..first.len()]);
            self.at += first.len() as u64;
            to = rest;
        }
        self.fill(to);
        count
    }

    /// The body's next bytes.
    fn fill(&mut self, mut to: &mut [u8]) {
        while !to.is_empty() {
            let word = word(self.seed, self.at / 8).to_le_bytes();
            let word = &word[(self.at % 8) as usize..];
            let (first, rest) = to.split_at_mut(word.len().min(to.len()));
            first.copy_from_slice(&word[..first.len()]);
            self.at += first.len() as u64;
            to = rest;
        }
    }

    /// Compares the next bytes; whether they are the stream's. Those beyond its end are not.
    pub(crate) fn compare(&mut self, bytes: &[u8]) -> bool {
        let mut same = bytes.len() as u64 <= self.left();
        for chunk in bytes.chunks(256) {
            let mut expected = [0; 256];
            let expected = &mut expected[..chunk.len()];
            let count = self.write(expected);
            same &= expected[..count] == chunk[..count];
        }
        same
    }
}

/// The bytes at an eighth of the offset: splitmix64 of seed and place.
fn word(seed: u64, at: u64) -> u64 {
    let mut z = seed.wrapping_add(at.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

/// A request as the other end reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The bytes of the response.
    pub(crate) response: u64,
    pub(crate) seed: u64,
    /// The body that follows the head.
    pub(crate) body: Stream,
}

/// The longest head that is read.
pub(crate) const LONGEST_HEAD: usize = 1_024;

/// Reads a request's head, up to the empty line that ends it.
pub(crate) fn asked(head: &[u8]) -> Option<Asked> {
    let head = std::str::from_utf8(head).ok()?;
    let response = head.strip_prefix("POST /")?.split_once(' ')?.0.parse().ok()?;
    let field = |name: &str| {
        let value = head.split("\r\n").find_map(|line| line.strip_prefix(name));
        value.map(|value| value.trim_start_matches(':').trim())
    };
    let seed = u64::from_str_radix(field("X-Seed")?, 16).ok()?;
    let body: u64 = field("Content-Length")?.parse().ok()?;
    let len = head.len() as u64 + body;
    let mut body = Stream { head: [].into(), seed, len, at: 0 };
    body.at = head.len() as u64;
    Some(Asked { response, seed, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut stream: Stream, piece: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while stream.left() > 0 {
            let mut buffer = vec![0; piece];
            let count = stream.write(&mut buffer);
            bytes.extend(&buffer[..count]);
        }
        bytes
    }

    #[test]
    fn a_stream_is_the_same_in_any_pieces() {
        let stream = Stream::request("api.example.com", 16_384, 7, 1_000);
        let bytes = all(stream.clone(), 1_000);
        assert_eq!(bytes.len(), 1_000);
        for piece in [1, 7, 8, 300] {
            assert_eq!(all(stream.clone(), piece), bytes);
        }
        let mut compared = stream;
        assert!(bytes.chunks(13).all(|chunk| compared.compare(chunk)));
        assert!(!compared.compare(b"x"));
    }

    #[test]
    fn a_byte_that_is_another_is_found() {
        for at in [3, 60, 400, 999] {
            let stream = Stream::response(7, 1_000);
            let mut bytes = all(stream.clone(), 64);
            bytes[at] ^= 1;
            assert!(!stream.clone().compare(&bytes), "{at}");
        }
    }

    #[test]
    fn the_other_end_reads_what_is_asked() {
        let bytes = all(Stream::request("x", 16_384, 0xabc, 1_000), 64);
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        let mut asked = asked(&bytes[..end]).unwrap();
        assert_eq!((asked.response, asked.seed), (16_384, 0xabc));
        assert_eq!(asked.body.left(), (1_000 - end) as u64);
        assert!(asked.body.compare(&bytes[end..]));
        assert_eq!(super::asked(b"GET / HTTP/1.1\r\n\r\n"), None);
    }

    #[test]
    fn a_head_is_sent_whole_even_if_less_was_asked_for() {
        assert!(Stream::request("x", 1, 1, 0).left() > 60);
    }
}
