//! A long call with a progress token: answered as plain JSON if it is quick, as an event stream that tells how far
//! it is if not.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ::mcp::{Answer, Era, Id, Json, Method, Notice, Progress, Request, ToolCall};
use axum::{
    body::{Body, Bytes},
    http::{Response, StatusCode},
};

use super::{json_message, listen, method, refused};
use crate::{
    access::Client,
    app::App,
    error::Error,
    ops::surface::{self, Called},
    scope::Scope,
};

/// A call that takes longer becomes a stream.
const QUICK: Duration = Duration::from_millis(1_500);
/// Between two notices.
const EVERY: Duration = Duration::from_secs(2);
/// Notices that wait for a slow reader.
const WAITING: usize = 16;

/// What the stream needs of the request after its body is gone.
struct Kept {
    id: String,
    era: Era,
    token: String,
}

/// Runs a call that wants to be told of progress.
pub(super) async fn answer(
    app: &Arc<App>,
    scope: &Arc<Scope>,
    client: &Client,
    body: &Bytes,
    request: &Request<'_>,
    (call, token): (&ToolCall<'_>, Json<'_>),
) -> Response<Body> {
    let (app_, scope_, client_) = (Arc::clone(app), Arc::clone(scope), client.clone());
    let (name, body) = (call.name.clone().into_owned(), body.clone());
    let arguments = call.arguments.map(|json| body.slice_ref(json.as_str().as_bytes()));
    // On its own task: the call goes on, and is recorded, whatever becomes of the connection.
    let (done, mut finished) = tokio::sync::oneshot::channel();
    app.tasks.spawn(async move {
        let arguments =
            arguments.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok()).and_then(Json::check);
        let outcome = surface::tools::call(&app_, &client_, &scope_, &name, arguments).await;
        // Nobody waits any more: the outcome is in the record.
        done.send(outcome).unwrap_or_else(drop);
    });
    let outcome = tokio::select! {
        outcome = &mut finished => outcome,
        () = tokio::time::sleep(QUICK) => {
            let kept = Kept { id: method::owned_id(request.id), era: request.era, token: token.as_str().to_owned() };
            return stream(app, scope, client, kept, finished);
        }
    };
    match outcome.unwrap_or_else(|gone| Err(Error::internal(gone))) {
        Ok(called) => {
            let mut out = Vec::new();
            let info = surface::about::server_info(client);
            method::write_called(&mut out, &Answer::to(request, Some(info)), &called);
            json_message(StatusCode::OK, out)
        }
        Err(error) => refused(&method::refusal_of(&error, request, scope)),
    }
}

fn stream(
    app: &Arc<App>,
    scope: &Arc<Scope>,
    client: &Client,
    kept: Kept,
    mut finished: tokio::sync::oneshot::Receiver<Result<Called, Error>>,
) -> Response<Body> {
    let (events, response) = listen::event_stream(WAITING);
    let (scope, client, begin) = (Arc::clone(scope), client.clone(), Instant::now());
    app.tasks.spawn(async move {
        let outcome = loop {
            tokio::select! {
                outcome = &mut finished => break outcome,
                () = tokio::time::sleep(EVERY) => {
                    let mut notice = Vec::new();
                    progress(&kept, begin.elapsed() + QUICK).encode(&mut notice, None);
                    if events.message(&notice).await.is_err() {
                        return;
                    }
                }
            }
        };
        let (Some(id), outcome) = (Json::check(&kept.id).and_then(Id::parse), outcome) else { return };
        let request = Request { id, era: kept.era, meta: ::mcp::Meta::default(), method: Method::Ping };
        let mut out = Vec::new();
        match outcome.unwrap_or_else(|gone| Err(Error::internal(gone))) {
            Ok(called) => {
                let info = surface::about::server_info(&client);
                method::write_called(&mut out, &Answer::to(&request, Some(info)), &called);
            }
            Err(error) => method::refusal_of(&error, &request, &scope).encode(&mut out),
        }
        // A client that went away has nothing to be told.
        events.message(&out).await.unwrap_or_default();
    });
    response
}

fn progress(kept: &Kept, elapsed: Duration) -> Notice<'_> {
    let token = Json::check(&kept.token).unwrap_or_else(|| Json::check("0").expect("a number is JSON"));
    Notice::Progress(Progress {
        token,
        progress: elapsed.as_secs_f64(),
        total: None,
        message: Some("Waiting for the platform".into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_grows_with_the_time_waited() {
        let kept = Kept { id: "1".into(), era: Era::Stateless, token: "\"t\"".into() };
        let mut out = Vec::new();
        progress(&kept, Duration::from_secs(4)).encode(&mut out, None);
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("\"progressToken\":\"t\"") && text.contains("\"progress\":4"), "{text}");
    }
}
