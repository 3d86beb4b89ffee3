//! What goes into DATA frames.

use std::io::IoSlice;

use bytes::{Buf, Bytes};

/// The room for a prefix: the header of a gRPC message and the tags of a protobuf message around the bytes.
const PREFIX: usize = 32;

/// Bytes, with a short prefix that was made for them. Neither is copied to join them.
#[derive(Clone, Debug)]
pub struct Payload {
    prefix: [u8; PREFIX],
    start: u8,
    end: u8,
    data: Bytes,
}

impl Payload {
    /// Bytes behind a prefix. None if the prefix is longer than 32 bytes.
    pub fn prefixed(prefix: &[u8], data: Bytes) -> Option<Self> {
        let mut room = [0; PREFIX];
        room.get_mut(..prefix.len())?.copy_from_slice(prefix);
        Some(Self { prefix: room, start: 0, end: u8::try_from(prefix.len()).ok()?, data })
    }

    fn prefix(&self) -> &[u8] {
        self.prefix.get(usize::from(self.start)..usize::from(self.end)).unwrap_or_default()
    }
}

impl From<Bytes> for Payload {
    fn from(data: Bytes) -> Self {
        Self { prefix: [0; PREFIX], start: 0, end: 0, data }
    }
}

impl Buf for Payload {
    fn remaining(&self) -> usize {
        self.prefix().len() + self.data.len()
    }

    fn chunk(&self) -> &[u8] {
        if self.start < self.end { self.prefix() } else { &self.data }
    }

    fn advance(&mut self, count: usize) {
        let from_prefix = count.min(self.prefix().len());
        // At most 32.
        self.start += from_prefix as u8;
        self.data.advance(count - from_prefix);
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut parts = [self.prefix(), &self.data].into_iter().filter(|part| !part.is_empty());
        let mut filled = 0;
        for (slice, part) in slices.iter_mut().zip(&mut parts) {
            *slice = IoSlice::new(part);
            filled += 1;
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_reads_as_its_prefix_and_its_bytes() {
        for advance in 0..=8 {
            let mut payload = Payload::prefixed(b"abc", Bytes::from_static(b"defgh")).unwrap();
            payload.advance(advance);
            assert_eq!(payload.remaining(), 8 - advance);
            let mut slices = [IoSlice::new(&[]); 4];
            let filled = payload.chunks_vectored(&mut slices);
            let vectored: Vec<u8> = slices[..filled].iter().flat_map(|slice| slice.to_vec()).collect();
            assert_eq!(vectored, &b"abcdefgh"[advance..]);
            assert_eq!(payload.copy_to_bytes(8 - advance), &b"abcdefgh"[advance..]);
        }
    }

    #[test]
    fn a_prefix_that_is_too_long_is_refused() {
        assert!(Payload::prefixed(&[0; 33], Bytes::new()).is_none());
    }
}
