//! The three operations that are measured: their requests, with places for what changes from one to the
//! next, and what makes an answer right.

use std::{net::SocketAddr, ops::Range};

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use serde_json::json;

/// Ids and numbers have six digits, so that requests and answers never change their length.
pub(crate) const FIRST_ID: u32 = 100_000;
const LAST_ID: u32 = 999_999;

/// End users that the load is spread over: rate limits are per server and user.
pub(crate) const USERS: u32 = 1000;

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Operation {
    /// `tools/list`
    List,
    /// `tools/call get_action_details_alloy`
    Details,
    /// `tools/call execute_action_alloy`, which calls the platform
    Execute,
}

impl Operation {
    pub(crate) const ALL: [Self; 3] = [Self::List, Self::Details, Self::Execute];

    /// As in the tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::List => "tools/list",
            Self::Details => "get_action_details_alloy",
            Self::Execute => "execute_action_alloy",
        }
    }

    /// The JSON-RPC request with these numbers.
    pub(crate) fn body(self, id: u32) -> String {
        match self {
            Self::List => json!({ "jsonrpc": "2.0", "id": id, "method": "tools/list", "params": {} }),
            Self::Details => {
                tool(id, "get_action_details_alloy", &json!({ "connectorId": "sample", "actionId": "echo" }))
            }
            Self::Execute => tool(id, "execute_action_alloy", &execution(id)),
        }
        .to_string()
    }
}

fn tool(id: u32, name: &str, arguments: &serde_json::Value) -> serde_json::Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": { "name": name, "arguments": arguments } })
}

fn execution(id: u32) -> serde_json::Value {
    json!({ "connectorId": "sample", "actionId": "echo", "parameters": parameters(number_of(id)) })
}

/// About 1 KiB of arguments.
pub(crate) fn parameters(n: u32) -> serde_json::Value {
    let tag = |i: u32| format!("department-{i:02}-accounting-and-controlling-review");
    json!({
        "n": n,
        "title": "Quarterly report, third revision, with the corrections that were asked for on Monday",
        "status": "open",
        "tags": (0..18).map(tag).collect::<Vec<_>>(),
        "due": "2026-12-24T12:00:00Z",
    })
}

/// The number that goes to the platform and must come back: never the same digits as the request's id.
pub(crate) fn number_of(id: u32) -> u32 {
    FIRST_ID + LAST_ID - id
}

/// The id after this one.
pub(crate) fn next_id(id: u32) -> u32 {
    if id >= LAST_ID { FIRST_ID } else { id + 1 }
}

/// A request's bytes with places for the user, the id and the number.
#[derive(Clone)]
pub(crate) struct Request {
    bytes: Vec<u8>,
    user: Range<usize>,
    id: Range<usize>,
    number: Option<Range<usize>>,
}

impl Request {
    /// For an operation at a server's token URL.
    pub(crate) fn new(operation: Operation, address: SocketAddr, path: &str) -> Result<Self> {
        const USER: &str = "x-alloy-userid: u";
        let body = operation.body(FIRST_ID);
        let text = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
             accept: application/json, text/event-stream\r\nmcp-protocol-version: 2025-11-25\r\n\
             {USER}000\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let after = |text: &str, mark: &str, length: usize| {
            let start = text.find(mark)? + mark.len();
            Some(start..start + length)
        };
        let user = after(&text, USER, 3).context("the request names a user")?;
        let id = after(&text, "\"id\":", 6).context("the request has an id")?;
        Ok(Self { user, id, number: after(&text, "\"n\":", 6), bytes: text.into_bytes() })
    }

    /// The bytes to send for this id.
    pub(crate) fn with(&mut self, id: u32) -> &[u8] {
        write_digits(self.bytes.get_mut(self.user.clone()), id % USERS);
        write_digits(self.bytes.get_mut(self.id.clone()), id);
        if let Some(number) = &self.number {
            write_digits(self.bytes.get_mut(number.clone()), number_of(id));
        }
        &self.bytes
    }
}

fn write_digits(place: Option<&mut [u8]>, mut value: u32) {
    for digit in place.into_iter().flatten().rev() {
        *digit = b"0123456789".get((value % 10) as usize).copied().unwrap_or(b'0');
        value /= 10;
    }
}

/// What a right answer looks like, learnt from a first one that was looked at closely.
#[derive(Clone)]
pub(crate) struct Expected {
    answer: Vec<u8>,
    id: Range<usize>,
    /// The answer differs from call to call beyond its id (execution ids): only parts are compared.
    varies: bool,
}

impl Expected {
    /// From the answer to the request with `FIRST_ID`. Errors when that is not a success.
    pub(crate) fn learn(operation: Operation, answer: &[u8]) -> Result<Self> {
        let shown = || String::from_utf8_lossy(answer.get(..400).unwrap_or(answer)).into_owned();
        let value: serde_json::Value = serde_json::from_slice(answer).with_context(shown)?;
        let result = value.get("result").with_context(|| format!("not a success: {}", shown()))?;
        let failed = result.get("isError").is_some_and(|flag| flag != false);
        let right = match operation {
            Operation::List => {
                result.get("tools").is_some_and(|tools| tools.as_array().is_some_and(|t| !t.is_empty()))
            }
            Operation::Details | Operation::Execute => result.get("content").is_some(),
        };
        if failed || !right || value.get("id") != Some(&FIRST_ID.into()) {
            bail!("{} was not answered rightly: {}", operation.name(), shown());
        }
        let id =
            find(answer, format!("\"id\":{FIRST_ID}").as_bytes()).context("the answer repeats the id")? + 5;
        Ok(Self { answer: answer.to_vec(), id: id..id + 6, varies: operation == Operation::Execute })
    }

    /// Bytes of the answer that was learnt from.
    pub(crate) fn length(&self) -> usize {
        self.answer.len()
    }

    /// Whether this is the right answer to the request with this id.
    pub(crate) fn fits(&self, id: u32, body: &[u8]) -> bool {
        if self.varies {
            let number = digits(number_of(id));
            return body.len() == self.answer.len()
                && body.get(self.id.clone()) == Some(&digits(id))
                && find(body, &number).is_some();
        }
        let same = |range: Range<usize>| body.get(range.clone()) == self.answer.get(range);
        body.len() == self.answer.len()
            && same(0..self.id.start)
            && body.get(self.id.clone()) == Some(&digits(id))
            && same(self.id.end..self.answer.len())
    }
}

fn digits(value: u32) -> [u8; 6] {
    let mut text = [0; 6];
    write_digits(Some(&mut text), value);
    text
}

/// Where the needle begins.
pub(crate) fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_carries_the_user_id_and_number_without_changing_its_length() {
        let address = "127.0.0.1:1".parse().unwrap();
        let mut request = Request::new(Operation::Execute, address, "/mcp/s/t").unwrap();
        let first = String::from_utf8(request.with(FIRST_ID).to_vec()).unwrap();
        let later = String::from_utf8(request.with(123_456).to_vec()).unwrap();
        assert_eq!(first.len(), later.len());
        assert!(later.contains("x-alloy-userid: u456\r\n"));
        assert!(later.contains("\"id\":123456,") && later.contains("\"n\":976543,"));
        assert!(later.ends_with(&Operation::Execute.body(123_456)));
    }

    #[test]
    fn about_a_kilobyte_of_arguments_goes_to_the_platform() {
        assert!((950..1150).contains(&parameters(FIRST_ID).to_string().len()));
    }

    #[test]
    fn only_the_right_answer_fits() {
        let first = br#"{"jsonrpc":"2.0","id":100000,"result":{"tools":[{}]}}"#;
        let expected = Expected::learn(Operation::List, first).unwrap();
        assert!(expected.fits(100_001, br#"{"jsonrpc":"2.0","id":100001,"result":{"tools":[{}]}}"#));
        assert!(!expected.fits(100_001, first));
        assert!(!expected.fits(100_001, br#"{"jsonrpc":"2.0","id":100001,"result":{"tools":[1 ]}}"#));
        assert!(Expected::learn(Operation::List, br#"{"jsonrpc":"2.0","id":100000,"error":{}}"#).is_err());
    }

    #[test]
    fn an_execution_must_bring_its_number_back() {
        let answer =
            |id: u32, n: u32| format!(r#"{{"id":{id},"result":{{"content":[{{"text":"{{\"n\":{n}}}"}}]}}}}"#);
        let first = answer(FIRST_ID, number_of(FIRST_ID));
        let expected = Expected::learn(Operation::Execute, first.as_bytes()).unwrap();
        assert!(expected.fits(200_000, answer(200_000, number_of(200_000)).as_bytes()));
        assert!(!expected.fits(200_000, answer(200_000, number_of(FIRST_ID)).as_bytes()));
    }
}
