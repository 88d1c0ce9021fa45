//! The bare endpoints: what an axum server costs that answers the same bytes and does nothing else. No
//! authentication, no users, no limits, no vault, no record: the distance to it is what the product's work costs.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::{Context as _, Result, bail};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use bytes::Bytes;
use clap::Args;
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::net::TcpListener;

use crate::operation::{FIRST_ID, find};

/// What to answer.
#[derive(Args)]
pub(crate) struct Options {
    #[arg(long)]
    pub(crate) listen: SocketAddr,
    /// Where `execute_action_alloy` goes
    #[arg(long)]
    pub(crate) platform: SocketAddr,
    /// A folder with the product's own answers, and the platform's to the same execution
    #[arg(long)]
    pub(crate) answers: PathBuf,
}

/// A part of an answer.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Fixed(Vec<u8>),
    Id,
    /// The platform's answer as it came.
    Raw,
    /// The platform's answer inside a JSON string.
    Escaped,
}

struct Floor {
    client: Client<HttpConnector, Full<Bytes>>,
    uri: http::Uri,
    list: Vec<Part>,
    details: Vec<Part>,
    execute: Vec<Part>,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    method: &'a str,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ToolCall<'a> {
    name: &'a str,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Execution<'a> {
    #[serde(borrow)]
    parameters: &'a RawValue,
}

/// Serves until it is stopped.
pub(crate) async fn serve(options: &Options) -> Result<()> {
    let read = |name: &str| {
        let file = options.answers.join(name);
        std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))
    };
    let platform = read("platform")?;
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    #[expect(clippy::disallowed_methods, reason = "the floor is what a bare pooled client costs")]
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let floor = Floor {
        client,
        uri: format!("http://{}/echo", options.platform).parse()?,
        list: parts(&read("list")?, None)?,
        details: parts(&read("details")?, None)?,
        execute: parts(&read("execute")?, Some(&platform))?,
    };
    let routes = Router::new().route("/mcp/{server}/{token}", post(answer)).with_state(Arc::new(floor));
    axum::serve(TcpListener::bind(options.listen).await?, routes).await?;
    Ok(())
}

async fn answer(State(floor): State<Arc<Floor>>, body: Bytes) -> Response {
    match floor.handle(&body).await {
        Ok(bytes) => ([(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error:#}")).into_response(),
    }
}

impl Floor {
    async fn handle(&self, body: &Bytes) -> Result<Vec<u8>> {
        let request: Request<'_> = serde_json::from_slice(body)?;
        if request.method == "tools/list" {
            return Ok(fill(&self.list, request.id, &[]));
        }
        let call: ToolCall<'_> = serde_json::from_str(request.params.context("no params")?.get())?;
        match (request.method, call.name) {
            ("tools/call", "get_action_details_alloy") => Ok(fill(&self.details, request.id, &[])),
            ("tools/call", "execute_action_alloy") => {
                let arguments = call.arguments.context("no arguments")?;
                let Execution { parameters } = serde_json::from_str(arguments.get())?;
                let from_platform = self.post(body.slice_ref(parameters.get().as_bytes())).await?;
                Ok(fill(&self.execute, request.id, &from_platform))
            }
            (method, name) => bail!("unknown: {method} {name}"),
        }
    }

    async fn post(&self, body: Bytes) -> Result<Bytes> {
        let request = http::Request::post(self.uri.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, "Bearer not-a-secret")
            .body(Full::new(body))?;
        let answer = self.client.request(request).await?;
        if !answer.status().is_success() {
            bail!("the platform answered {}", answer.status());
        }
        Ok(answer.into_body().collect().await?.to_bytes())
    }
}

fn fill(parts: &[Part], id: &RawValue, platform: &[u8]) -> Vec<u8> {
    let fixed: usize =
        parts.iter().map(|part| if let Part::Fixed(bytes) = part { bytes.len() } else { 0 }).sum();
    let mut answer = Vec::with_capacity(fixed + platform.len() * 2 + 256);
    for part in parts {
        match part {
            Part::Fixed(bytes) => answer.extend_from_slice(bytes),
            Part::Id => answer.extend_from_slice(id.get().as_bytes()),
            Part::Raw => answer.extend_from_slice(platform),
            Part::Escaped => escape(platform, &mut answer),
        }
    }
    answer
}

/// Into a JSON string, for JSON without control characters.
fn escape(json: &[u8], out: &mut Vec<u8>) {
    for byte in json {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
}

/// Takes a learnt answer apart at its id and, for an execution, where the platform's answer stands in it.
fn parts(learnt: &[u8], platform: Option<&[u8]>) -> Result<Vec<Part>> {
    let mut escaped = Vec::new();
    escape(platform.unwrap_or_default(), &mut escaped);
    let id = format!("\"id\":{FIRST_ID}");
    let id_at = find(learnt, id.as_bytes()).context("no id in the learnt answer")? + "\"id\":".len();
    let mut places = vec![(id_at, FIRST_ID.to_string().len(), Part::Id)];
    if let Some(platform) = platform {
        places.extend(find(learnt, platform).map(|at| (at, platform.len(), Part::Raw)));
        places.extend(find(learnt, &escaped).map(|at| (at, escaped.len(), Part::Escaped)));
        if places.len() == 1 {
            bail!(
                "the product does not hand on the platform's answer as it came: change the floor to wrap likewise"
            );
        }
    }
    places.sort_by_key(|(at, ..)| *at);
    let (mut all, mut from) = (Vec::new(), 0);
    for (at, length, part) in places {
        all.push(Part::Fixed(learnt.get(from..at).context("places overlap")?.to_vec()));
        all.push(part);
        from = at + length;
    }
    all.push(Part::Fixed(learnt.get(from..).unwrap_or_default().to_vec()));
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_made_again_from_its_parts() {
        let platform = br#"{"n":1}"#;
        let learnt =
            br#"{"id":100000,"result":{"text":"{\"result\":{\"n\":1}}","structured":{"result":{"n":1}}}}"#;
        let all = parts(learnt, Some(platform)).unwrap();
        let id = RawValue::from_string("7".to_owned()).unwrap();
        let made = fill(&all, &id, br#"{"n":2}"#);
        let expected =
            br#"{"id":7,"result":{"text":"{\"result\":{\"n\":2}}","structured":{"result":{"n":2}}}}"#;
        assert_eq!(String::from_utf8_lossy(&made), String::from_utf8_lossy(expected));
    }

    #[test]
    fn an_execution_that_does_not_hand_on_the_answer_has_no_floor() {
        assert!(parts(br#"{"id":100000,"result":{}}"#, Some(br#"{"n":1}"#)).is_err());
    }
}
