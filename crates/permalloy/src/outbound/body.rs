//! Reads an answer's body with a hard end.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};

use super::failure::{Kind, kind_of};

/// The whole body, of at most `limit` bytes. A body that comes in one piece is not copied.
pub(super) async fn read(mut body: Incoming, limit: usize) -> Result<Bytes, Kind> {
    let announced = body.size_hint().lower();
    if announced > limit as u64 {
        return Err(Kind::TooLarge);
    }
    let Some(first) = next(&mut body).await? else { return Ok(Bytes::new()) };
    if first.len() > limit {
        return Err(Kind::TooLarge);
    }
    if body.is_end_stream() {
        return Ok(first);
    }
    let Some(second) = next(&mut body).await? else { return Ok(first) };
    let expected = usize::try_from(announced).unwrap_or(limit);
    let mut whole = BytesMut::with_capacity(expected.max(first.len() + second.len()).min(limit));
    whole.extend_from_slice(&first);
    let mut piece = second;
    loop {
        if whole.len() + piece.len() > limit {
            return Err(Kind::TooLarge);
        }
        whole.extend_from_slice(&piece);
        match next(&mut body).await? {
            Some(more) => piece = more,
            None => return Ok(whole.freeze()),
        }
    }
}

/// The next piece of data; trailers are passed over.
async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Kind> {
    loop {
        match body.frame().await {
            None => return Ok(None),
            Some(Err(error)) => return Err(kind_of(&error)),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}
