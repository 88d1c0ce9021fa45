//! Who calls, and what they may do. Authority is a type: [`Member`], [`Admin`] and [`Client`] are made here only,
//! after the check, so an operation that takes one cannot be reached without it.

mod bearer;
mod caller;
mod client;
pub(crate) mod hosts;
pub(crate) mod lookup;
pub(crate) mod rate;
pub(crate) mod restrictions;
pub(crate) mod secrets;

pub(crate) use caller::{Admin, Member, check_user_id, host};
pub(crate) use client::{Client, Credentials, Server, Via};
