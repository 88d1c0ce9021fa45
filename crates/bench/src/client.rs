//! The smallest HTTP/1.1 client that serves a load generator: one connection, one request at a time, bytes
//! ready before they are sent. It understands answers with a content length and nothing else.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// What came back.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

/// A kept-alive connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 64 * 1024] })
    }

    /// Sends a whole request and reads its whole answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        let (head, status, length) = loop {
            filled += self.read(filled).await?;
            let received = self.buffer.get(..filled).unwrap_or_default();
            if let Some(head) = end_of_head(received) {
                let (status, length) = read_head(received.get(..head).unwrap_or_default())?;
                break (head, status, length);
            }
        };
        let end = head + length;
        if self.buffer.len() <= end {
            self.buffer.resize(end + 1, 0);
        }
        while filled < end {
            filled += self.read(filled).await?;
        }
        if filled > end {
            bail!("the answer is longer than its content-length");
        }
        Ok(Answer { status, body: self.buffer.get(head..end).unwrap_or_default() })
    }

    async fn read(&mut self, at: usize) -> Result<usize> {
        let free =
            self.buffer.get_mut(at..).filter(|free| !free.is_empty()).context("the head is too long")?;
        match self.stream.read(free).await? {
            0 => bail!("the connection was closed"),
            count => Ok(count),
        }
    }
}

fn end_of_head(received: &[u8]) -> Option<usize> {
    received.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

fn read_head(head: &[u8]) -> Result<(u16, usize)> {
    let head = std::str::from_utf8(head).context("the head is not text")?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let status = status.with_context(|| format!("no status in {head:?}"))?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    match length {
        Some(length) => Ok((status, length)),
        None => bail!("no content-length in {head:?}"),
    }
}

/// A request of the management API.
pub(crate) struct Call<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) key: &'a str,
    pub(crate) body: Option<&'a Value>,
}

/// One call on a connection of its own; the status and the JSON that came back.
pub(crate) async fn call(address: SocketAddr, call: &Call<'_>) -> Result<(u16, Value)> {
    let Call { method, path, key, body } = call;
    let body = body.map(Value::to_string).unwrap_or_default();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\naccept: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut connection = Connection::open(address).await?;
    let answer = connection.exchange(request.as_bytes()).await.with_context(|| format!("{method} {path}"))?;
    let json = serde_json::from_slice(answer.body)
        .with_context(|| format!("{method} {path}: {}", String::from_utf8_lossy(answer.body)))?;
    Ok((answer.status, json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_gives_its_status_and_length_whatever_the_case() {
        let head = "HTTP/1.1 202 Accepted\r\nX: y\r\nContent-LENGTH: 12\r\n\r\n";
        assert_eq!(read_head(head.as_bytes()).unwrap(), (202, 12));
        assert!(read_head(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
        assert_eq!(end_of_head(b"a\r\n\r\nbody"), Some(5));
    }
}
