//! One run from the arguments to its recorded outcome, owning all it needs, so that it can go on by itself.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use connector::{
    Answer, Arguments, FailureKind, Metadata, Next, Offset, PageToken, Request, RequestError, Sent, Shaped,
    Success, answer, request, shape, validate,
};
use serde::Serialize;
use serde_json::value::RawValue;
use store::ExecutionRecord;

use super::{
    Acting, ExecuteRequest, Executed, Failed, MAX_TIMEOUT, MIN_TIMEOUT,
    credential::{self, Chosen},
    idempotency::{self, Asked, Held, Settlement},
    kept::{self, Kept, Origin, Place},
    record,
};
use crate::{
    access::lookup::Used,
    app::{App, Tasks},
    error::{Error, Kind},
    ops::catalogue::Found,
    outbound::{self, failure},
    telemetry::metrics::{OutboundOutcome, Outcome},
};

/// The largest answer of a platform that is read, in bytes (contract: 10 MiB).
const MAX_ANSWER_BYTES: usize = 10 * 1024 * 1024;

type Ended = Result<Executed, Failed>;

/// A run on its way. Dropped after its opening record was written, it goes on beside the requests; dropped
/// before, it never happened.
pub(super) struct Flight {
    run: Option<Pin<Box<dyn Future<Output = Ended> + Send>>>,
    opened: Arc<AtomicBool>,
    tasks: Tasks,
}

impl Flight {
    pub(super) fn new(
        tasks: Tasks,
        opened: Arc<AtomicBool>,
        run: impl Future<Output = Ended> + Send + 'static,
    ) -> Self {
        Self { run: Some(Box::pin(run)), opened, tasks }
    }
}

impl Future for Flight {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended> {
        let run = self.run.as_mut().expect("a future is not polled after its end");
        let ended = run.as_mut().poll(context);
        if ended.is_ready() {
            self.run = None;
        }
        ended
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let Some(run) = self.run.take() else { return };
        if self.opened.load(Ordering::Relaxed) && tokio::runtime::Handle::try_current().is_ok() {
            self.tasks.spawn(async move { drop(run.await) });
        }
    }
}

/// What is to be run, owned.
pub(super) struct Call {
    app: Arc<App>,
    by: Acting,
    found: Found,
    parameters: Box<RawValue>,
    credential_id: Option<String>,
    timeout: Duration,
    idempotency_key: Option<Arc<str>>,
    cursor: Option<String>,
    opened: Arc<AtomicBool>,
}

/// What the request is made of, beside the call.
struct Prepared<'a> {
    arguments: Arguments<'a>,
    chosen: Option<Chosen>,
    request: Request,
}

/// What came back, before it is cut to size.
struct Returned {
    outcome: Ended,
    attempts: u32,
    response_bytes: usize,
    /// Certainly nothing has happened at the platform.
    nothing_done: bool,
    /// For the record, where bodies are kept.
    body: Option<Arc<str>>,
}

/// The contract's `metadata`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MetadataView<'a> {
    #[serde(flatten)]
    metadata: &'a Metadata,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl Call {
    /// Looks the action up and asks the restrictions.
    pub(super) fn new(
        app: &Arc<App>,
        by: &Acting,
        request: ExecuteRequest<'_>,
        opened: Arc<AtomicBool>,
    ) -> Result<Self, Failed> {
        let found = app.catalogue.find_action(by.sight(), request.connector_id, request.action_id)?;
        if !(MIN_TIMEOUT..=MAX_TIMEOUT).contains(&request.timeout) {
            return Err(Error::invalid_field("timeout", "expected 1000 to 300000 milliseconds").into());
        }
        let key = request.idempotency_key;
        if key.is_some_and(|key| !idempotency::is_key(key)) {
            let problem = "expected 1 to 255 characters, none of them a control character";
            return Err(Error::invalid_field("idempotencyKey", problem).into());
        }
        let parameters = match request.parameters {
            Some(parameters) => parameters.to_owned(),
            None => RawValue::from_string("{}".to_owned()).map_err(Error::internal)?,
        };
        Ok(Self {
            app: Arc::clone(app),
            by: by.clone(),
            found,
            parameters,
            credential_id: request.credential_id.map(str::to_owned),
            timeout: request.timeout,
            idempotency_key: key.map(Arc::from),
            cursor: request.cursor.map(str::to_owned),
            opened,
        })
    }

    /// From the arguments to the recorded outcome.
    pub(super) async fn run(mut self) -> Ended {
        let started = Instant::now();
        let Some(cursor) = self.cursor.take() else { return self.perform(None, started).await };
        let (result_id, place) =
            kept::find(&self.app, &self.by, &self.found, &cursor, &self.parameters).await?;
        match place {
            Place::Inside(kept, offset) => self.go_on(&result_id, &kept, offset),
            Place::Platform(kept, page) => {
                self.parameters = kept.parameters;
                self.credential_id = self.credential_id.or(kept.credential_id);
                self.perform(Some(page), started).await
            }
        }
    }

    /// The next part of a kept result. Nothing is sent, so there is no new record.
    fn go_on(&self, result_id: &str, kept: &Kept, offset: Offset) -> Ended {
        let action = self.found.action();
        let arguments =
            validate(action, &kept.parameters).map_err(|problems| Failed::arguments(&problems))?;
        let success = kept.success();
        let shaped = shape(action, &arguments, &success, offset);
        let cursor = kept::after(result_id, &shaped.next);
        let json = written(&kept.execution_id, &shaped, cursor.as_deref())?;
        Ok(Executed { upstream_status: kept.upstream_status, json })
    }

    /// A run that sends.
    async fn perform(&self, page: Option<PageToken>, started: Instant) -> Ended {
        let prepared = match self.prepare(page.as_ref()).await {
            Ok(prepared) => prepared,
            Err(failed) => return self.refused(failed, started),
        };
        let credential_id = prepared.chosen.as_ref().map(|chosen| chosen.row.credential_id.as_str());
        let now = self.app.clock.now();
        let mut record = record::open(&self.by, &self.found, credential_id, now);
        record.request_bytes = signed(prepared.request.body.len());
        record.idempotency_key.clone_from(&self.idempotency_key);
        if self.keeps_bodies() {
            record.arguments = record::body(self.parameters.get());
        }
        // From here on there are traces, so the run is carried to its end.
        self.opened.store(true, Ordering::Relaxed);
        if let Some(key) = &self.idempotency_key {
            let asked = Asked { parameters: self.parameters.get(), page: page.as_ref() };
            match idempotency::claim(&self.app, &self.by, &self.found, key, asked, &record.execution_id).await
            {
                Ok(Held::Ours) => {}
                Ok(Held::Done(first)) => {
                    self.app.telemetry.metrics.execution(Outcome::Repeated, started.elapsed());
                    return *first;
                }
                Err(failed) => return self.refused(failed, started),
            }
        }
        let ended = self.send(prepared, record).await;
        let outcome = if ended.is_ok() { Outcome::Succeeded } else { Outcome::Failed };
        self.app.telemetry.metrics.execution(outcome, started.elapsed());
        ended
    }

    fn refused(&self, failed: Failed, started: Instant) -> Ended {
        self.app.telemetry.metrics.execution(Outcome::Refused, started.elapsed());
        Err(failed)
    }

    /// Checks the arguments, chooses the credential and builds the request with it.
    async fn prepare(&self, page: Option<&PageToken>) -> Result<Prepared<'_>, Failed> {
        let (entry, action) = (&self.found.entry, self.found.action());
        let arguments =
            validate(action, &self.parameters).map_err(|problems| Failed::arguments(&problems))?;
        let chosen = credential::choose(&self.app, &self.by, entry, self.credential_id.as_deref()).await?;
        let base_url = entry.base_url.as_ref();
        let request = match &chosen {
            None => request(&entry.connector, action, &arguments, None, base_url, page),
            Some(chosen) => {
                let build = |view: &connector::CredentialView<'_>| {
                    request(&entry.connector, action, &arguments, Some(view), base_url, page)
                };
                chosen.open(&self.app, &self.by, build).await?
            }
        };
        let request = request.map_err(|error| self.unbuildable(&error))?;
        Ok(Prepared { arguments, chosen, request })
    }

    fn unbuildable(&self, error: &RequestError) -> Failed {
        let entry = &self.found.entry;
        match error {
            RequestError::Argument { parameter, reason } => {
                Error::invalid_field(format!("parameters.{parameter}"), *reason).into()
            }
            RequestError::Credential | RequestError::CredentialField { .. } => Failed::no_credential(
                format!("No request can be made: {error}"),
                &entry.id,
                &entry.authentication_types(),
            ),
            RequestError::BaseUrl { .. } | RequestError::Address { .. } => {
                Error::invalid_field("parameters", format!("no request can be made: {error}")).into()
            }
            RequestError::Page { .. } => Error::invalid_field("cursor", error.to_string()).into(),
        }
    }

    /// Opens the record, sends, reads, and closes the record.
    async fn send(&self, prepared: Prepared<'_>, record: ExecutionRecord) -> Ended {
        let Prepared { arguments, request, .. } = prepared;
        if let Err(error) = self.app.log.record(record.clone()).await {
            self.give_key_back(&record).await;
            return Err(error.into());
        }
        if let Some(credential_id) = &record.credential_id {
            self.app.lookup.used(Used::Credential, &self.by.account_id, credential_id, record.started_at);
        }
        let Request { method, url, headers, body, sent } = request;
        let call = outbound::Call {
            method,
            url,
            headers,
            body: Bytes::from(body),
            timeout: self.timeout,
            idempotent: idempotency::is_repeatable(&self.found),
            max_response_bytes: MAX_ANSWER_BYTES,
        };
        let began = Instant::now();
        let answered = self.app.outbound.send(call).await;
        self.count(&answered, began.elapsed());
        let returned = match answered {
            Ok(response) => self.read(&record, &arguments, sent, &response).await,
            Err(failure) => self.unanswered(failure),
        };
        self.finish(record, returned).await
    }

    /// What the platform's answer means, cut to size.
    async fn read(
        &self,
        record: &ExecutionRecord,
        arguments: &Arguments<'_>,
        sent: Sent,
        response: &outbound::Response,
    ) -> Returned {
        let action = self.found.action();
        let status = response.status.as_u16();
        let mut returned = Returned {
            outcome: Err(Error::plain(Kind::Internal, "Internal error").into()),
            attempts: response.attempts,
            response_bytes: response.body.len(),
            nothing_done: false,
            body: None,
        };
        match answer(action, sent, status, &response.headers, &response.body) {
            Answer::Success(success) => {
                if self.keeps_bodies() {
                    returned.body = record::body(&success.result);
                }
                returned.outcome = self.shaped(record, arguments, &success, status).await;
            }
            Answer::Failure(failure) => {
                // The platform did not take the request at all: the same key may try again later.
                returned.nothing_done = failure.kind == FailureKind::RateLimited;
                returned.outcome = Err(Failed::platform(failure));
            }
        }
        returned
    }

    async fn shaped(
        &self,
        record: &ExecutionRecord,
        arguments: &Arguments<'_>,
        success: &Success<'_>,
        upstream_status: u16,
    ) -> Ended {
        let shaped = shape(self.found.action(), arguments, success, Offset::default());
        let cursor = if shaped.next == Next::End {
            None
        } else {
            let origin = Origin {
                execution_id: &record.execution_id,
                upstream_status,
                credential_id: record.credential_id.as_deref(),
                parameters: &self.parameters,
            };
            kept::keep(&self.app, &self.by, &self.found, origin, success, &shaped.next).await?
        };
        let json = written(&record.execution_id, &shaped, cursor.as_deref())?;
        Ok(Executed { upstream_status, json })
    }

    fn unanswered(&self, failure: failure::Failure) -> Returned {
        let repeatable = idempotency::is_repeatable(&self.found);
        Returned {
            outcome: Err(Failed::outbound(failure, repeatable)),
            attempts: failure.attempts,
            response_bytes: 0,
            nothing_done: !failure.reached || repeatable,
            body: None,
        }
    }

    /// Leaves the outcome with the idempotency key, and writes it into the record.
    async fn finish(&self, mut record: ExecutionRecord, mut returned: Returned) -> Ended {
        record.attempts = returned.attempts.into();
        record.response_bytes = signed(returned.response_bytes);
        record.result = returned.body.take();
        record::close(&mut record, &returned.outcome, self.app.clock.now());
        if let Some(key) = &self.idempotency_key {
            self.settle(key, &record.execution_id, &returned).await;
        }
        if let Err(error) = self.app.log.record(record).await {
            let message =
                "The platform was called, but its outcome could not be recorded; check before repeating";
            return Err(Error::plain(Kind::Internal, message).because(error).into());
        }
        returned.outcome
    }

    /// Leaves the outcome with the key. If the database is gone, repeats are refused until it is back and has it.
    async fn settle(&self, key: &Arc<str>, execution_id: &Arc<str>, returned: &Returned) {
        let settlement = match Settlement::new(&returned.outcome, returned.nothing_done) {
            Ok(settlement) => settlement,
            Err(error) => {
                return tracing::error!(execution.id = &**execution_id, ?error, "an outcome cannot be kept");
            }
        };
        let scope = idempotency::scope(&self.by, &self.found, key);
        match settlement.write(&self.by.account, scope, execution_id).await {
            Ok(()) => {}
            Err(error) if error.is_unavailable() => {
                let (app, by, found) = (Arc::clone(&self.app), self.by.clone(), self.found.clone());
                let (key, execution_id) = (Arc::clone(key), Arc::clone(execution_id));
                self.app.tasks.spawn(async move {
                    let scope = idempotency::scope(&by, &found, &key);
                    settlement.write_later(&app, &by.account, scope, &execution_id).await;
                });
            }
            Err(error) => {
                tracing::error!(execution.id = &**execution_id, %error, "an idempotency key was not completed");
            }
        }
    }

    async fn give_key_back(&self, record: &ExecutionRecord) {
        let Some(key) = &self.idempotency_key else { return };
        let scope = idempotency::scope(&self.by, &self.found, key);
        if let Err(error) = self.by.account.release_idempotency_key(scope, &record.execution_id).await {
            tracing::error!(execution.id = &*record.execution_id, error = %error, "an idempotency key was not released");
        }
    }

    fn count(&self, answered: &Result<outbound::Response, failure::Failure>, took: Duration) {
        let (outcome, attempts) = match answered {
            Ok(response) => (OutboundOutcome::Answered, response.attempts),
            Err(failure) => (
                match failure.kind {
                    failure::Kind::Timeout => OutboundOutcome::Timeout,
                    failure::Kind::Refused => OutboundOutcome::Refused,
                    failure::Kind::InvalidUrl
                    | failure::Kind::Connect
                    | failure::Kind::Tls
                    | failure::Kind::TooLarge
                    | failure::Kind::Redirect
                    | failure::Kind::Closed
                    | failure::Kind::Protocol => OutboundOutcome::Failed,
                },
                failure.attempts,
            ),
        };
        self.app.telemetry.metrics.outbound_call(outcome, attempts, took);
    }

    fn keeps_bodies(&self) -> bool {
        self.app.config.retention.keep_bodies
    }
}

/// The structured result as text; the platform's result is copied once, here.
fn written(execution_id: &str, shaped: &Shaped<'_>, cursor: Option<&str>) -> Result<String, Failed> {
    let mut json = String::with_capacity(shaped.result.len() + 192);
    json.push_str("{\"success\":true,\"executionId\":\"");
    json.push_str(execution_id);
    json.push_str("\",\"result\":");
    json.push_str(&shaped.result);
    if let Some(metadata) = &shaped.metadata {
        let view = MetadataView { metadata, next_cursor: cursor, message: message(shaped, cursor.is_some()) };
        json.push_str(",\"metadata\":");
        json.push_str(&serde_json::to_string(&view).map_err(Error::internal)?);
    }
    json.push('}');
    Ok(json)
}

/// How to see the rest, and how to need less of it.
fn message(shaped: &Shaped<'_>, has_more: bool) -> Option<String> {
    let more = has_more.then_some("There is more: repeat the call with cursor set to nextCursor.");
    match (more, shaped.hint.as_deref()) {
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (Some(more), Some(hint)) => Some(format!("{more} {hint}")),
    }
}

fn signed(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
