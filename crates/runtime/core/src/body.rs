//! The body that streams through a sidecar.

use bytes::{Bytes, BytesMut};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};

/// Whatever can go wrong while a body is read.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// A streaming body of any origin. It is never collected unless something must look into it.
pub type Body = UnsyncBoxBody<Bytes, BodyError>;

/// Boxes any body as a [`Body`].
pub fn boxed<B>(body: B) -> Body
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BodyError>,
{
    body.map_err(Into::into).boxed_unsync()
}

/// A body that is there already.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    boxed(Full::new(bytes.into()))
}

/// No body.
pub fn empty() -> Body {
    boxed(Empty::new())
}

/// A body that could not be collected.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// It is larger than what may be held.
    #[error("stream too large")]
    TooLarge,
    /// It ended before its end.
    #[error("{0}")]
    Broken(BodyError),
}

/// The whole of a body, if it is not larger than `limit` bytes. A body that came in one piece is not copied.
pub async fn collect<B>(body: B, limit: usize) -> Result<Bytes, CollectError>
where
    B: http_body::Body<Data = Bytes> + Send + Unpin,
    B::Error: std::fmt::Display + Send,
{
    let mut body = body;
    let mut first = Bytes::new();
    let mut joined: Option<BytesMut> = None;
    let mut length = 0usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| CollectError::Broken(error.to_string().into()))?;
        let Ok(data) = frame.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length > limit {
            return Err(CollectError::TooLarge);
        }
        match &mut joined {
            Some(joined) => joined.extend_from_slice(&data),
            None if first.is_empty() => first = data,
            None => {
                let mut both = BytesMut::with_capacity(2 * length);
                both.extend_from_slice(&first);
                both.extend_from_slice(&data);
                joined = Some(both);
            }
        }
    }
    Ok(joined.map_or(first, BytesMut::freeze))
}

#[cfg(test)]
mod tests {
    use futures::stream;
    use http_body::Frame;
    use http_body_util::StreamBody;

    use super::*;

    fn pieces(pieces: &'static [&'static str]) -> Body {
        let frames = pieces
            .iter()
            .map(|piece| Ok::<_, std::io::Error>(Frame::data(Bytes::from_static(piece.as_bytes()))));
        boxed(StreamBody::new(stream::iter(frames)))
    }

    #[tokio::test]
    async fn bodies_are_collected_up_to_their_limit() {
        assert_eq!(collect(pieces(&["one ", "two ", "three"]), 13).await.unwrap(), "one two three");
        assert_eq!(collect(empty(), 0).await.unwrap(), "");
        assert!(matches!(collect(pieces(&["one ", "two"]), 6).await, Err(CollectError::TooLarge)));
    }
}
