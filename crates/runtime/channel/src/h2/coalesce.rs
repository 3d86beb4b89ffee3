//! Fewer, larger writes.
//!
//! The HTTP/2 library flushes after each frame with a payload, so a response's trailers would be a write, and a packet,
//! of their own. Here writes are gathered, and reach the socket when the connection has nothing more to say.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is gathered at most.
const LIMIT: usize = 64 << 10;
/// A write of this size is not worth a copy.
const LARGE: usize = 16 << 10;

/// Gathers what is written. Flushing it does nothing: its [`Flusher`] does.
pub struct Coalescing<T>(Arc<Mutex<State<T>>>);

/// Writes what was gathered. It is to be polled each time after the connection was.
pub struct Flusher<T>(Arc<Mutex<State<T>>>);

struct State<T> {
    io: T,
    gathered: BytesMut,
}

/// Puts a connection behind a gatherer.
pub fn coalesce<T>(io: T) -> (Coalescing<T>, Flusher<T>) {
    let state = Arc::new(Mutex::new(State { io, gathered: BytesMut::new() }));
    (Coalescing(state.clone()), Flusher(state))
}

impl<T: AsyncWrite + Unpin> State<T> {
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.gathered.is_empty() {
            match ready!(Pin::new(&mut self.io).poll_write(cx, &self.gathered))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.gathered.advance(written),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> Flusher<T> {
    /// Writes what was gathered.
    pub fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.0.lock();
        if state.gathered.is_empty() {
            return Poll::Ready(Ok(()));
        }
        ready!(state.poll_drain(cx))?;
        if state.gathered.capacity() > LIMIT {
            state.gathered = BytesMut::new();
        }
        Pin::new(&mut state.io).poll_flush(cx)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Coalescing<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.lock().io).poll_read(cx, buf)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Coalescing<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.0.lock();
        let state = &mut *state;
        let total: usize = bufs.iter().map(|buf| buf.len()).sum();
        if total >= LARGE || state.gathered.len() + total > LIMIT {
            ready!(state.poll_drain(cx))?;
        }
        if total >= LARGE {
            return Pin::new(&mut state.io).poll_write_vectored(cx, bufs);
        }
        for buf in bufs {
            state.gathered.extend_from_slice(buf);
        }
        Poll::Ready(Ok(total))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.0.lock();
        ready!(state.poll_drain(cx))?;
        Pin::new(&mut state.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn small_writes_are_seen_together_and_large_ones_at_once() {
        let (near, mut far) = tokio::io::duplex(1 << 20);
        let (mut io, flusher) = coalesce(near);
        let mut seen = [0; 16];
        io.write_all(b"one").await.unwrap();
        io.flush().await.unwrap();
        io.write_all(b"two").await.unwrap();
        std::future::poll_fn(|cx| flusher.poll_flush(cx)).await.unwrap();
        assert_eq!(far.read(&mut seen).await.unwrap(), 6);
        io.write_all(b"three").await.unwrap();
        let large = vec![1; LARGE];
        io.write_all(&large).await.unwrap();
        let mut rest = vec![0; 5 + LARGE];
        far.read_exact(&mut rest).await.unwrap();
        assert_eq!(rest, [b"three", &large[..]].concat());
        io.write_all(b"end").await.unwrap();
        io.shutdown().await.unwrap();
        let mut last = Vec::new();
        drop((io, flusher));
        far.read_to_end(&mut last).await.unwrap();
        assert_eq!(last, b"end");
    }

    #[tokio::test]
    async fn what_is_gathered_has_a_limit() {
        let (near, mut far) = tokio::io::duplex(16);
        let (mut io, _flusher) = coalesce(near);
        let mut sent = 0;
        let stuck = tokio::time::timeout(std::time::Duration::from_millis(20), async {
            loop {
                io.write_all(&[7; 1000]).await.unwrap();
                sent += 1000;
            }
        });
        assert!(stuck.await.is_err());
        assert!(sent <= LIMIT + 16);
        let mut some = [0; 8];
        far.read_exact(&mut some).await.unwrap();
    }
}
