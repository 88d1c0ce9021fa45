//! The connector engine: a platform's API as data.
//!
//! One definition (YAML or JSON, `docs/reference/definition.md`) gives tools, input schemas, requests, the reading
//! of answers and the search index. This crate is pure: it sends nothing, reads no files, knows no clock and
//! never prints a secret. A call runs through it as
//! [`validate`] → [`request()`] → (the caller sends) → [`answer()`] → [`shape()`].

mod answer;
mod arguments;
mod credential;
mod definition;
mod fixture;
mod index;
mod nearest;
mod paging;
mod request;
#[cfg(test)]
mod samples;
mod scan;
mod schema;
mod shape;
mod verify;

pub use answer::{Answer, Failure, FailureKind, Success, answer};
pub use arguments::{ArgumentProblem, Arguments, validate};
pub use credential::{AuthType, CredentialView};
pub use definition::{
    Action, Apply, ApplyPlace, AuthMethod, ClientAuthentication, Connector, Field, Flow, Hints, OAuth,
    Parameter, Place, Problem, Refresh, Resource,
};
pub use fixture::check_fixture;
pub use index::{Index, Match};
pub use paging::PageToken;
pub use request::{BaseUrl, Request, RequestError, Sent, request};
pub use shape::{Metadata, Next, Offset, Shaped, shape};
pub use verify::{Difference, Differences, Verification, verify};
