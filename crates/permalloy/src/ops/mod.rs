//! What the product does, one file per noun, free of transport: the API, MCP, and the command line all call these.

pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod catalogue;
pub(crate) mod change;
pub(crate) mod credentials;
pub(crate) mod cursor;
pub(crate) mod executions;
pub(crate) mod health;
pub(crate) mod keys;
pub(crate) mod sealing;
pub(crate) mod servers;
pub(crate) mod surface;
pub(crate) mod tokens;
pub(crate) mod upkeep;
pub(crate) mod users;
