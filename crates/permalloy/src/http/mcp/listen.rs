//! Streams that tell a client of changes: `GET` in the earlier eras, `subscriptions/listen` in 2026-07-28. What is
//! told is found by comparison, so nothing has to be remembered about a client between its requests.

use std::{convert::Infallible, sync::Arc, time::Duration};

use ::mcp::{Id, Json, Notice, SubscriptionFilter, sse};
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, Response, Uri, header, request::Parts},
    response::IntoResponse,
};
use futures_util::stream;
use tokio::sync::{mpsc, watch};

use super::{method, prove};
use crate::{
    access::{Client, restrictions::Question},
    app::App,
    error::{Error, Kind},
    ops::surface::digest::Digest,
    scope::Scope,
};

/// Between two comments that keep a quiet stream open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Events that wait for a slow reader.
const WAITING: usize = 64;

/// The sending half of an event stream.
pub(super) struct Events(mpsc::Sender<Bytes>);

/// The reader is gone.
pub(super) struct Gone;

impl Events {
    /// Sends one message.
    pub(super) async fn message(&self, message: &[u8]) -> Result<(), Gone> {
        let mut event = Vec::new();
        sse::write_event(&mut event, message);
        self.0.send(event.into()).await.map_err(|_closed| Gone)
    }

    async fn keep_alive(&self) -> Result<(), Gone> {
        self.0.send(Bytes::from_static(sse::KEEP_ALIVE)).await.map_err(|_closed| Gone)
    }
}

/// A response whose events are sent through [`Events`]; it ends when that is dropped.
pub(super) fn event_stream(waiting: usize) -> (Events, Response<Body>) {
    let (sender, receiver) = mpsc::channel(waiting);
    let events = stream::unfold(receiver, |mut receiver| async move {
        let event: Bytes = receiver.recv().await?;
        Some((Ok::<_, Infallible>(event), receiver))
    });
    let mut response = Response::new(Body::from_stream(events));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    (Events(sender), response)
}

/// What one stream tells.
struct Wish {
    tools: bool,
    prompts: bool,
    resources: bool,
    /// Which resources; nothing means every one.
    updated: Option<Vec<String>>,
    /// The id of the request, as JSON, for the streams of 2026-07-28.
    subscription: Option<String>,
}

/// The proof to repeat at every change, so that a stream ends with the right to it.
struct Proof {
    uri: Uri,
    headers: HeaderMap,
}

/// Whether a stream's client still has the right to it.
enum Right {
    Here(Client),
    Gone,
    /// The database does not answer just now.
    Unknown,
}

/// One open stream.
struct Stream {
    app: Arc<App>,
    scope: Arc<Scope>,
    events: Events,
    proof: Proof,
    wish: Wish,
}

/// `GET` with `Accept: text/event-stream`.
pub(super) async fn legacy(
    app: &Arc<App>,
    scope: &Arc<Scope>,
    client: Client,
    head: &Parts,
) -> Response<Body> {
    let wish = Wish { tools: true, prompts: true, resources: true, updated: None, subscription: None };
    begin(app, scope, client, head, wish, None).await
}

/// `subscriptions/listen`: the first event says what is honoured.
pub(super) async fn stateless(
    app: &Arc<App>,
    scope: &Arc<Scope>,
    client: &Client,
    head: &Parts,
    id: Id<'_>,
    filter: &SubscriptionFilter<'_>,
) -> Response<Body> {
    let mut first = Vec::new();
    Notice::SubscriptionAcknowledged(filter.clone()).encode(&mut first, Some(id));
    let wish = Wish {
        tools: filter.tools_list_changed,
        prompts: filter.prompts_list_changed,
        resources: filter.resources_list_changed,
        updated: Some(filter.resource_subscriptions.iter().map(|uri| uri.clone().into_owned()).collect()),
        subscription: Some(method::owned_id(id)),
    };
    begin(app, scope, client.clone(), head, wish, Some(first)).await
}

async fn begin(
    app: &Arc<App>,
    scope: &Arc<Scope>,
    client: Client,
    head: &Parts,
    wish: Wish,
    first: Option<Vec<u8>>,
) -> Response<Body> {
    let changes = app.lookup.changes();
    let Ok(place) = Arc::clone(&app.streams).try_acquire_owned() else {
        return Error::plain(Kind::Unavailable, "Too many streams are open; try again later").into_response();
    };
    let digest = match Digest::of(app, &client).await {
        Ok(digest) => digest,
        Err(error) => return error.into_response(),
    };
    let (events, response) = event_stream(WAITING);
    let proof = Proof { uri: head.uri.clone(), headers: head.headers.clone() };
    let stream = Stream { app: Arc::clone(app), scope: Arc::clone(scope), events, proof, wish };
    app.tasks.spawn(async move {
        let _place = place;
        // Either side may end a stream; there is nothing to clean up.
        if let Err(Gone) = stream.run(first, changes, digest).await {
            tracing::debug!(request.id = stream.scope.request_id, "the reader of a stream is gone");
        }
    });
    response
}

impl Stream {
    async fn run(
        &self,
        first: Option<Vec<u8>>,
        mut changes: watch::Receiver<u64>,
        mut known: Digest,
    ) -> Result<(), Gone> {
        if let Some(first) = first {
            self.events.message(&first).await?;
        }
        loop {
            tokio::select! {
                () = self.app.tasks.stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(KEEP_ALIVE) => {
                    if matches!(self.client().await, Right::Gone) {
                        return Ok(());
                    }
                    self.events.keep_alive().await?;
                }
                change = changes.changed() => {
                    if change.is_err() {
                        return Ok(());
                    }
                    let client = match self.client().await {
                        Right::Here(client) => client,
                        Right::Gone => return Ok(()),
                        Right::Unknown => continue,
                    };
                    // A database that is away for a moment is asked again at the next change.
                    let Ok(now) = Digest::of(&self.app, &client).await else { continue };
                    self.tell(&known, &now).await?;
                    known = now;
                }
            }
        }
    }

    /// The client, as long as it may listen.
    async fn client(&self) -> Right {
        match prove(&self.app, &self.scope, &self.proof.uri, &self.proof.headers).await {
            Ok(client) if client.decide(Question::User(&client.user_id)).is_ok() => Right::Here(client),
            Err(refusal) if refusal.status().is_server_error() => Right::Unknown,
            Ok(_) | Err(_) => Right::Gone,
        }
    }

    async fn tell(&self, known: &Digest, now: &Digest) -> Result<(), Gone> {
        for notice in notices(known, now, &self.wish) {
            let mut message = Vec::new();
            let id = self.wish.subscription.as_deref().and_then(Json::check).and_then(Id::parse);
            notice.encode(&mut message, id);
            self.events.message(&message).await?;
        }
        Ok(())
    }
}

fn notices<'a>(known: &Digest, now: &'a Digest, wish: &Wish) -> Vec<Notice<'a>> {
    let mut notices = Vec::new();
    if wish.tools && known.tools != now.tools {
        notices.push(Notice::ToolsListChanged);
    }
    if wish.prompts && known.prompts != now.prompts {
        notices.push(Notice::PromptsListChanged);
    }
    if wish.resources && known.resources != now.resources {
        notices.push(Notice::ResourcesListChanged);
    }
    for (uri, digest) in &now.contents {
        let wanted = wish.updated.as_ref().is_none_or(|uris| uris.contains(uri));
        let changed = known.contents.get(uri).is_some_and(|before| before != digest);
        if wanted && changed {
            notices.push(Notice::ResourceUpdated { uri: uri.as_str().into() });
        }
    }
    notices
}
